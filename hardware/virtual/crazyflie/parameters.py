"""Parameters: named values that clients read and write, with defaults and persistence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hardware.virtual.crazyflie.values import FLOAT, U8, U16, U32, ValueType

MAX_POSITION_M = 100.0
"""Positions and their deviations beyond this are noise."""
CONTROLLER_PID, CONTROLLER_OUT_OF_TREE = 1, 6
"""Values of ``stabilizer.controller`` (crazyflie-firmware, ``controller.h``)."""
RATE_MODE, ANGLE_MODE = 0, 1
"""Values of ``flightmode.stabModeRoll`` and the like (``RPYType`` in ``crtp_commander_rpyt.c``)."""


@dataclass
class Parameter:
    """One parameter."""

    name: str
    """``group.name``."""
    kind: ValueType
    default: float
    read_only: bool = False
    persistent: bool = False
    """Can be kept over a restart: cflib calls this an extended type."""
    low: float = -math.inf
    high: float = math.inf
    """Range of what a client may write; a NaN is in none."""
    value: float = 0.0
    stored: float | None = None

    def __post_init__(self) -> None:
        self.value = self.default

    def encoded(self, value: float | None = None) -> bytes:
        """Return ``value`` (default: the present one) as on the wire."""
        return self.kind.pack(self.value if value is None else value)


class ParameterStore:
    """All parameters in the order of their ids."""

    def __init__(self, parameters: list[Parameter]) -> None:
        self._parameters = {parameter.name: parameter for parameter in parameters}
        self._listeners: dict[str, Callable[[float], None]] = {}
        self._changed: list[str] = []

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters.values())

    def __contains__(self, name: str) -> bool:
        return name in self._parameters

    def __getitem__(self, name: str) -> Parameter:
        return self._parameters[name]

    def on_write(self, name: str, listener: Callable[[float], None]) -> None:
        """Call ``listener(value)`` whenever a client writes the parameter."""
        self._listeners[name] = listener

    def write(self, name: str, value: float) -> None:
        """Assign as a client does."""
        self._parameters[name].value = value
        if name in self._listeners:
            self._listeners[name](value)

    def change(self, name: str, value: float) -> None:
        """Assign from on board; clients are told."""
        self._parameters[name].value = value
        self._changed.append(name)

    def take_changed(self) -> list[str]:
        """Return and forget the names changed on board."""
        changed, self._changed = self._changed, []
        return changed


def bundle_words(bundle_id: bytes) -> list[int]:
    """Return a bundle's id as the eight words that are the parameters ``s2m.id0`` to ``s2m.id7``."""
    return [int.from_bytes(bundle_id[4 * i : 4 * i + 4], "big") for i in range(8)]


def standard_parameters(
    controller: int, bundle_id: bytes, decks: tuple[str, ...], self_test: bool | None = None
) -> list[Parameter]:
    """Return the parameters of a virtual Crazyflie.

    Args:
        controller: ``stabilizer.controller`` at start.
        bundle_id: 32 bytes, id of the bundle whose policy is on board; zeros if none.
        decks: attached decks, e.g. ``("bcLighthouse4",)``.
        self_test: whether the policy on board passed its golden self-test; ``None``: it has none.
    """
    known_decks = ("bcLighthouse4", "bcFlow2", "bcLoco", "bcZRanger2", "bcMultiranger", "bcUSD", "bcLedRing", "bcAI")
    return [
        Parameter("cpu.flash", U16, 1024, read_only=True),
        Parameter("cpu.id0", U32, 0x53324D00, read_only=True),
        Parameter("cpu.id1", U32, 0, read_only=True),
        Parameter("cpu.id2", U32, 0, read_only=True),
        Parameter("firmware.revision0", U32, 0, read_only=True),
        Parameter("firmware.revision1", U16, 0, read_only=True),
        Parameter("firmware.modified", U8, 0, read_only=True),
        *(Parameter(f"deck.{deck}", U8, deck in decks, read_only=True) for deck in known_decks),
        Parameter("stabilizer.controller", U8, controller, persistent=True),
        Parameter("stabilizer.estimator", U8, 2, persistent=True),
        Parameter("stabilizer.stop", U8, 0, high=1),
        Parameter("commander.enHighLevel", U8, 1, persistent=True, high=1),
        # Here roll and pitch are rates once both say so; the yaw of legacy packets is a rate whatever its mode is.
        *(
            Parameter(f"flightmode.stabMode{axis}", U8, mode, high=1)
            for axis, mode in (("Roll", ANGLE_MODE), ("Pitch", ANGLE_MODE), ("Yaw", RATE_MODE))
        ),
        Parameter("kalman.resetEstimation", U8, 0, high=1),
        *(Parameter(f"kalman.initial{axis}", FLOAT, 0.0, low=-MAX_POSITION_M, high=MAX_POSITION_M) for axis in "XYZ"),
        Parameter("locSrv.extPosStdDev", FLOAT, 0.01, low=1e-4, high=MAX_POSITION_M),
        Parameter("system.arm", U8, 0, high=1),
        *(Parameter(f"s2m.id{i}", U32, word, read_only=True) for i, word in enumerate(bundle_words(bundle_id))),
        *([] if self_test is None else [Parameter("s2m.selfTest", U8, self_test, read_only=True)]),
    ]
