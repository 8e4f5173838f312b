"""Named state estimators of indoor flight: how fast, how old, how noisy and how wrong, as terms of a table.

A task adds a preset's ``terms`` to its tables and its noise to the terms it observes. The errors
act in ``sim/envs/estimator.py``; attitude and angular velocity come from the inertial unit on
board in all of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sim.distributions import Normal, Uniform
from sim.errors import ConfigError
from sim.randomization import RandomizationTable, Term

_BMI088 = "Bosch BMI088 data sheet rev. 1.4 (the Crazyflie 2.1's inertial unit)"


@dataclass(frozen=True)
class EstimatorPreset:
    """One way of knowing where the robot is."""

    name: str
    terms: tuple[Term, ...]
    noise_std: tuple[tuple[str, float], ...]
    """White noise of what it delivers: (observation term, standard deviation in its unit)."""
    source: str


INERTIAL_TERMS = (
    Term(
        "gyro_bias_b",
        Normal(0.0, 0.002),
        "add",
        f"assumed: a tenth of the zero-rate offset of 1 deg/s ({_BMI088}) is left after calibration at rest",
    ),
    Term(
        "attitude_bias_b",
        Normal(0.0, 0.005),
        "add",
        f"assumed: 0.3 degrees; a quarter of the accelerometer's zero-g offset of 20 mg ({_BMI088}) read as tilt",
    ),
)
"""Errors of the inertial unit, which every estimator here rests on."""

MOTION_CAPTURE = EstimatorPreset(
    "motion_capture",
    (
        *INERTIAL_TERMS,
        Term(
            "estimator_period_s",
            Uniform(0.005, 0.010),
            "set",
            "100-200 Hz cameras (Crazyswarm, Preiss et al. 2017: 100 Hz and above)",
        ),
        Term(
            "estimator_delay_s",
            Uniform(0.003, 0.007),
            "set",
            "below 6 ms at 160 Hz, 6-7 ms with a network behind it (qualisys.com, real-time latency tests)",
        ),
    ),
    (("position_error_w", 0.001), ("velocity_w", 0.002)),
    "millimetre markers through the estimator on board; unbiased: its origin defines the target",
)

LIGHTHOUSE = EstimatorPreset(
    "lighthouse",
    (
        *INERTIAL_TERMS,
        Term("estimator_period_s", Uniform(0.020, 0.033), "set", "30-50 Hz of sweeps per base station, version 2"),
        Term("estimator_delay_s", Uniform(0.0, 0.005), "set", "assumed: decoded on board"),
        Term(
            "position_bias_w",
            Normal(0.0, 0.02),
            "set",
            "mean errors of 2-4 cm against motion capture: Taffanel et al. 2021, arXiv 2104.11523",
        ),
    ),
    (("position_error_w", 0.002), ("velocity_w", 0.01)),
    "Taffanel et al. 2021, arXiv 2104.11523: precise to a millimetre at rest, off by centimetres",
)

OPTICAL_FLOW = EstimatorPreset(
    "optical_flow",
    (
        *INERTIAL_TERMS,
        Term("estimator_period_s", Uniform(0.010, 0.020), "set", "PMW3901 read at 100 Hz by the Crazyflie's firmware"),
        Term("estimator_delay_s", Uniform(0.005, 0.010), "set", "assumed: one exposure and the reading of it"),
        Term(
            "position_drift",
            Uniform(0.005, 0.02),
            "set",
            "assumed: position is dead reckoning (bitcraze.io 2023/11), decimetres off after a minute",
        ),
    ),
    (("position_error_w", 0.003), ("velocity_w", 0.03)),
    "velocity from a floor's texture, integrated: bitcraze.io 2023/11, 'Go with the flow'",
)

PRESETS = {preset.name: preset for preset in (MOTION_CAPTURE, LIGHTHOUSE, OPTICAL_FLOW)}
"""By name."""


def with_estimator(table: RandomizationTable, name: str) -> RandomizationTable:
    """Return the table with another estimator's terms and noise; every other draw stays the same.

    Raises:
        ConfigError: for an unknown name; the message lists the valid ones.
    """
    if name not in PRESETS:
        raise ConfigError(f"there is no estimator '{name}'; choose one of: {', '.join(sorted(PRESETS))}")
    preset = PRESETS[name]
    theirs = {term.parameter for other in PRESETS.values() for term in other.terms}
    kept = tuple(term for term in table.terms if term.parameter not in theirs)
    noise = dict(table.noise_std) | dict(preset.noise_std)
    return dataclasses.replace(
        table, name=f"{table.name}, {name}", terms=kept + preset.terms, noise_std=tuple(noise.items())
    )
