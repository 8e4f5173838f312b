"""The flight kernel against the published simulator, in one process and on one thread.

The PyPI package ``l2f`` (2.0.18, the simulator of "Learning to Fly in Seconds" behind Python bindings) flies
its Crazyflie, ours the same one (parameter set ``l2f_v2``), 1024 at a time, both called from Python as their
users call them. A step of either is one control period of 10 ms of one drone: rotor lag with separate rise and
fall, quadratic thrust curve, constant force and torque, RK4 of the rigid body, quaternion normalised. Its step
also shifts a history of 16 commands and returns a list of time steps; ours is timed with every term of the full
model on top (``tests.bench.kernel``). Neither observes, rewards or resets.

That both fly the same drone is measured, too: the same starts and commands, and how far they are apart after
half a second.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench.kernel import NUM_ENVS, best_cpu_seconds
from tests.bench.kernel import measure as measure_kernel

FLIGHT_STEPS = 50
"""Steps of the flight that is compared."""
COMPARED = 32
"""Drones in it."""


def measure(repeats: int = 3) -> dict[str, Any]:
    """Return the ratio, null where ``l2f`` is not installed."""
    os.environ["OMP_NUM_THREADS"] = "1"  # l2f reads it when it is loaded
    try:
        import l2f  # noqa: F401
    except ImportError:
        return {"kernel.ratio_to_l2f": None}
    theirs = NUM_ENVS / best_cpu_seconds(_their_step(), repeats)
    ours = measure_kernel(repeats)["kernel.steps_per_cpu_s"]
    return {
        "kernel.l2f_steps_per_cpu_s": theirs,
        "kernel.ratio_to_l2f": ours / theirs,
        "kernel.l2f_difference_m": difference_m(),
    }


def _their_step() -> Callable[[], None]:
    """One step of 1024 different drones; two calls fly there and back between two states, without a copy."""
    from l2f import Device
    from l2f import vector1024 as vector

    device, rng, environment = Device(), vector.VectorRng(), vector.VectorEnvironment()
    parameters, state, following = vector.VectorParameters(), vector.VectorState(), vector.VectorState()
    vector.initialize_rng(device, rng, 0)
    vector.initialize_environment(device, environment)
    vector.initial_parameters(device, environment, parameters)
    vector.sample_initial_state(device, environment, parameters, state, rng)
    action = np.random.default_rng(0).uniform(-1.0, 1.0, (NUM_ENVS, 4)).astype(np.float32)
    return lambda: vector.step(device, environment, parameters, state, action, following, rng) and None


def difference_m() -> float:
    """Largest distance between the two after ``FLIGHT_STEPS`` of the same commands from the same starts, m."""
    import l2f

    rng = np.random.default_rng(0)
    state, command = _starts(rng), rng.uniform(0.2, 1.0, (FLIGHT_STEPS, COMPARED, 4)).astype(np.float32)
    ours = _fly_ours(state, command)
    device, random, environment, parameters = l2f.Device(), l2f.Rng(), l2f.Environment(), l2f.Parameters()
    l2f.initialize_environment(device, environment)
    l2f.initialize_rng(device, random, 0)
    l2f.initial_parameters(device, environment, parameters)
    now, following, worst = l2f.State(), l2f.State(), 0.0
    for drone in range(COMPARED):
        l2f.initial_state(device, environment, parameters, now)
        row = state[drone].tolist()
        now.position, now.orientation, now.linear_velocity = row[0:3], row[3:7], row[7:10]
        now.angular_velocity, now.rpm = row[10:13], row[13:17]
        for actions in command[:, drone]:
            l2f.step(device, environment, parameters, now, (2.0 * actions - 1.0).tolist(), following, random)
            now.assign(following)
        worst = max(worst, float(np.linalg.norm(np.array(now.position) - ours[drone])))
    return worst


def _starts(rng: np.random.Generator) -> np.ndarray:
    from sim.tasks.hover import sample_start

    return sample_start(rng, COMPARED)


def _fly_ours(state: np.ndarray, command: np.ndarray) -> np.ndarray:
    """Final positions with the plain model of ``l2f_v2``, (COMPARED, 3)."""
    from sim.flight.kernel import step
    from sim.flight.parameters import FlightParameters
    from sim.registry import load_robot

    packed = FlightParameters.nominal(load_robot("crazyflie").parameters("l2f_v2"), COMPARED).packed(0.01)
    for commands in command:
        state = step(state, commands, packed)
    return state[:, :3]
