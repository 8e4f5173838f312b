"""What a contact task is, as data: its workpiece, what its policy sees and how it is judged.

Numbers without another source are TacSL's (arXiv 2408.06506) and those of its public settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.contact.pads import pad_terms, policy_pad
from sim.contact.workpieces import Workpiece
from sim.spec import ActionSpec, ImageTerm, ObservationTerm, PolicySpec, Timing

CONTROL_PERIOD_S = 1.0 / 60.0
PHYSICS_STEP_S = 1.0 / 480.0
EPISODE_STEPS = 256
STEP_M, STEP_RAD = 0.01, 0.05
"""Largest change of the tool's goal per action."""
CLOSE_M = 4.4958e-3
"""Mean distance of the keypoints below which the object is at its goal."""

WRIST_PIXELS = 64

Ending = Literal["hold", "release"]


@dataclass(frozen=True)
class Judgement:
    """When an episode counts as a success, and when it is over before its time."""

    close_m: float = CLOSE_M
    """Mean distance of four keypoints along the object from where they should be, at the end."""
    ending: Ending = "hold"
    """``"release"``: in the last steps the hand opens and rises; what then stays at its goal counts."""
    dropped_m: float = 0.05
    """The object's way in the grasp that ends the episode in failure."""
    dropped_rad: float = 1.2
    """Its turn in the grasp likewise."""


@dataclass(frozen=True)
class PadLook:
    """What the pads' pictures show beside the pressed skin; nothing, as in TacSL's."""

    shadows: bool = False
    """Of the skin on itself, in the light of ``sim.tactile.lights.NOMINAL``."""
    markers: bool = False
    """Dots on the gel, FOTS' grid, which move with the forces on the taxels."""


@dataclass(frozen=True)
class ContactTaskSpec(PolicySpec):
    """What a policy that handles things is asked to do, what it sees and how it is judged."""

    workpiece: Workpiece
    judgement: Judgement
    images: tuple[ImageTerm, ...]
    """What can be observed beside the flat observation, by name."""
    pad: str
    """The tactile sensor on both fingers."""
    contact_weight: float = 0.0
    """Reward lost per newton between object and fixture; 0 in the published settings."""
    look: PadLook = PadLook()
    """Of the pads' pictures."""


def contact_task(
    name: str,
    description: str,
    workpiece: Workpiece,
    judgement: Judgement | None = None,
    robot: str = "panda",
    pad: str = "gelsight_r15",
    look: PadLook | None = None,
) -> ContactTaskSpec:
    """Return a task with the published observations, action and clocks.

    Raises:
        ConfigError: for an unknown pad.
    """
    return ContactTaskSpec(
        name=name,
        description=description,
        robot=robot,
        actor_terms=(*_PROPRIOCEPTION, _pose("socket_noisy", "estimate of the fixture's place")),
        critic_terms=(
            *_PROPRIOCEPTION,
            _pose("socket", "simulation"),
            ObservationTerm("tool_velocity", 6, "m/s, rad/s", "base; linear, angular", "simulation"),
            _pose("object", "simulation"),
            ObservationTerm("contact_force", 3, "N", "magnitude on left pad, right pad, fixture", "simulation"),
        ),
        action=ACTION,
        timing=Timing(CONTROL_PERIOD_S, PHYSICS_STEP_S, latency_assumed_s=0.0, latency_budget_s=CONTROL_PERIOD_S),
        episode_s=EPISODE_STEPS * CONTROL_PERIOD_S,
        workpiece=workpiece,
        judgement=judgement or Judgement(),
        images=(*pad_terms(policy_pad(pad)), WRIST_CAMERA),
        pad=pad,
        look=look or PadLook(),
    )


def _pose(name: str, source: str) -> ObservationTerm:
    return ObservationTerm(f"{name}_pose", 7, "m, 1", "base; position, quaternion", source, quaternion_order="wxyz")


_PROPRIOCEPTION = (
    ObservationTerm("joint_position", 9, "rad, fingers m", "joint", "joint encoders"),
    _pose("tool", "forward kinematics"),
)

ACTION = ActionSpec(
    level="end_effector_delta",
    names=("x", "y", "z", "turn_x", "turn_y", "turn_z"),
    unit="m, rad",
    low=(-STEP_M,) * 3 + (-STEP_RAD,) * 3,
    high=(STEP_M,) * 3 + (STEP_RAD,) * 3,
    nominal=(0.0,) * 6,
    slew_limit=(2.0 * STEP_M / CONTROL_PERIOD_S,) * 3 + (2.0 * STEP_RAD / CONTROL_PERIOD_S,) * 3,
    safe_action="hold",
)
"""Goal of the tool's impedance less where the tool is, in the base frame; turns are rotation vectors."""

WRIST_CAMERA = ImageTerm(
    "wrist", (WRIST_PIXELS, WRIST_PIXELS, 3), "1/255", "camera; row, column, RGB", "camera at the hand"
)
