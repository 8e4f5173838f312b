"""The cards on top of the page of a single log: how it ended, how well it flew or stood, how the loop kept time."""

from __future__ import annotations

import numpy as np

from calibration.reporting.formats import metres_as_cm, milliseconds, seconds
from calibration.reporting.html import Card
from calibration.reporting.record import FlightRecord, JointRecord, RunRecord

SETTLE_S = 1.0
"""Transient after an arrival that the error leaves out, as ``sim2metal run`` does unless told otherwise."""


def log_cards(record: RunRecord) -> list[Card]:
    """Return the key figures that one log holds."""
    own = [*_flight_cards(record), *_joint_cards(record)]
    common = [
        Card("loop period, p99", milliseconds(1e3 * float(np.percentile(record.period_s, 99)))),
        *_percentile_card("age of the state, p99", record.undisturbed_age_s),
        *_battery_card(record.battery_v),
        Card("logged", seconds(record.duration_s)),
    ]
    return [_outcome(record), *own, *common]


def held_error_m(record: FlightRecord) -> np.ndarray:
    """Return the error while a set-point was held and the robot had ``SETTLE_S`` to reach it, (M,), metres."""
    held = np.zeros(len(record.time_s), bool)
    for phase in record.phases:
        if phase.mode == "running" and not phase.name.startswith("to "):
            held |= (record.time_s >= phase.start_s + SETTLE_S) & (record.time_s < phase.end_s)
    error = record.error_m[held]
    return error[np.isfinite(error)]


def _outcome(record: RunRecord) -> Card:
    if record.faults:
        first, more = record.faults[0], len(record.faults) - 1
        note = f"safe action: {first.safe_action.replace('_', ' ')}" if first.safe_action else ""
        return Card("outcome", first.name.replace("_", " ") + (f" (+{more})" if more else ""), note, good=False)
    if not record.complete:
        return Card("outcome", "log cut short", "by a kill or a full disk", good=False)
    return Card("outcome", "no fault", f"ended in mode {record.phases[-1].mode.replace('_', ' ')}", good=True)


def _flight_cards(record: RunRecord) -> list[Card]:
    if not isinstance(record, FlightRecord):
        return []
    error = held_error_m(record)
    if error.size == 0:
        return []
    rms = float(np.sqrt(np.mean(error**2)))
    return [Card("error at the set-points, rms", metres_as_cm(rms), f"largest {metres_as_cm(float(error.max()))}")]


def _joint_cards(record: RunRecord) -> list[Card]:
    if not isinstance(record, JointRecord):
        return []
    tilt = np.degrees(record.tilt_rad[np.isfinite(record.tilt_rad)])
    hottest = record.temperature_c[np.isfinite(record.temperature_c)]
    cards = [Card("tilt, largest", f"{tilt.max():.1f}°", f"mean {tilt.mean():.1f}°")] if tilt.size else []
    return [*cards, Card("hottest motor", f"{hottest.max():.0f} °C")] if hottest.size else cards


def _percentile_card(label: str, values_s: np.ndarray) -> list[Card]:
    if values_s.size == 0:
        return []
    p50, p99 = (milliseconds(1e3 * float(value)) for value in np.percentile(values_s, (50, 99)))
    return [Card(label, p99, f"median {p50}")]


def _battery_card(volts: np.ndarray) -> list[Card]:
    known = volts[np.isfinite(volts)]
    return [Card("battery, lowest", f"{known.min():.2f} V", f"{known[0]:.2f} V at start")] if known.size else []
