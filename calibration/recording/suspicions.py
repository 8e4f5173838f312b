"""Does a log contradict itself? Swapped motors, wrong units, wrong quaternion order and clock drift, found and named.

Each relation of physics that the streams allow is held against the log as it stands and as it would be after a known
mistake. A mistake is named only where the log as it stands is refuted and the mistake explains what it says; what is
found is mended before the next relation is looked at, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from calibration.recording.clocks import DRIFT_PPM, Lag, measure_lag
from calibration.recording.record import Recording
from calibration.recording.relations import joints, motors, moving, turning
from calibration.recording.relations.agreement import Comparison
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import GRAVITY

LEAST_ROWS = 300
"""Shorter streams are not looked at: among all orders and delays, chance finds one that fits a few dozen rows."""
DRIFT_CHANGE_S = 0.008
"""Smaller changes of a lag over a recording are within an estimator's own."""
DRIFT_SIGMA = 5.0
LONGEST_LAG_S = 0.4
"""Two clocks may be this far apart and still be compared."""
POSE = ("position", "velocity", "attitude")
"""Streams that come from outside the robot, or from its estimator, on one clock."""


@dataclass(frozen=True)
class Suspicion:
    """Something in a log that cannot be."""

    name: str
    """In a few words, always the same: ``motor order``, ``gyro in degrees``, ``clock drift``, ..."""
    stream: str
    sentence: str
    """What is wrong, how it shows, and what to do."""


@dataclass(frozen=True)
class Verdict:
    """What the relations said of one recording."""

    suspicions: tuple[Suspicion, ...]
    checked: tuple[str, ...]
    """Relations that hold."""
    unchecked: tuple[str, ...]
    """Relations that could not be looked at, and why."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what was found."""
        return tuple(found.name for found in self.suspicions)


