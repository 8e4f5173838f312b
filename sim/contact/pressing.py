"""Keeps a held object lightly on a face along which the hand slides it.

Contact is stiff (10 N/mm) and the arm heavy (9 kg): a force that is only regulated bounces, and an edge in the air
passes over every hole. So the force sets a speed, as admittance control does (Hogan, "Impedance Control", 1985), and
the speed is regulated, with damping for both, and with an integral against what sliding does to the arm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.arm.impedance import TACSL
from sim.contact.search_settings import SearchSettings

Array = NDArray[np.float64]
TOUCHING_N = 0.25
YIELD_M_SN, LIFTING_M_S = 10e-3, 20e-3
"""Speed per newton too much, and the most up."""
DAMPING_N_S_M = 150.0
"""2 z sqrt(k m) would be 600 for z = 1; a quarter of it, for one action comes a sixtieth of a second late."""
MOVING_N_S_M = 110.0
"""What moving the tool up or down takes: the impedance's own damping and the joints' nominal one."""
INTEGRAL_S, LEAST_M, MOST_M = 0.02, -3e-3, 5e-3
"""What is added per step of a speed that is missed, in the air only, and within which limits."""


class Pressing:
    """One for all simulations.

    Args:
        num_envs: simulations.
    """

    def __init__(self, num_envs: int) -> None:
        self._learnt_m = np.zeros(num_envs)

    def step(self, sliding: NDArray[np.bool_], force: Array, speed: Array, settings: SearchSettings) -> Array:
        """Return how far beyond the tool its goal must be, m, up; (n,).

        Args:
            sliding: where an object is to be kept on a face, (n,); what was learnt elsewhere is forgotten.
            force: of the face on the hand, N, up; (n,).
            speed: of the object's end, m/s, up; (n,).
            settings: how hard it is to be pressed, and how fast lowered.
        """
        wanted = np.clip(YIELD_M_SN * (force - settings.force_n), -settings.lowering_m_s, LIFTING_M_S)
        more = np.clip(self._learnt_m + INTEGRAL_S * (speed - wanted), LEAST_M, MOST_M)
        learnt = np.where(force < TOUCHING_N, more, self._learnt_m)
        self._learnt_m = np.where(sliding, learnt, 0.0)
        push = DAMPING_N_S_M * (wanted - speed) + MOVING_N_S_M * wanted
        return push / TACSL.stiffness_n_m - self._learnt_m
