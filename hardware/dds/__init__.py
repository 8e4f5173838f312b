"""Humanoids and quadrupeds at joint level: Unitree's DDS messages on PyPI's cyclonedds.

Importing it where the library is missing, or ROS's copy of it is loaded, is a ``ToolchainError``.
"""

from hardware.dds.guard import require_pip_dds

require_pip_dds()
