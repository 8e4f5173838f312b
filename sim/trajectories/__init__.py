"""Where to be when: smooth references with analytic derivatives, in NumPy alone, for simulation and robot side alike.

    reference = parse_trajectory("figure8:period=5.5").sample(time_s)

Every trajectory begins at the origin at rest; whoever flies it adds the place where it begins.
"""

from sim.trajectories.parse import parse_trajectory
from sim.trajectories.reference import Reference, Trajectory

__all__ = ["Reference", "Trajectory", "parse_trajectory"]
