"""How joints are taken over without a jerk: by targets that ask of the motors the torque that they give already."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holding_targets(position: ArrayLike, torque: ArrayLike, kp: ArrayLike) -> NDArray[np.float64]:
    """Return joint targets whose position loop gives the same torque as before (bumpless transfer), (n,) rad.

    A robot that stands leans on its motors: each joint is off its target by torque / kp. Held at the angles where it
    is found it would get no torque at first, sink until the same error has built up again, and a humanoid falls
    before that. A joint whose torque is not known is held where it is.

    Args:
        position: (n,) measured, rad.
        torque: (n,) measured, N m; not a number where it is not known.
        kp: (n,) stiffness of the loop that takes over, N m/rad.
    """
    offset = np.asarray(torque, np.float64) / np.asarray(kp, np.float64)
    return np.asarray(position, np.float64) + np.where(np.isfinite(offset), offset, 0.0)
