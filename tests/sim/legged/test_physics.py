"""Other settings of the physics: they are really in the model, and the integrator fits the gains."""

import dataclasses

import mujoco
import numpy as np
import pytest

from sim.bodies.parameters import joint_parameters
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.legged.physics import SETTINGS, Physics, fitting_integrator
from sim.legged.scene import build_legged_scene
from sim.randomization import RandomizationTable

GO1 = joint_parameters("go1", "policy")


@pytest.mark.parametrize("physics", SETTINGS, ids=lambda physics: physics.name)
def test_a_setting_is_in_the_model_and_nothing_else_is_changed(physics):
    usual = build_legged_scene("go1", GO1, 0.005).model
    step_s = physics.step_s or 0.005
    model = build_legged_scene("go1", GO1, step_s, physics=physics).model
    solver, cone = physics.solver or "Newton", physics.cone or "pyramidal"
    assert model.opt.timestep == step_s
    assert model.opt.integrator == getattr(
        mujoco.mjtIntegrator, f"mjINT_{(physics.integrator or 'implicitfast').upper()}"
    )
    assert model.opt.solver == getattr(mujoco.mjtSolver, f"mjSOL_{solver.upper()}")
    assert model.opt.cone == getattr(mujoco.mjtCone, f"mjCONE_{cone.upper()}")
    assert model.opt.impratio == (physics.impratio or usual.opt.impratio)
    assert (model.geom_solref[:, 0] == (physics.contact_time_s or 0.02)).all()
    for name in ("geom_friction", "body_mass", "actuator_gainprm", "dof_armature"):
        np.testing.assert_array_equal(getattr(model, name), getattr(usual, name))


def test_names_are_unique_and_the_first_is_the_training_itself():
    assert len({physics.name for physics in SETTINGS}) == len(SETTINGS)
    assert SETTINGS[0].changes() == {}
    assert all(physics.changes() for physics in SETTINGS[1:])


@pytest.mark.parametrize(
    ("robot", "gains", "step_s", "integrator"),
    [
        ("g1", "policy", 0.005, "implicitfast"),
        ("go1", "policy", 0.005, "implicitfast"),
        ("g1", "stand", 0.005, "discrete"),
        ("go1", "stand", 0.005, "discrete"),
        ("g1", "stand", 0.002, "implicitfast"),
    ],
)
def test_stiff_gains_at_long_steps_get_the_integrator_that_stands(robot, gains, step_s, integrator):
    assert fitting_integrator(joint_parameters(robot, gains), step_s) == integrator


@pytest.mark.parametrize("physics", [Physics(), Physics(step_s=0.001)], ids=["5 ms", "1 ms"])
def test_the_humanoid_stands_by_its_stiff_gains_in_an_environment(physics):
    task = load_legged_task("stand")
    env = LeggedEnv(
        dataclasses.replace(task, spec=task.spec.under(physics)), 1, table=RandomizationTable("none", ()), threads=1
    )
    env.reset()
    ended = [env.step(np.zeros((1, 29))).terminated[0] for _ in range(150)]
    assert not any(ended)
    assert env.world.substeps == round(0.02 / (physics.step_s or 0.005))
