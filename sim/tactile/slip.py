"""See from the force field alone that an object is about to slip, or slips.

Where a taxel slips, its shear is friction times its normal force; where it sticks, less. Long before an object moves
as a whole, some of its rim slips: the share of the load on taxels that do says how near it is (incipient slip:
M. R. Tremblay and M. R. Cutkosky, "Estimating friction using incipient slip sensing during a manipulation task",
ICRA 1993).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError

NEARLY = 0.9
"""Of friction's limit: from there on a taxel counts as slipping, so that friction may be known to 10 %."""
MOST = 0.5
"""An object slips if more than this share of its load does."""
FAINT = 0.02
"""Taxels with less than this share of the hardest press say nothing: noise."""


class SlipDetector:
    """Slip of a batch of pads.

    Args:
        friction: coefficient between gel and object; too small a one warns early, too large a one late or never.
        nearly: share of friction's limit that counts as slipping.
        most: share of the load on slipping taxels from which on the object slips.

    Raises:
        ConfigError: for a friction that is not positive, or shares that are not between 0 and 1.
    """

    def __init__(self, friction: float, nearly: float = NEARLY, most: float = MOST) -> None:
        """See above."""
        if not friction > 0.0:
            raise ConfigError(f"slip needs a positive friction, not {friction}")
        for name, share in (("nearly", nearly), ("most", most)):
            if not 0.0 < share < 1.0:
                raise ConfigError(f"slip's '{name}' must be between 0 and 1, not {share}")
        self.friction, self.nearly, self.most = friction, nearly, most

    def share(self, force: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the share of each pad's load on taxels that slip, 0 without contact.

        Args:
            force: of the field, N, pad frame; (..., taxels, 3).

        Returns:
            (...,) between 0 and 1.
        """
        field = np.asarray(force, dtype=np.float64)
        press = np.maximum(-field[..., 2], 0.0)
        felt = press > FAINT * press.max(axis=-1, keepdims=True)
        shear = np.hypot(field[..., 0], field[..., 1])
        slipping = felt & (shear >= self.nearly * self.friction * press)
        load = (press * felt).sum(axis=-1)
        return np.where(load > 0.0, (press * slipping).sum(axis=-1) / np.where(load > 0.0, load, 1.0), 0.0)

    def slips(self, force: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return whether the object slips on each pad; arguments as for ``share``."""
        return self.share(force) > self.most
