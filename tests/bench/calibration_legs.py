"""The loop closed on a worn quadruped: swing its joints, identify them, fine-tune the zoo's policy, walk on the robot.

Its motors are a fifth weaker than drawn, its gears three times as rough, its bus 10 ms slower: outside of what the
zoo's policy was trained for. It swings on a stand through the ordinary loop and supervisor; what the fit says goes into
a file, ``train --calibration --start-from`` takes that, and both policies walk on the true robot, which no part of the
training has seen, in the same episodes: pushes, sensors' noise, ground and load as the task draws them.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.zoo import ZOO

ROBOT, START, TASK, SEED = "go1", "velocity_go1", "velocity", 7
SECONDS = 40.0
"""Of swinging."""
ITERATIONS, FIRST_STD, RATE = 100, 0.2, 3e-4
"""Of the fine-tuning; the zoo's policy took 1,200 iterations from random weights."""
EPISODES, EPISODE_SEED = 100, 1000


def measure(repeats: int = 1, iterations: int = ITERATIONS) -> dict[str, Any]:
    """Return the figures ``legs_loop.*``.

    Args:
        repeats: ignored: it takes minutes.
        iterations: of the fine-tuning.
    """
    from hardware.virtual.joints.hidden import hidden_dynamics
    from policies.bundle import load_bundle
    from policies.export_onnx import rebuild_torch
    from policies.torch_policy import TorchPolicy
    from sim.envs.legged import load_legged_task
    from sim.identified_joints import around_joints

    truth = hidden_dynamics(ROBOT, "policy", SEED, worn=True)
    task = load_legged_task(TASK, ROBOT)
    real = around_joints(task, exactly(truth))
    began = time.process_time()
    known, errors = _identified(truth)
    fitted = time.process_time()
    tuned = _tuned(around_joints(task, known), iterations)
    spent = time.process_time()
    before = _walk(TorchPolicy(rebuild_torch(load_bundle(ZOO / START))), real)
    after = _walk(tuned, real)
    return {
        "legs_loop.errors": errors,
        "legs_loop.episodes": EPISODES,
        "legs_loop.falls_before": before["falls"],
        "legs_loop.falls": after["falls"],
        "legs_loop.velocity_error_before": before["velocity_error_m_s"],
        "legs_loop.velocity_error": after["velocity_error_m_s"],
        "legs_loop.yaw_rate_error_before": before["yaw_rate_error_rad_s"],
        "legs_loop.yaw_rate_error": after["yaw_rate_error_rad_s"],
        "legs_loop.identify_cpu_s": fitted - began,
        "legs_loop.train_cpu_s": spent - fitted,
    }


def exactly(truth: Any) -> Any:
    """Return the file of a robot that is known for sure."""
    from sim.bodies.dynamics import QUANTITIES, UNITS
    from sim.identified import IdentifiedRobot
    from sim.registry import load_robot

    joints = load_robot(ROBOT).joint_names
    values = truth.stacked.reshape(-1)
    return IdentifiedRobot(
        "truth", ROBOT, "policy",
        tuple(f"{quantity}.{joint}" for quantity in QUANTITIES for joint in joints),
        tuple(UNITS[quantity] for quantity in QUANTITIES for _ in joints),
        values, np.diag((1e-7 * np.abs(values) + 1e-12) ** 2),
    )  # fmt: skip


def _identified(truth: Any) -> tuple[Any, dict[str, float]]:
    """Swing the robot's joints, and return what ``calibrate fit`` says of them, with its worst errors."""
    from calibration.joints.collect import collect_joints, planned
    from calibration.joints.identify import identify_joints
    from calibration.recording.read import read_recording
    from calibration.units_folder import identified
    from sim.registry import load_robot
    from tests.bench.quadruped import errors

    robot = load_robot(ROBOT)
    parameters = robot.parameters("policy")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "joints.mcap"
        uri = f"sim://{ROBOT}?held=1&hidden={SEED}&worn=1"
        collect_joints(robot, parameters, uri, log, planned(parameters, SECONDS, "both", 0, 1.0), serial="worn")
        recording = read_recording(log)
    found = identify_joints(recording, parameters)
    return identified(found.estimate, [recording], "worn", parameters.name), errors(found, truth)


def _tuned(task: Any, iterations: int) -> Any:
    from policies.learners.legged.settings import LeggedTrainConfig
    from policies.legged_run import LeggedJob, LeggedRun
    from policies.torch_policy import TorchPolicy

    usual = LeggedTrainConfig()
    ppo = dataclasses.replace(usual.ppo, first_std=FIRST_STD, learning_rate=RATE)
    config = dataclasses.replace(usual, iterations=iterations, evaluations=2, judge_episodes=0, ppo=ppo)
    with tempfile.TemporaryDirectory() as folder:
        run = LeggedRun(LeggedJob(task, SEED, config), Path(folder), start_from=ZOO / START)
        run.train(lambda *_: None)
    return TorchPolicy(run.actor)


def _walk(policy: Any, real: Any) -> dict[str, Any]:
    from policies.legged_evaluation import judge

    return judge(policy, real, EPISODES, EPISODE_SEED).summary()
