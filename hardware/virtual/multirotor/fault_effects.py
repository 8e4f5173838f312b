"""What each fault of ``MULTIROTOR_KINDS`` does to a flying body and to what measures it."""

from __future__ import annotations

import math

from hardware.virtual.faults import Fault
from hardware.virtual.multirotor.battery import LOW_BATTERY_FAULT_CHARGE, Battery
from hardware.virtual.multirotor.body import Body
from hardware.virtual.multirotor.estimator import StateEstimator


def apply_to_multirotor(fault: Fault, active: bool, body: Body, battery: Battery, estimator: StateEstimator) -> bool:
    """Begin or end a fault; returns whether it was one of these.

    An empty cell and a kick happen once: they do not end.
    """
    value = fault.value if active else 0.0
    if fault.name == "dead-motor":
        body.set_motor(round(fault.value) - 1, alive=not active)
    elif fault.name == "battery-sag":
        battery.sag_v = value
    elif fault.name == "gyro-bias":
        estimator.gyro_bias_b = (math.radians(value), 0.0, 0.0)
    elif fault.name == "position-bias":
        estimator.position_bias_w = (value, 0.0, 0.0)
    elif fault.name == "nan-estimate":
        estimator.broken = active
    elif fault.name == "low-battery":
        if active:
            battery.charge = LOW_BATTERY_FAULT_CHARGE
    elif fault.name == "kick":
        if active:
            body.tilt(math.radians(fault.value))
    else:
        return False
    return True
