"""From the names of terms to functions and columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.legged.state import BodyState
from sim.registry import require_known
from sim.spec import ObservationTerm


class Named(Protocol):
    """A term of a reward or an end."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def parameters(self) -> tuple[tuple[str, Any], ...]: ...  # noqa: D102


def term_function(module: object, term: Named, kind: str) -> Callable[[BodyState], np.ndarray]:
    """Return a term's function with its arguments in it.

    Args:
        module: that has it.
        term: its name and arguments.
        kind: what messages call it.

    Raises:
        ConfigError: for a name that the module does not have.
    """
    known = [name for name, value in vars(module).items() if not name.startswith("_") and callable(value)]
    require_known(term.name, known, kind)
    return partial(getattr(module, term.name), **dict(term.parameters))


def term_slice(terms: Sequence[ObservationTerm], name: str) -> slice:
    """Return where a term is in the flat observation.

    Raises:
        ConfigError: if it is not there.
    """
    require_known(name, [term.name for term in terms], "observation")
    first = 0
    for term in terms:
        if term.name == name:
            break
        first += term.size
    return slice(first, first + term.size)


def noise_row(terms: Sequence[ObservationTerm], std: Mapping[str, float]) -> NDArray[np.float32]:
    """Return the standard deviation of each column of the observation, by that of terms; 0 for those without."""
    return np.concatenate([np.full(term.size, std.get(term.name, 0.0), np.float32) for term in terms])
