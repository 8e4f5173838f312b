"""How bodies on legs are simulated: integrator, step, solver and contacts, as in training or otherwise.

A policy that has learnt the quirks of one simulator fails in another, and on the robot. ``SETTINGS`` are
those that it is judged under by ``sim2metal certify``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.spec import JointParameters

_STIFF = 0.5
"""kp step^2 / armature: the squared angle in rad by which a joint that swings freely under its own gains goes on in a
step. Gains of policies give 0.1 to 0.4 at 5 ms; those that stand without a policy give 0.7 to 1.4, and there
``implicitfast`` lets feet creep (``sim.bodies.model``)."""


@dataclass(frozen=True)
class Physics:
    """Settings of MuJoCo; what is ``None`` is as in training."""

    name: str = "as in training"
    step_s: float | None = None
    integrator: Literal["Euler", "RK4", "implicitfast", "discrete"] | None = None
    solver: Literal["Newton", "CG", "PGS"] | None = None
    cone: Literal["pyramidal", "elliptic"] | None = None
    """Of friction."""
    impratio: float | None = None
    """How much harder friction is than the normal contact; only elliptic cones obey."""
    contact_time_s: float | None = None
    """Time constant of contacts (``solref``)."""

    def apply(self, spec: mujoco.MjSpec, parameters: JointParameters, step_s: float) -> None:
        """Write them into a robot's model, in place.

        Args:
            spec: on its floor, not compiled.
            parameters: of the robot: its gains choose the integrator where none is asked for.
            step_s: physics step.
        """
        option = spec.option
        option.integrator = getattr(
            mujoco.mjtIntegrator, f"mjINT_{(self.integrator or fitting_integrator(parameters, step_s)).upper()}"
        )
        if self.solver is not None:
            option.solver = getattr(mujoco.mjtSolver, f"mjSOL_{self.solver.upper()}")
        if self.cone is not None:
            option.cone = getattr(mujoco.mjtCone, f"mjCONE_{self.cone.upper()}")
        if self.impratio is not None:
            option.impratio = self.impratio
        if self.contact_time_s is not None:
            for geom in spec.geoms:
                geom.solref[0] = self.contact_time_s

    def changes(self) -> dict[str, float | str]:
        """Return what differs from the training, by name."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "name" and value is not None}


AS_TRAINED = Physics()
SETTINGS = (
    AS_TRAINED,
    Physics("steps of 2 ms", step_s=0.002),
    Physics("steps of 1 ms", step_s=0.001),
    Physics("Euler, 2 ms", step_s=0.002, integrator="Euler"),
    Physics("RK4, 2 ms", step_s=0.002, integrator="RK4"),
    Physics("discrete", integrator="discrete"),
    Physics("CG", solver="CG"),
    Physics("PGS, 2 ms", step_s=0.002, integrator="implicitfast", solver="PGS"),
    Physics("elliptic cone", cone="elliptic"),
    Physics("elliptic cone, impratio 10", cone="elliptic", impratio=10.0),
    Physics("soft contacts", contact_time_s=0.04),
    Physics("stiff contacts", step_s=0.002, contact_time_s=0.005),
)
"""MuJoCo's own range: its integrators, solvers and cones; contacts twice as soft as its default of 0.02 s, and four
times as stiff. Euler, RK4 and stiff contacts need short steps."""
BY_NAME = {physics.name: physics for physics in SETTINGS}


def fitting_integrator(parameters: JointParameters, step_s: float) -> Literal["implicitfast", "discrete"]:
    """Return the integrator that holds these gains at this step."""
    stiffness = np.asarray(parameters.kp) * step_s**2 / np.asarray(parameters.armature_kg_m2)
    return "discrete" if stiffness.max() > _STIFF else "implicitfast"


def added_inertia(
    model: mujoco.MjModel, damping: NDArray[np.float64], gain: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return by how much a joint moves as if its inertia were larger, because its damping is taken at a step's end.

    With angles x-, x, x+ at three steps ``implicitfast`` solves M (x+ - 2 x + x-) / h^2 + D (x+ - x) / h = f(x): to
    first order in h that is D h / 2 more inertia. Euler takes joints' own damping so, and the motors' at the step's
    beginning, which is as much less. What ``discrete`` does with stiffness is damping to first order, and stays.
    RK4 adds nothing.

    Args:
        model: with its integrator and step.
        damping: of joints, N m s/rad; any shape.
        gain: of the motors' position loops, the same.
    """
    kind, half = mujoco.mjtIntegrator(model.opt.integrator), 0.5 * model.opt.timestep
    if kind == mujoco.mjtIntegrator.mjINT_RK4:
        return np.zeros_like(damping)
    return half * (damping - gain if kind == mujoco.mjtIntegrator.mjINT_EULER else damping + gain)


def input_lead_s(model: mujoco.MjModel) -> float:
    """Return how much too early targets act: half a step where the force at a step's beginning drives all of it.

    In M (x+ - 2 x + x-) / h^2 = f(x, u) the target u, which holds from the middle step on, acts around that moment; a
    robot feels it from then on. RK4 does, too.
    """
    return 0.0 if model.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4 else 0.5 * float(model.opt.timestep)
