"""A virtual arm without any protocol: one simulation of a contact task, moved by Cartesian set-points.

Its controller is the task's own, a task-space impedance with published gains, and holds the last set-point as a real
one does. It begins with something in its hand, drawn as in an evaluation; what became of it, ``judge`` says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.virtual.events import EventLog
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import Fault
from sim.contact.pictures import WRIST, WristCamera
from sim.contact.spec import ContactTaskSpec
from sim.envs.contact_task import ContactTask, ContactTaskEnv, load_contact_task
from sim.errors import ConfigError
from sim.spec import SafeAction


@dataclass(frozen=True)
class Sample:
    """What the arm measures at one time; poses in the frame of its base, quaternions wxyz.

    Attributes:
        joint_position: hinges, rad, then fingers, m; (9,).
        joint_velocity: the same per second.
        tool: (7,)
        fixture: as it is known, with the error of an episode; (7,).
        object: what is held, where it really is; (7,).
        force: on the gels, N, pad frames, left and right; (2, taxels, 3).
        depth: of the taxels, m; (2, taxels).
        picture: of both pads, (2, rows, columns, 3), if anybody looks through their cameras.
        wrist: of the camera at the hand, (rows, columns, 3), likewise.
    """

    joint_position: np.ndarray
    joint_velocity: np.ndarray
    tool: np.ndarray
    fixture: np.ndarray
    object: np.ndarray
    force: np.ndarray
    depth: np.ndarray
    picture: np.ndarray | None
    wrist: np.ndarray | None


class VirtualArm:
    """One arm.

    Attributes:
        now_ms: time since the start.
        stalled: its sensors are silent.
        pads_stalled: the pads are.
        events: what happened.
        task: what it is about.
        joint_names: hinges, then fingers.
        taxels: of each pad.

    Args:
        task: of ``sim.tasks``, or its name.
        seed: of what is drawn for the episode.
        faults: to happen later.
        cameras: that anybody looks through: of ``"image"``, those of the pads, and ``"wrist"``.

    Raises:
        ConfigError: for a task in which nothing is held.
        ToolchainError: for a wrist camera that cannot draw on this machine.
    """

    def __init__(
        self,
        task: ContactTask | str,
        seed: int = 0,
        faults: Sequence[Fault] = (),
        cameras: Sequence[str] = ("image",),
    ) -> None:
        self.now_ms = 0
        self.stalled = self.pads_stalled = False
        self.events = EventLog()
        self._broken, self._offset_m = False, 0.0
        module = load_contact_task(task) if isinstance(task, str) else task
        pads = [name for name in cameras if name != WRIST]
        self._env = ContactTaskEnv(module, 1, sensors=pads, table=module.EVALUATION_TABLE, seed=seed, threads=1)
        self._env.reset()
        self._world = self._env.world
        self._has_wrist = WRIST in cameras
        self._wrist: WristCamera | None = None
        if self._has_wrist:
            WristCamera(self._world).close()  # it says here if it cannot draw; who measures opens one that stays
        self.task: ContactTaskSpec = self._env.spec
        self.joint_names = self._world.arm.parameters.joint_names
        self.taxels = self._world.pad.taxels
        self._step_s = self.task.timing.physics_step_s
        self._steps = 0
        self._following, self._stopped = False, False
        self._last: tuple[float, ...] = ()
        self._faults = FaultSchedule(self.events, self._apply, faults)

    @property
    def following(self) -> bool:
        """Whether set-points come, so that a late one matters."""
        return self._following

    @property
    def untouched(self) -> np.ndarray:
        """What the pads' cameras see of untouched gels, (2, rows, columns, 3).

        Raises:
            ConfigError: without cameras.
        """
        return self._env.untouched

    def advance(self, duration_ms: int) -> None:
        """Let time pass: as many physics steps as are due."""
        self.now_ms += duration_ms
        self.events.tick_ms = self.now_ms
        self._faults.update()
        due = int(self.now_ms / 1000.0 / self._step_s + 1e-9)
        if due > self._steps:
            self._world.advance(due - self._steps)
            self._steps = due

    def command(self, values: Sequence[float]) -> None:
        """Take a set-point, (7,) position, m, and quaternion, wxyz; one that is none is ignored and counted."""
        if self._stopped or len(values) != 7 or not all(map(math.isfinite, values)):
            self.events.count("refused")
            return
        length = math.hypot(*values[3:])
        if not 0.9 < length < 1.1:
            self.events.count("refused")
            return
        if not self._following and tuple(values) == self._last:
            return  # it is told to hold: that is no stream which could stop
        self._last = tuple(values)
        self._world.impedance.goal_position_w[0] = values[:3]
        self._world.impedance.goal_quaternion_w[0] = np.asarray(values[3:]) / length
        if not self._following:
            self.events.add("commanded")
        self._following = True

    def open_hand(self) -> None:
        """Send the fingers apart."""
        self._world.open_hand(np.zeros(1, np.intp))
        self.events.add("opened")

    def request_arm(self, armed: bool) -> None:
        """Nothing: a Cartesian controller follows as soon as there are set-points."""

    def safe_stop(self, action: SafeAction) -> None:
        """Hold the last set-point.

        Raises:
            ConfigError: for an action that no arm has.
        """
        if action != "hold":
            raise ConfigError(f"an arm cannot '{action}': its safe action is 'hold'")
        if self._following:
            self.events.add("held")
        self._following = False

    def emergency_stop(self) -> None:
        """Hold where it is, and follow nothing more."""
        self._world.impedance.hold()
        self._stopped, self._following = True, False

    def inject(self, fault: Fault) -> None:
        """Add a fault."""
        self._faults.add(fault)

    def measure(self) -> Sample:
        """Return what it measures now."""
        world = self._world
        seen = self._env.observe()
        state, truth = seen["state"][0].astype(float), seen["privileged"][0].astype(float)
        tool = state[9:16].copy()
        tool[0] += self._offset_m
        if self._broken:
            tool[:] = math.nan
        return Sample(
            joint_position=state[:9],
            joint_velocity=world.arm.joint_velocity[0].copy(),
            tool=tool,
            fixture=state[16:23],
            object=truth[29:36],
            force=world.gel.force[0].copy(),
            depth=world.gel.depth[0].copy(),
            picture=seen["image"][0] if "image" in seen else None,
            wrist=self._look(),
        )

    def close(self) -> None:
        """Give back what the camera at the hand draws with, in the thread that measured."""
        if self._wrist is not None:
            self._wrist.close()
            self._wrist = None

    def judge(self) -> tuple[float, bool]:
        """Return how far what it held is from its goal, m (mean of four keypoints), and whether that counts."""
        distance = float(self._env.distance(self.task.workpiece.length_m)[0])
        return distance, distance < self.task.judgement.close_m

    def _look(self) -> np.ndarray | None:
        """Return what the camera at the hand sees, always in one thread; ``None`` without one."""
        if not self._has_wrist:
            return None
        self._wrist = self._wrist or WristCamera(self._world)
        return self._wrist.render()[0]

    def _apply(self, fault: Fault, active: bool) -> None:
        if fault.name == "state-stall":
            self.stalled = active
        elif fault.name == "pads-stall":
            self.pads_stalled = active
        elif fault.name == "nan-pose":
            self._broken = active
        elif fault.name == "jump":
            self._offset_m = fault.value if active else 0.0
