"""Masses and inertias of the Unitree Go1's links, added up from its published parts.

Parts: Unitree's ``go1.urdf`` (unitree_ros, robots/go1_description, BSD-3). Its rotors are links of their own that
are fixed to trunk, hip and thigh, and so is the foot to the calf; here each belongs to the link that it moves with.
Its eight cameras and ultrasound sensors, which weigh 10 mg each, are left off.
"""

from __future__ import annotations

from sim.inertia import Inertial, add_up

LEGS = ("FR", "FL", "RR", "RL")
"""Front right first: the order of the motors in Unitree's ``LowCmd``."""

HIP_M = (0.1881, 0.04675, 0.0)
"""Axis of a hip from the trunk's middle: forward, outward, up."""
THIGH_M, CALF_M = 0.213, 0.213
"""Hip to knee, knee to the middle of the foot."""
HIP_OFFSET_M = 0.08
"""From the hip's axis outward to the leg's plane."""

_ROTOR_ABOUT_X = Inertial(0.089, (0.0, 0.0, 0.0), (1.11842e-4, 5.9647e-5, 5.9647e-5, 0.0, 0.0, 0.0))
_ROTOR_ABOUT_Y = Inertial(0.089, (0.0, 0.0, 0.0), (5.9647e-5, 1.11842e-4, 5.9647e-5, 0.0, 0.0, 0.0))
_HIP_ROTOR_M = (0.11215, 0.04675)

_TRUNK = Inertial(
    5.204,
    (0.0223, 0.002, -0.0005),
    (0.0168128557, 0.063009565, 0.0716547275, -0.0002296769, -0.0002945293, -4.18731e-05),
)
_IMU = Inertial(0.001, (-0.01592, -0.06659, -0.00617), (1e-4, 1e-4, 1e-4, 0.0, 0.0, 0.0))

# The front left leg; the others are its mirror images.
_HIP = Inertial(
    0.591,
    (-0.005657, -0.008752, -0.000102),
    (0.000334008405, 0.000619101213, 0.00040057614, -1.0826066e-05, 1.290732e-06, 1.643194e-06),
)
_THIGH = Inertial(
    0.92,
    (-0.003342, -0.018054, -0.033451),
    (0.004431760472, 0.004485671726, 0.000740309489, 5.7496807e-05, -0.000218457134, 0.000572001265),
)
_CALF = Inertial(
    0.135862,
    (0.006197, 0.001408, -0.116695),
    (0.001088793059, 0.001100428748, 2.4787446e-05, -2.55679e-07, 7.117814e-06, 2.077264e-06),
)
_FOOT = Inertial(0.06, (0.0, 0.0, -CALF_M), (9.6e-6, 9.6e-6, 9.6e-6, 0.0, 0.0, 0.0))


def _leg(leg: str) -> dict[str, Inertial]:
    """Return hip, thigh and calf of one leg."""
    side = 1.0 if leg[1] == "L" else -1.0
    hip = _HIP if leg[0] == "F" else _HIP.mirrored(0)
    hip, thigh = (part if side > 0.0 else part.mirrored(1) for part in (hip, _THIGH))
    return {
        f"{leg}_hip": add_up((hip, _ROTOR_ABOUT_Y.moved(y=-0.00015 * side))),
        f"{leg}_thigh": add_up((thigh, _ROTOR_ABOUT_Y.moved(y=-0.03235 * side))),
        f"{leg}_calf": add_up((_CALF, _FOOT)),  # Unitree's calves are the same on either side
    }


def _trunk() -> Inertial:
    rotors = (_ROTOR_ABOUT_X.moved(x, y) for x in (_HIP_ROTOR_M[0], -_HIP_ROTOR_M[0]) for y in _HIP_ROTOR_Y)
    return add_up((_TRUNK, _IMU, *rotors))


_HIP_ROTOR_Y = (_HIP_ROTOR_M[1], -_HIP_ROTOR_M[1])

LINKS: dict[str, Inertial] = {"trunk": _trunk()} | {name: part for leg in LEGS for name, part in _leg(leg).items()}
"""Link by name, the trunk first, then leg by leg from the hip down."""
