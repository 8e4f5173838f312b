"""The virtual sensor: steps the scene in simulated time and says what the pad feels and sees."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
import numpy.typing as npt

from hardware.virtual.touch.path import HandCommand, HandPath
from hardware.virtual.touch.scene import TIMESTEP_S, build_scene
from sim.errors import ConfigError
from sim.tactile.field import ForceField
from sim.tactile.image import TactileCamera
from sim.tactile.objects import load_object
from sim.tactile.sensor import Array, Pad
from sim.tactile.table import Table

NS = 1_000_000_000
Vector = npt.NDArray[np.float64]
NOISE_LEVELS = 1.0
"""Standard deviation of the camera's noise, grey levels: that of a small webcam in good light, assumed."""
NOISE_PATTERNS, NOISE_SIZE = 4, 40_009  # (a prime: rows of a picture do not repeat each other)


@dataclass(frozen=True)
class Touch:
    """What the pad feels at one time.

    Attributes:
        time_ns: simulated time.
        depth: m; (taxels,).
        force: on the gel, N, pad frame; (taxels, 3).
        total_force: N; (3,).
        total_torque: about the pad's origin, N m; (3,).
        phase: of the hand.
    """

    time_ns: int
    depth: Array
    force: Array
    total_force: npt.NDArray[np.float64]
    total_torque: npt.NDArray[np.float64]
    phase: str


class VirtualTouch:
    """An object in a hand over one pad; not for several threads at once.

    Attributes:
        pad: the sensor.
        shape: of the object.
        model: MuJoCo's.
        data: MuJoCo's.
        now_steps: physics steps done, ``scene.TIMESTEP_S`` each.
    """

    def __init__(
        self,
        pad: Pad,
        name: str = "ball",
        seed: int = 0,
        stiffness: float | None = None,
        calibration: tuple[Table, Array] | None = None,
    ) -> None:
        """Build the scene; the object hangs over the pad.

        Args:
            pad: the sensor.
            name: of the object, a key of ``objects.OBJECTS``.
            seed: of the hand's path.
            stiffness: of the pad, N/m^3; default: its nominal one.
            calibration: of the pictures, see ``TactileCamera``.

        Raises:
            ConfigError: for an unknown object.
        """
        held = load_object(name)
        self.pad, self.shape = pad, held.shape
        self._held = np.array(held.quaternion)
        self.model = build_scene(pad, held)
        self.data = mujoco.MjData(self.model)
        self._object, self._mount = self.model.body("object").id, self.model.body("pad").id
        self._path = HandPath(seed)
        self._field = ForceField(pad, [self.shape], stiffness=stiffness)
        self._camera = None if pad.camera is None else TactileCamera(pad, [self.shape], calibration=calibration)
        self._command = self._path.at(0.0)
        self._noise = np.random.default_rng(seed).normal(0.0, NOISE_LEVELS, (NOISE_PATTERNS, NOISE_SIZE))
        self._random = np.random.default_rng((seed, 1))
        self.now_steps = 0
        self._update()

    @property
    def now_ns(self) -> int:
        """Simulated time."""
        return self.now_steps * round(TIMESTEP_S * NS)

    def advance(self, steps: int, command: HandCommand | None = None) -> None:
        """Step the scene.

        Args:
            steps: physics steps.
            command: what the hand does; default: its path from the seed.
        """
        data = self.data
        for _ in range(steps):
            self._command = command or self._path.at(self.now_steps * TIMESTEP_S)
            goal = self._command
            data.ctrl[:] = (goal.x_m, goal.y_m, goal.yaw_rad, -goal.press_n)
            data.xfrc_applied[self._object] = self._reaction
            data.xfrc_applied[self._mount] = self._load
            mujoco.mj_step(self.model, data)
            self.now_steps += 1
            self._update()

    def touch(self) -> Touch:
        """Return what the pad feels now."""
        force, torque = (part[0].astype(np.float64) for part in self._field.wrench())
        return Touch(
            self.now_ns, self._field.depth[0].copy(), self._field.force[0].copy(), force, torque, self._command.phase
        )

    def image(self) -> npt.NDArray[np.uint8]:
        """Return the picture, (rows, columns, 3), red green blue.

        Raises:
            ConfigError: for a pad without a camera.
        """
        if self._camera is None:
            raise ConfigError(f"{self.pad.title} has no camera and so no picture")
        picture = self._camera.render(self.position, self.quaternion)[0]
        return np.clip(picture + self._camera_noise(picture.shape), 0, 255).astype(np.uint8)

    def untouched(self) -> npt.NDArray[np.uint8]:
        """Return the picture of the untouched pad, without noise, as ``image`` otherwise."""
        if self._camera is None:
            raise ConfigError(f"{self.pad.title} has no camera and so no picture")
        return self._camera.render((0.0, 0.0, 1.0), (1.0, 0.0, 0.0, 0.0))[0].copy()

    @property
    def position(self) -> npt.NDArray[np.float64]:
        """Of the object in the pad frame, m; (3,)."""
        return self.data.xpos[self._object]

    @property
    def quaternion(self) -> npt.NDArray[np.float64]:
        """Of the object in the pad frame, wxyz; (4,)."""
        turned = np.empty(4)
        mujoco.mju_mulQuat(turned, self.data.xquat[self._object], self._held)
        return turned

    def load_cell(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return force, N, and torque, N m, that the pad's mount measured in the last step, pad frame; (3,) each."""
        return -self.data.sensor("force").data, -self.data.sensor("torque").data

    def _camera_noise(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Return noise, grey levels: a pattern from a random place on (drawing it anew would take milliseconds)."""
        pattern = self._noise[self._random.integers(NOISE_PATTERNS)]
        start = self._random.integers(NOISE_SIZE)
        return np.resize(np.roll(pattern, start), shape)

    def _update(self) -> None:
        """Let the gel feel the object where it is now."""
        data = self.data
        mujoco.mj_kinematics(self.model, data)
        mujoco.mj_comPos(self.model, data)
        x, y, z, yaw = data.qvel
        self._field.step(self.position, self.quaternion, (x, y, z), (0.0, 0.0, yaw), TIMESTEP_S)
        force, torque = (part[0].astype(np.float64) for part in self._field.wrench())
        self._load = _at(data.xipos[self._mount], force, torque)
        self._reaction = -_at(data.xipos[self._object], force, torque)


def _at(place: Vector, force: Vector, torque: Vector) -> Vector:
    """Return force and torque about another place, (6,): MuJoCo applies them at centres of mass."""
    x, y, z = place
    fx, fy, fz = force
    tx, ty, tz = torque
    return np.array([fx, fy, fz, tx - (y * fz - z * fy), ty - (z * fx - x * fz), tz - (x * fy - y * fx)])
