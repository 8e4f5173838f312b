"""An arm in its workspace, pointing down, with nothing on its pads."""

import numpy as np

from hardware.arm.state import ArmState

HEALTHY = ArmState(
    received_ns=10**9,
    robot_ms=1000,
    joint_position=(0.0, 0.1, 0.0, -2.1, 0.0, 1.9, 0.8, 0.005, 0.005),
    tool_position=(0.5, 0.0, 0.2),
    tool_wxyz=(0.0, 1.0, 0.0, 0.0),
    fixture_position=(0.52, 0.03, 0.0),
    fixture_wxyz=(1.0, 0.0, 0.0, 0.0),
    images={"field": np.zeros((2, 14, 10, 3), np.float32)},
)
