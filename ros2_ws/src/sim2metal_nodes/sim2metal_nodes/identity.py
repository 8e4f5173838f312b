"""Parameters ``serial`` and ``units``: which robot is connected, so that a bundle for another one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hardware.identity import UNITS, check_robot
from policies.bundle import Bundle
from sim2metal_nodes.parameters import declare


class Identity:
    """Declares the parameters; a robot whose serial number nobody gives is unknown."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._serial: str = declare(
            node, "serial", "", "serial number of the robot; a bundle that was trained for another one is refused"
        )
        self._units: str = declare(node, "units", str(UNITS), "folder of the files of identified robots, SERIAL.json")

    @property
    def metadata(self) -> dict[str, str]:
        """What a log says of it."""
        return {"serial": self._serial} if self._serial else {}

    def check(self, bundle: Bundle, uri: str | None = None) -> None:
        """Refuse a bundle for another robot; say where the robot's file and the bundle differ.

        Args:
            bundle: that is to move it.
            uri: where it is; ``None`` where only topics are known.

        Raises:
            ConfigError: naming both robots.
            StorageError: if the robot's file cannot be read.
        """
        note = check_robot(bundle, self._serial or None, uri, Path(self._units), "parameter serial:=")
        if note:
            self._node.get_logger().warning(note)
