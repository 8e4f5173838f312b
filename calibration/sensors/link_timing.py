"""Two clocks and the delay between them, from the stamps that a robot sends and the times at which they arrive.

One way, the least delay and the offset of the clocks cannot be told apart: their sum is the line below all points
(Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay measurements", INFOCOM 1999). With
the round trip of packets each way takes half of the least one (Cristian, "Probabilistic clock synchronization", 1989),
and is known to no better than the other half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError

Array = NDArray[np.float64]
FEWEST = 50
SHORTEST_S = 1.0
ONE_WAY = (
    "stamps go one way only: the clocks' offset and the least delay cannot be told apart; log round trips to tell them"
)


@dataclass(frozen=True)
class LinkTiming:
    """What stamps say; s unless said otherwise.

    Attributes:
        drift_ppm: by which the robot's clock is slow.
        offset_and_least_delay_s: arrival less stamp of the fastest packet, at the first stamp.
        late_median_s: by how much later than the fastest a packet arrives.
        late_p95_s: the same for all but a twentieth.
        least_delay_s: one way; ``None`` without round trips.
        offset_s: of the clocks, at the first stamp; ``None`` without round trips.
        unknown: what is not stated, and why.
    """

    drift_ppm: float
    offset_and_least_delay_s: float
    late_median_s: float
    late_p95_s: float
    least_delay_s: float | None
    offset_s: float | None
    unknown: dict[str, str]

    @property
    def latency_s(self) -> float | None:
        """Median one-way delay; ``None`` without round trips."""
        return None if self.least_delay_s is None else self.least_delay_s + self.late_median_s


def link_timing(stamp_s: Array, arrival_s: Array, round_trip_s: Array | None = None) -> LinkTiming:
    """Return clocks and delays.

    Args:
        stamp_s: (n,) when packets left, on the robot's clock.
        arrival_s: (n,) when they arrived, on the host's.
        round_trip_s: (m,) of packets there and back; NaN where nobody measured it.

    Raises:
        ConfigError: for too few packets, or too short a time, to tell a drift.
    """
    stamp_s, arrival_s = np.asarray(stamp_s, np.float64), np.asarray(arrival_s, np.float64)
    if len(stamp_s) < FEWEST or not np.ptp(stamp_s) > SHORTEST_S:
        raise ConfigError(f"{len(stamp_s)} stamps are too few to compare two clocks: {FEWEST} over {SHORTEST_S:g} s")
    since = stamp_s - stamp_s[0]
    apart = arrival_s - stamp_s
    slope, least = _line_below(since, apart)
    late = apart - least - slope * since
    trips = np.asarray([] if round_trip_s is None else round_trip_s, np.float64)
    trips = trips[np.isfinite(trips) & (trips > 0.0)]
    half = 0.5 * float(trips.min()) if len(trips) else None
    return LinkTiming(
        drift_ppm=1e6 * slope,
        offset_and_least_delay_s=least,
        late_median_s=float(np.median(late)),
        late_p95_s=float(np.quantile(late, 0.95)),
        least_delay_s=half,
        offset_s=None if half is None else least - half,
        unknown={"least_delay_s": ONE_WAY, "offset_s": ONE_WAY} if half is None else {},
    )


def _line_below(x: Array, y: Array) -> tuple[float, float]:
    """Return slope and level of the line below all points whose mean distance to them is least.

    It is an edge of the lower convex hull: the one above the mean of ``x``.
    """
    order = np.lexsort((y, x))
    hull: list[int] = []
    for point in order:
        while len(hull) > 1 and _turns_right(x, y, hull[-2], hull[-1], point):
            hull.pop()
        if hull and x[hull[-1]] == x[point]:
            continue
        hull.append(int(point))
    corners = np.array(hull)
    right = int(np.clip(np.searchsorted(x[corners], x.mean()), 1, len(corners) - 1))
    a, b = corners[right - 1], corners[right]
    slope = float((y[b] - y[a]) / (x[b] - x[a]))
    return slope, float(y[a] - slope * x[a])


def _turns_right(x: Array, y: Array, a: int, b: int, c: int) -> bool:
    return (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a]) <= 0.0
