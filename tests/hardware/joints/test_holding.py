"""Taking over joints: the torque stays what it was, and a robot that stands goes on standing."""

import math

import numpy as np
import pytest

from hardware.dds.command import CommandSource
from hardware.dds.profiles import G1
from hardware.joints.holding import holding_targets
from hardware.virtual.humanoid.robot import VirtualHumanoid
from sim.registry import load_robot

JOINTS = load_robot("g1").parameters()


def test_the_targets_give_the_torque_there_is():
    rng = np.random.default_rng(0)
    position, torque, kp = rng.normal(size=9), rng.normal(0.0, 20.0, 9), rng.uniform(10.0, 400.0, 9)
    np.testing.assert_allclose(kp * (holding_targets(position, torque, kp) - position), torque)


def test_a_joint_whose_torque_is_not_known_is_held_where_it_is():
    targets = holding_targets([0.1, 0.2, 0.3], [math.nan, math.inf, 30.0], [300.0] * 3)
    np.testing.assert_allclose(targets, [0.1, 0.2, 0.4])


@pytest.mark.parametrize("leaning", [True, False])
def test_a_standing_humanoid_that_is_taken_over_goes_on_standing(leaning):
    """Held at its measured angles instead (``leaning`` false) the same robot topples, further at every take-over."""
    robot = VirtualHumanoid()
    commands = CommandSource(G1)
    commands.configure(JOINTS, machine_type=5)
    robot.advance(2000)
    robot.service.name = ""  # its own controller lets go
    for _ in range(3):
        motors = robot.take_states()[-1].record["motor_state"][:29]
        torque = motors["tau_est"] if leaning else np.zeros(29)
        commands.arm(commands.holding(motors["q"], torque).tolist(), 0)
        for _ in range(750):
            robot.receive(commands.next_frame(0), writer=1)
            robot.advance(2)
    assert robot.events.counters["commands"] == 2250
    assert (math.degrees(robot.body.tilt_rad) < 1.0) is leaning


def test_a_torque_that_no_motor_gives_moves_no_joint_further_than_its_motor_could():
    commands = CommandSource(G1)
    commands.configure(JOINTS, machine_type=5)
    targets = commands.holding(np.zeros(29), np.full(29, 1e9))
    np.testing.assert_allclose(targets * np.asarray(JOINTS.kp), JOINTS.effort_n_m)
