"""Contact tasks: what the force field adds to the physics of the peg scene, steps per CPU-second, and an oracle.

``field.step_ratio`` is the time of physics and force field over that of the physics alone, in the same steps: pegs in
hands that move at random, two pads of 20 x 25 taxels each, MuJoCo with all its outputs, one thread. The oracle knows
the truth; what it reaches says how much of a task can be reached at all. The search has what a policy has, state and
force fields.
"""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENVS, STEPS = 256, 12
STARTS = 256
THIN_M = 8e-3
"""Of pegs that are 4 to 16 mm thick."""


def measure(repeats: int = 3) -> dict[str, Any]:
    """Return the figures, timings the best of ``repeats``."""
    figures: dict[str, Any] = {"field.step_ratio": min(_step_ratio() for _ in range(repeats))}
    for sensors in ((), ("field",), ("image",)):
        name = sensors[0] if sensors else "state"
        figures[f"contact.steps_per_cpu_s_{name}"] = max(_rate(sensors) for _ in range(repeats))
    for name in ("peg_placement", "peg_insertion", "bolt_on_nut", "grasp_stability"):
        figures[f"contact.oracle_{name}"] = script_success(name, STARTS)
    found, diameter = script_successes("peg_insertion", STARTS, by_touch=True)
    figures["contact.search_peg_insertion"] = float(found.mean())
    figures["contact.search_thin_pegs"] = float(found[diameter < THIN_M].mean())
    figures["contact.oracle_starts"] = STARTS
    return figures


def script_success(task: str, starts: int, seed: int = 0, by_touch: bool = False) -> float:
    """Return the share of starts from which the oracle, or the search by touch, succeeds, by the evaluation table."""
    return float(script_successes(task, starts, seed, by_touch)[0].mean())


def script_successes(
    task: str, starts: int, seed: int = 0, by_touch: bool = False
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return from which starts it does, (starts,), and how thick their objects are, m; (starts,)."""
    from sim.contact.oracle import Oracle
    from sim.contact.scene import GRIPPED
    from sim.contact.search import Search
    from sim.envs.contact_task import ContactTaskEnv, load_contact_task

    env = ContactTaskEnv(task, starts, table=load_contact_task(task).EVALUATION_TABLE, seed=seed)
    env.reset()
    gripped = env.world.model.geom(GRIPPED).id
    diameter = 2.0 * env.world.batch.expand("geom_size")[:, gripped, 0]
    script = Search(env) if by_touch else Oracle(env)
    success, done = np.zeros(starts, bool), np.zeros(starts, bool)
    while not done.all():
        after = env.step(script.act())
        success |= after.success & after.ended & ~done
        done |= after.ended
    return success, diameter


def _step_ratio() -> float:
    import mujoco

    from sim.contact.randomizable import draw_contacts
    from sim.contact.world import ContactWorld
    from sim.registry import load_task
    from sim.tactile.pads import load_pad

    task = load_task("peg_insertion")
    world = ContactWorld(task.TASK, ENVS, 1, load_pad("gelsight_r15"))
    assert world.pad.taxels.count == 500
    rng = np.random.default_rng(0)
    world.reset(np.arange(ENVS), draw_contacts(task.TRAINING_TABLE, rng, ENVS))
    world.advance(8)
    physics, field = 0.0, 0.0
    for _ in range(STEPS):
        world.move(rng.uniform(-1, 1, (ENVS, 6)) * task.TASK.action.high)
        for _ in range(8):
            world.impedance.apply()
            start = time.process_time()
            world.gel.apply()
            field += time.process_time() - start
            start = time.process_time()
            world.batch.step(nstep=1, stage=int(mujoco.mjtStage.mjSTAGE_VEL))
            physics += time.process_time() - start
    return (physics + field) / physics


def _rate(sensors: tuple[str, ...]) -> float:
    from sim.envs.contact_task import ContactTaskEnv

    env = ContactTaskEnv("peg_placement", ENVS, sensors=sensors, threads=1)
    env.reset()
    actions = np.random.default_rng(0).uniform(-1, 1, (STEPS + 1, ENVS, 6))
    env.step(actions[-1])
    start = time.process_time()
    for action in actions[:-1]:
        env.step(action)
    return ENVS * STEPS / (time.process_time() - start)
