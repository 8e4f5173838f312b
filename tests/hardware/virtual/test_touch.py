"""The virtual touch sensor: the forces it reports are those that move the object, from MuJoCo's own instruments."""

import numpy as np
import pytest

from hardware.virtual.faults import Fault
from hardware.virtual.touch.faults import CameraFaults
from hardware.virtual.touch.path import CYCLE_S, LOADS_N, PHASES_S, HandCommand, HandPath
from hardware.virtual.touch.sensor import VirtualTouch
from sim.errors import ConfigError
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import load_pad

MINI = load_pad("gelsight_mini")


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("load", [0.5, 4.9])
def test_a_known_load_is_what_the_pad_feels(name, load):
    """0.5 to 4.9 N are weights of 50 to 500 g."""
    touch = VirtualTouch(MINI, name)
    touch.advance(600, HandCommand("test", load, 0.0, 0.0, 0.0))
    assert touch.touch().total_force[2] == pytest.approx(-load, rel=0.01)


@pytest.mark.parametrize("name", ["ball", "pen"])
def test_force_and_torque_are_the_load_cell_s_also_in_motion(name):
    """The field's wrench goes to the object and back to the mount: MuJoCo adds up the same numbers."""
    touch = VirtualTouch(MINI, name, seed=4)
    most = 0.0
    for _ in range(24):
        touch.advance(100)
        expected_force, expected_torque = touch.touch().total_force, touch.touch().total_torque
        touch.advance(1)
        force, torque = touch.load_cell()
        assert force == pytest.approx(expected_force, abs=1e-5)
        assert torque == pytest.approx(expected_torque, abs=1e-6)
        most = max(most, np.abs(force[:2]).max())
    assert most > 0.1


def test_the_held_shear_is_the_hand_s_force():
    """A static grasp: the hand pulls sideways, nothing moves, and the pad feels the pull."""
    touch = VirtualTouch(MINI, "brick")
    touch.advance(500, HandCommand("test", 4.0, 0.0, 0.0, 0.0))
    touch.advance(700, HandCommand("test", 4.0, 0.6e-3, 0.0, 0.0))
    assert np.abs(touch.data.qvel).max() < 1e-5
    pull = touch.data.actuator("x").force[0]
    assert pull > 0.8
    assert touch.touch().total_force[0] == pytest.approx(pull, rel=0.01)


def test_it_slips_when_the_pull_is_more_than_friction_holds():
    touch = VirtualTouch(MINI, "brick")
    touch.advance(500, HandCommand("test", 1.0, 0.0, 0.0, 0.0))
    touch.advance(1000, HandCommand("test", 1.0, 3e-3, 0.0, 0.0))
    force = touch.touch().total_force
    assert np.hypot(*force[:2]) <= MINI.gel.friction * -force[2] * 1.05
    assert touch.position[0] > 2e-3


def test_the_same_seed_touches_the_same():
    def run(seed):
        touch = VirtualTouch(load_pad("digit"), "peg", seed=seed)
        touch.advance(800)
        return touch.touch().force, touch.image()

    first, again, other = run(1), run(1), run(2)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_pictures_show_the_touch_and_have_a_camera_s_noise():
    touch = VirtualTouch(MINI, "ball")
    untouched = touch.untouched().astype(float)
    lifted = touch.image().astype(float) - untouched
    assert lifted.std() == pytest.approx(1.0, abs=0.3)
    assert not np.array_equal(touch.image(), touch.image())
    touch.advance(1300)
    assert np.abs(touch.image() - untouched).max() > 25.0


def test_the_hand_goes_through_its_phases_without_jumps():
    path = HandPath(seed=3)
    assert path.at(0.1).phase == "lifted"
    phases, previous = [], path.at(0.0)
    for time_s in np.arange(0.0, 3 * CYCLE_S, 1e-3):
        command = path.at(float(time_s))
        if not phases or phases[-1] != command.phase:
            phases.append(command.phase)
        if command.phase != "lifted":
            assert 0.0 <= command.press_n <= LOADS_N[1]
            if previous.phase != "lifted":
                assert abs(command.x_m - previous.x_m) < 2e-5
                assert abs(command.yaw_rad - previous.yaw_rad) < 2e-3
        previous = command
    assert phases[: len(PHASES_S)] == list(PHASES_S)


def test_camera_faults_come_and_go():
    faults = CameraFaults([Fault("black", start_s=1.0, duration_s=1.0), Fault("small", start_s=3.0, duration_s=1.0)])
    frozen = CameraFaults([Fault("frozen", start_s=1.0)])
    silent = CameraFaults([Fault("stalled", start_s=1.0)])
    pictures = [np.full((4, 6, 3), 100 + n, np.uint8) for n in range(5)]
    assert [int(faults.spoil(p, t).max()) for t, p in enumerate(pictures)] == [100, 0, 102, 103, 104]
    assert faults.spoil(pictures[0], 3.5).shape == (2, 3, 3)
    assert [int(frozen.spoil(p, t).max()) for t, p in enumerate(pictures)] == [100, 100, 100, 100, 100]
    assert silent.spoil(pictures[0], 0.0) is not None
    assert silent.spoil(pictures[0], 1.0) is None


def test_unknown_objects_and_pads_without_pictures_are_refused():
    with pytest.raises(ConfigError, match="did you mean 'ball'"):
        VirtualTouch(MINI, "bal")
    array = VirtualTouch(load_pad("taxel_array"), "ball")
    with pytest.raises(ConfigError, match="no camera"):
        array.image()