@dataclass
class _Examination:
    """A recording on its way through the relations."""

    recording: Recording
    suspicions: list[Suspicion] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def accuse(self, name: str, stream: str, sentence: str) -> None:
        self.suspicions.append(Suspicion(name, stream, sentence))

    def mend(self, stream: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        old = self.recording.streams[stream]
        self.recording = self.recording.with_streams(**{stream: replace(old, values=change(old.values))})

    def has(self, *names: str) -> bool:
        return all(name in self.recording.streams for name in names)


def examine(recording: Recording) -> Verdict:
    """Return what in a recording cannot be, what was found in order, and what it is too poor to say."""
    enough = {name: stream for name, stream in recording.streams.items() if len(stream) >= LEAST_ROWS}
    state = _Examination(replace(recording, streams=enough))
    short = sorted(set(recording.streams) - set(enough) - {"battery"})
    if short:
        state.unchecked.append(f"{', '.join(short)}: fewer than {LEAST_ROWS} rows")
    for look in (_weight, _turning, _upward, _velocity, _force, _motors, _joint_motion, _joint_targets, _drifts):
        try:
            look(state)
        except ConfigError as error:  # too short, or without overlap: not looked at, and said
            state.unchecked.append(str(error))
    return Verdict(tuple(state.suspicions), tuple(state.checked), tuple(state.unchecked))


def refuse_wrong(recording: Recording) -> Verdict:
    """Return the verdict of a recording that does not contradict itself.

    Raises:
        ConfigError: naming the first contradiction: what is fitted to a wrong log is wrong.
    """
    verdict = examine(recording)
    if verdict.suspicions:
        raise ConfigError(f"{recording.source}: {verdict.suspicions[0].sentence}")
    return verdict


def _weight(state: _Examination) -> None:
    if not state.has("accelerometer"):
        return
    weight = moving.weigh(state.recording)
    unit = weight.unit
    if unit is None:
        if GRAVITY / moving.TOLERANCE < weight.median < moving.TOLERANCE * GRAVITY:
            state.checked.append(f"the accelerometer weighs {weight.median:.2f} m/s^2")
        return
    state.accuse(
        f"accelerometer in {unit}", "accelerometer",
        f"the accelerometer reads {weight.median:.3g} most of the time: it is in {unit}, not in m/s^2",
    )  # fmt: skip
    state.mend("accelerometer", lambda values: values * moving.FORCES[unit])


def _upward(state: _Examination) -> None:
    if not state.has("accelerometer", "attitude"):
        return
    upward = moving.weigh(state.recording).upward
    if upward is not None and upward < -0.5 * GRAVITY:
        state.accuse(
            "accelerometer sign", "accelerometer",
            f"specific force points down in the world, {upward:.1f} m/s^2 along z on average: it is gravity, or the"
            " attitude is of a body whose z axis points down; change its sign",
        )  # fmt: skip
        state.mend("accelerometer", np.negative)


def _turning(state: _Examination) -> None:
    if not state.has("gyro", "attitude"):
        return
    found = turning.compare_turning(state.recording)
    if found.named is None:
        _say(state, found, "the gyro turns the attitude", "gyro against attitude")
        return
    for name in found.named.split("; "):
        if name in turning.GYROS:
            read = {
                "gyro in degrees": "degrees per second, not in rad/s",
                "gyro in milliradians": "milliradians per second, not in rad/s",
                "gyro in forward-right-down": "forward, right and down, not forward, left and up",
            }[name]
            state.accuse(name, "gyro", f"the gyro turns the attitude only if it is read in {read}")
            state.mend("gyro", turning.GYROS[name])
        else:
            read = {
                "quaternion order": "x, y, z, w",
                "quaternion direction": "w, x, y, z of body<-world",
                "quaternion order and direction": "x, y, z, w of body<-world",
            }[name]
            state.accuse(
                name, "attitude",
                f"the gyro turns the attitude only if its quaternions are read as {read}, not as w, x, y, z of"
                " world<-body",
            )  # fmt: skip
            state.mend("attitude", turning.QUATERNIONS[name])


def _velocity(state: _Examination) -> None:
    if not state.has("position", "velocity"):
        return
    found = moving.compare_velocity(state.recording)
    _lengths(state, found, "velocity is the derivative of position", "velocity against position")


def _force(state: _Examination) -> None:
    if not state.has("position", "accelerometer", "attitude"):
        return
    found = moving.compare_force(state.recording)
    _lengths(state, found, "specific force and gravity move the position", "accelerometer against position")


def _lengths(state: _Examination, found: Comparison, holds: str, relation: str) -> None:
    if found.named is None:
        _say(state, found, holds, relation)
        return
    stream, _, unit = found.named.partition(" in ")
    size = moving.LENGTHS[unit.removesuffix(" per second")]
    state.accuse(found.named, stream, f"the {stream} fits the rest of the log only if it is in {unit}, not in SI units")
    state.mend(stream, lambda values: values * size)


def _motors(state: _Examination) -> None:
    robot = load_robot(state.recording.robot)
    if not robot.motor_names or not state.has("gyro", "motor_command"):
        return
    order = motors.motor_order(state.recording)
    if order.swapped:
        names = ", ".join(robot.motor_names[i] for i in order.best)
        state.accuse(
            "motor order", "motor_command",
            f"the body turns as if the motor commands were in the order {names}: they explain {order.score:.2f} of the"
            f" three axes' motion so, {order.as_logged:.2f} in the order {', '.join(robot.motor_names)}",
        )  # fmt: skip
        columns = np.argsort(order.best)
        state.mend("motor_command", lambda values: values[:, columns])
    elif order.clear and order.as_logged >= motors.MARGIN * order.score:
        state.checked.append("the motors turn the body as their places say")
    else:
        state.unchecked.append("motor order: the motors move the body too little to tell one from another")


def _joint_motion(state: _Examination) -> None:
    if state.has("joint_position", "joint_velocity"):
        found = joints.compare_joint_velocity(state.recording)
        _degrees(state, found, "joint velocity is the derivative of joint position", "joint velocity against position")


def _joint_targets(state: _Examination) -> None:
    if not state.has("joint_position", "joint_target"):
        return
    found = joints.compare_joint_target(state.recording)
    _degrees(state, found, "joints follow their targets", "joint targets against positions")
    names = load_robot(state.recording.robot).joint_names
    swapped = joints.swapped_targets(state.recording)
    if swapped:
        pairs = ", ".join(f"{names[asked]}'s target moves {names[moved]}" for asked, moved in swapped[:4])
        state.accuse("joint order", "joint_target", f"joint targets and positions are in different orders: {pairs}")


def _degrees(state: _Examination, found: Comparison, holds: str, relation: str) -> None:
    if found.named is None:
        _say(state, found, holds, relation)
        return
    stream = "_".join(found.named.split(" in ")[0].split())
    if found.named not in [known.name for known in state.suspicions]:
        state.accuse(found.named, stream, f"the {found.named.replace(' in ', ' fits the rest only in ')}")
    state.mend(stream, np.radians)


def _say(state: _Examination, found: Comparison, holds: str, relation: str) -> None:
    if found.agrees:
        state.checked.append(holds)
    else:
        state.unchecked.append(f"{relation}: too little motion for its noise to tell ({found.as_logged:.2f} explained)")


def _drifts(state: _Examination) -> None:
    for what, stream, lag in _lags(state):
        if lag is None:
            state.unchecked.append(f"clocks: {what} do not move enough alike to compare them")
        elif drifts(lag):
            state.accuse(
                "clock drift", stream,
                f"the lag between {what} changes by {1e3 * lag.change_s:+.0f} ms over the log"
                f" ({1e6 * lag.drift:+.0f} ppm): their clocks drift apart; align them first",
            )  # fmt: skip
        else:
            state.checked.append(f"{what} keep a lag of {1e3 * lag.offset_s:+.0f} ms")


def drifts(lag: Lag) -> bool:
    """Whether a lag changes by more than its noise, than an estimator's own, and than two crystals drift apart."""
    span = abs(lag.change_s)
    noise = DRIFT_SIGMA * lag.drift_std * float(np.ptp(lag.window_s))
    return span > max(DRIFT_CHANGE_S, noise) and abs(lag.drift) * 1e6 > DRIFT_PPM


def _lags(state: _Examination) -> list[tuple[str, str, Lag | None]]:
    found = []
    if state.has("gyro", "attitude"):
        found.append(("gyro and attitude", "attitude", pose_lag(state.recording)))
    if state.has("gyro", "motor_command") and not any(s.stream == "motor_command" for s in state.suspicions):
        found.append(("motor commands and gyro", "motor_command", motor_lag(state.recording)))
    return found


def pose_lag(recording: Recording) -> Lag | None:
    """Return how far the attitude is behind the gyro, s; ``None`` where they do not move enough to tell.

    Raises:
        ConfigError: if the recording lacks one of them.
    """
    both = turning.best_turning(recording)
    return measure_lag(both.time_s, both.gyro, both.attitude, _reach(both.time_s))


def motor_lag(recording: Recording) -> Lag | None:
    """Return how far roll and pitch are behind the motors, beyond the lag of the rotors themselves, s.

    Raises:
        ConfigError: if the recording lacks gyro or commands, or is of a robot without rotors.
    """
    parameters = load_robot(recording.robot).parameters()
    order = motors.motor_order(recording)
    if not order.clear:
        return None
    grid = motors.motors_grid(recording)
    time_s, asked, done = motors.turning_by_motors(grid, parameters, order.lag_s, order.delay_s)
    return measure_lag(time_s, asked[:, :2], done[:, :2], _reach(time_s))


def _reach(time_s: np.ndarray) -> float:
    return min(LONGEST_LAG_S, float(np.ptp(time_s)) / 80.0 + 0.05)
