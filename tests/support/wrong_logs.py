"""The mistakes of real logs, made on purpose: each turns a right recording into a wrong one, and says its name."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Mistake:
    """One thing that people get wrong."""

    named: str
    """What the examination must call it."""
    make: object
    """From a recording and a random generator to a wrong recording."""


def _changed(stream, change):
    def make(recording, rng):
        old = recording.streams[stream]
        return recording.with_streams(**{stream: replace(old, values=change(old.values, rng))})

    return make


def _swapped(values, rng):
    order = rng.permutation(values.shape[1])
    while (order == np.arange(values.shape[1])).all():
        order = rng.permutation(values.shape[1])
    return values[:, order]


def _drift(*streams):
    def make(recording, rng):
        drift = rng.choice([-1.0, 1.0]) * rng.uniform(1e-3, 4e-3)
        moved = {name: recording.streams[name].shifted(rng.uniform(-0.02, 0.02), drift) for name in streams}
        return recording.with_streams(**moved)

    return make


CONJUGATE = np.array([1.0, -1.0, -1.0, -1.0])
MISTAKES = {
    "motors swapped": Mistake("motor order", _changed("motor_command", _swapped)),
    "gyro in degrees": Mistake("gyro in degrees", _changed("gyro", lambda v, _: np.degrees(v))),
    "gyro in milliradians": Mistake("gyro in milliradians", _changed("gyro", lambda v, _: 1e3 * v)),
    "accelerometer in g": Mistake("accelerometer in g", _changed("accelerometer", lambda v, _: v / 9.81)),
    "accelerometer says gravity": Mistake("accelerometer sign", _changed("accelerometer", lambda v, _: -v)),
    "position in mm": Mistake("position in millimetres", _changed("position", lambda v, _: 1e3 * v)),
    "velocity in mm/s": Mistake("velocity in millimetres per second", _changed("velocity", lambda v, _: 1e3 * v)),
    "quaternion xyzw": Mistake("quaternion order", _changed("attitude", lambda v, _: v[:, [1, 2, 3, 0]])),
    "quaternion of the inverse": Mistake("quaternion direction", _changed("attitude", lambda v, _: v * CONJUGATE)),
    "pose on a drifting clock": Mistake("clock drift", _drift("position", "velocity", "attitude")),
    "commands on a drifting clock": Mistake("clock drift", _drift("motor_command")),
}
