"""What the link of a robot on legs would report of a simulated one."""

import dataclasses

from hardware.states import JointState


def joint_state(data):
    """Of MuJoCo's data."""
    joints = len(data.ctrl)
    known = {
        "position": tuple(data.qpos[7:]), "velocity": tuple(data.qvel[6:]), "torque": (0.0,) * joints,
        "orientation_wxyz": tuple(data.qpos[3:7]), "angular_velocity_b": tuple(data.qvel[3:6]),
        "temperature_c": (25.0,) * joints,
    }  # fmt: skip
    rest = {
        field.name: 0.0
        for field in dataclasses.fields(JointState)
        if field.name not in known and field.default is dataclasses.MISSING
    }
    return JointState(**known, **rest)
