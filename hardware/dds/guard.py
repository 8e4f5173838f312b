"""One copy of the DDS library per process: pip's or ROS's, never both.

PyPI's ``cyclonedds`` brings its own ``libddsc``; a sourced ROS loads another one. Two copies in one
process have two sets of domains and threads and end in crashes without a message.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sim.errors import ToolchainError

_LIBRARY = "libddsc"
_MAPS = Path("/proc/self/maps")


def require_pip_dds() -> None:
    """Make sure that importing ``cyclonedds`` is possible and harmless.

    Raises:
        ToolchainError: if it is not installed, or another copy of its library is loaded.
    """
    spec = find_spec("cyclonedds")
    if spec is None or spec.origin is None:
        raise ToolchainError("DDS links need the package cyclonedds: make setup, or pip install -e '.[dds]'")
    own = Path(spec.origin).parent.parent.resolve()
    foreign = [path for path in loaded_dds_libraries() if not path.resolve().is_relative_to(own)]
    if foreign:
        raise ToolchainError(
            f"another DDS library is loaded here ({foreign[0]}): run the DDS link in a process without ROS,"
            " in a shell where ROS is not sourced"
        )


def loaded_dds_libraries() -> list[Path]:
    """Return the files of the DDS library that are mapped into this process; none where the system cannot tell."""
    try:
        lines = _MAPS.read_text().splitlines()
    except OSError:
        return []
    paths = {line.split(maxsplit=5)[-1] for line in lines if _LIBRARY in line}
    return sorted(Path(path) for path in paths if path.startswith("/"))
