"""How the Go1 with an arm follows a person: as the Go1 does, the arm stays near its default pose."""

from sim.robots.go1.retarget import MAPPING

__all__ = ["MAPPING"]
