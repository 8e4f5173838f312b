"""Masses and inertias of the Unitree G1's links, added up from its published parts.

Parts: Unitree's ``g1_29dof_rev_1_0.urdf`` (unitree_ros, robots/g1_description, BSD-3). Contour, logo, head and rubber
hands are links of their own that are fixed to pelvis, torso and wrists; here each belongs to the link it moves with.
"""

from __future__ import annotations

from dataclasses import replace

from sim.inertia import Inertial, add_up

_SPECK = Inertial(0.001, (0.0, 0.0, 0.0), (1e-7, 1e-7, 1e-7, 0.0, 0.0, 0.0))
"""Contour and logo."""
_HEAD = Inertial(
    1.036,
    (0.005267, 0.000299, 0.449869),
    (0.004085051, 0.004185212, 0.001807911, -2.543e-06, -6.9455e-05, -3.726e-06),
)
_HEAD_M = (0.0039635, 0.0, -0.044)
"""Of head and logo in the torso."""
_HAND = Inertial(
    0.17,
    (0.05361310808, -0.0029590524, 0.00215413091),
    (0.00010099485234748, 0.00028135871571621, 0.00021894770413514, 3.618590790516e-05, -7.4301518642e-07,
     3.30189743286e-06),
)  # fmt: skip
_HAND_M = (0.0415, 0.003, 0.0)
"""Of the left hand in its wrist."""

_PELVIS = Inertial(3.813, (0.0, 0.0, -0.07605), (0.010549, 0.0093089, 0.0079184, 0.0, 2.1e-06, 0.0))
_WAIST_YAW = Inertial(
    0.214,
    (0.003494, 0.000233, 0.018034),
    (0.00010673, 0.00010422, 0.0001625, 2.703e-06, -7.631e-06, -2.01e-07),
)
_WAIST_ROLL = Inertial(0.086, (0.0, 2.3e-05, 0.0), (7.079e-06, 6.339e-06, 8.245e-06, 0.0, 0.0, 0.0))
_TORSO = Inertial(
    6.78,
    (0.000931, 0.000346, 0.15082),
    (0.05905, 0.047014, 0.025652, 3.3302e-05, -0.0017715, -2.2399e-05),
)

_LEG = {
    "hip_pitch": Inertial(
        1.35, (0.002741, 0.047791, -0.02606), (0.001811, 0.0014193, 0.0012812, 3.68e-05, -3.44e-05, 0.000171)
    ),
    "hip_roll": Inertial(
        1.52, (0.029812, -0.001045, -0.087934), (0.0023773, 0.0024123, 0.0016595, -3.8e-06, -0.0003908, 1.84e-05)
    ),
    "hip_yaw": Inertial(
        1.702,
        (-0.057709, -0.010981, -0.15078),
        (0.0057774, 0.0076124, 0.003149, -0.0005411, -0.0023948, -0.0007072),
    ),
    "knee": Inertial(
        1.932, (0.005457, 0.003964, -0.12074), (0.011329, 0.011277, 0.0015168, 4.82e-05, -4.49e-05, -0.0007146)
    ),
    "ankle_pitch": Inertial(0.074, (-0.007269, 0.0, 0.011137), (8.4e-06, 1.89e-05, 1.26e-05, 0.0, -2.9e-06, 0.0)),
    "ankle_roll": Inertial(
        0.608, (0.026505, 0.0, -0.016425), (0.0002231, 0.0016161, 0.0016667, 2e-07, 8.91e-05, -1e-07)
    ),
}
_ARM = {
    "shoulder_pitch": Inertial(
        0.718, (0.0, 0.035892, -0.011628), (0.0004291, 0.000453, 0.000423, -9.2e-06, 6.4e-06, 2.26e-05)
    ),
    "shoulder_roll": Inertial(
        0.643, (-0.000227, 0.00727, -0.063243), (0.0006177, 0.0006912, 0.0003894, -1e-06, 8.7e-06, -5.3e-06)
    ),
    "shoulder_yaw": Inertial(
        0.734, (0.010773, -0.002949, -0.072009), (0.0009988, 0.0010605, 0.0004354, 7.9e-06, 0.0001412, -2.86e-05)
    ),
    "elbow": Inertial(
        0.6, (0.064956, 0.004454, -0.010062), (0.0002891, 0.0004152, 0.0004197, 6.53e-05, 1.72e-05, -5.6e-06)
    ),
    "wrist_roll": Inertial(
        0.08544498,
        (0.01713944778, 0.00053759094, 4.8864e-07),
        (4.821544023e-05, 3.722899093e-05, 5.482106541e-05, -4.24511021e-06, 5.10599e-09, -1.23525e-09),
    ),
    "wrist_pitch": Inertial(
        0.48404956,
        (0.02299989837, -0.00111685314, -0.00111658096),
        (0.00016579646273, 0.0004295405741, 0.00042953697654, -1.231206746e-05, 1.231699194e-05, 8.1417712e-07),
    ),
    "wrist_yaw": add_up((
        Inertial(
            0.08457647,
            (0.02200381568, 0.00049485096, 0.00053861123),
            (4.929128828e-05, 5.973338134e-05, 3.928083826e-05, -4.5735494e-07, 4.45867591e-06, 4.3217198e-07),
        ),
        _HAND.moved(*_HAND_M),
    )),
}  # fmt: skip
"""Left limbs, joint by joint; the right ones are their mirror images, but for one sign."""


def _limb(limb: dict[str, Inertial], side: str) -> dict[str, Inertial]:
    parts = limb if side == "left" else {joint: part.mirrored(1) for joint, part in limb.items()}
    return {f"{side}_{joint}_link": part for joint, part in parts.items()}


def _as_published(right_leg: dict[str, Inertial]) -> dict[str, Inertial]:
    """Give the right knee's Ixz the sign that the URDF has; a mirror image would have the left one's."""
    knee = right_leg["right_knee_link"]
    xx, yy, zz, xy, xz, yz = knee.inertia
    return right_leg | {"right_knee_link": replace(knee, inertia=(xx, yy, zz, xy, -xz, yz))}


LINKS: dict[str, Inertial] = {
    "pelvis": add_up((_PELVIS, _SPECK)),
    **_limb(_LEG, "left"),
    **_as_published(_limb(_LEG, "right")),
    "waist_yaw_link": _WAIST_YAW,
    "waist_roll_link": _WAIST_ROLL,
    "torso_link": add_up((_TORSO, _HEAD.moved(*_HEAD_M), _SPECK.moved(*_HEAD_M))),
    **_limb(_ARM, "left"),
    **_limb(_ARM, "right"),
}
"""Link by name, the pelvis first, then in the order of the joints that move them."""
