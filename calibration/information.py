"""How much an experiment tells, and which mix of experiments tells most: the Fisher information's determinant.

Experiments one after the other add their informations. The mix of a given length with the largest determinant is the
D-optimal design (Kiefer and Wolfowitz, Canad. J. Math. 12, 1960): a concave problem that has one optimum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

ROUNDS = 500
"""Of the search for shares; it gains less than one in ten thousand in the last ones."""


def told(information: Array) -> float:
    """Return half the logarithm of the determinant of (1 + information), per quantity.

    It is how many times smaller than the prior's a typical interval gets, as an exponent of e. Quantities are scaled to
    a prior of unit variance.

    Args:
        information: (p, p).
    """
    _, logarithm = np.linalg.slogdet(information + np.eye(len(information)))
    return 0.5 * float(logarithm) / len(information)


def best_shares(informations: Sequence[Array] | Array) -> Array:
    """Return how to share a time among experiments so that the whole tells most, (k,) that sum to one.

    The multiplicative algorithm (Silvey, Titterington and Torsney, Comm. Statist. A 7, 1978): each share grows by what
    a little more of its experiment would add, which ends where all that are used add the same.

    Args:
        informations: (p, p) of each of k experiments, had it all the time; quantities scaled as for ``told``.
    """
    each = np.stack([np.asarray(information, np.float64) for information in informations])
    shares = np.full(len(each), 1.0 / len(each))
    for _ in range(ROUNDS):
        covariance = np.linalg.inv(np.tensordot(shares, each, 1) + np.eye(each.shape[1]))
        gain = np.einsum("ij,kji->k", covariance, each)
        if not gain.sum() > 0.0:  # nothing tells anything
            return shares
        shares = shares * gain / (shares @ gain)
    return shares
