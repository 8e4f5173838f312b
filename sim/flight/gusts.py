"""Wind gusts: Dryden's turbulence at low altitude, as an exact discrete filter per environment.

Spectra, intensities and lengths are those of MIL-F-8785C (1980), section 3.7.2, for heights up to
1000 ft: along the mean wind (u) a first-order filter of white noise, across (v) and vertical (w)
the filter sigma sqrt(3/T) (s + 1/(sqrt(3) T)) / (s + 1/T)^2 with T = L/V. V is the speed at which
the frozen field passes by: for a hovering robot the mean wind. Because the filters are linear, the
discrete ones below have exactly the continuous ones' covariance at the samples, whatever the step.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from sim.flight.rotor import FASTMATH

Array = NDArray[np.float32]

FOOT_M = 0.3048
LOWEST_M = 10.0 * FOOT_M
"""Height below which the specification gives no numbers: its lowest ones are used there (3.7.3.4)."""
_ALONG_X = np.array([1.0, 0.0], np.float32)
SLOWEST_M_S = 0.1
"""The field passes at least this fast, so that calm air has finite time constants."""


def intensities_and_lengths(wind_m_s: ArrayLike, height_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return standard deviations (m/s) and scale lengths (m) along u, v, w, ``(n, 3)`` each.

    With h in feet: sigma_w = 0.1 W, sigma_u = sigma_v = sigma_w / (0.177 + 0.000823 h)^0.4;
    L_w = h, L_u = L_v = h / (0.177 + 0.000823 h)^1.2 (MIL-F-8785C, figures 10 and 11).

    Args:
        wind_m_s: wind speed W at 6 m (20 ft), ``(n,)`` m/s.
        height_m: above ground, up to 305 m.
    """
    wind = np.asarray(wind_m_s, np.float64)[:, None]
    feet = max(height_m, LOWEST_M) / FOOT_M
    slope = 0.177 + 0.000823 * feet
    sigma = 0.1 * wind * np.array([slope**-0.4, slope**-0.4, 1.0])
    length = np.broadcast_to(feet * FOOT_M * np.array([slope**-1.2, slope**-1.2, 1.0]), sigma.shape)
    return sigma, length


class Gusts:
    """Turbulence of a batch of environments around their mean winds.

    ``wind_w`` ``(num_envs, 3)`` float32 m/s is the velocity of the air now: mean wind plus gusts,
    with u along the horizontal mean wind (along x where there is none).
    """

    def __init__(self, num_envs: int) -> None:
        self.wind_w = np.zeros((num_envs, 3), np.float32)
        self._mean_w = np.zeros((num_envs, 3), np.float32)
        self._heading = np.tile(_ALONG_X, (num_envs, 1))
        self._filter = np.zeros((num_envs, 3, 6), np.float32)
        self._stationary = np.zeros((num_envs, 3, 3), np.float32)
        self._state = np.zeros((num_envs, 3, 2), np.float32)
        self.blowing = False
        """Whether there are gusts anywhere; without, ``advance`` changes nothing."""

    def restart(
        self,
        ids: NDArray[np.integer],
        gust_speed: ArrayLike,
        mean_w: ArrayLike,
        step_s: float | NDArray[np.floating],
        rng: np.random.Generator,
        height_m: float = LOWEST_M,
    ) -> None:
        """Begin the episodes ``ids`` in turbulence that has been blowing for ever (the stationary distribution).

        Args:
            ids: environments.
            gust_speed: wind at 6 m that sets the intensity, ``(len(ids),)`` m/s; 0 for none.
            mean_w: mean wind, ``(len(ids), 3)`` m/s.
            step_s: interval between two calls of ``advance``, one for all or ``(len(ids),)``.
            rng: source of the start.
            height_m: above ground.
        """
        speed = np.asarray(gust_speed, np.float64)
        self._mean_w[ids] = mean_w
        self._heading[ids] = _heading(self._mean_w[ids])
        passing = np.maximum(speed, SLOWEST_M_S)[:, None]
        sigma, length = intensities_and_lengths(speed, height_m)
        step = np.broadcast_to(np.asarray(step_s, np.float64), speed.shape)[:, None]
        self._filter[ids], self._stationary[ids] = _discretise(sigma, length / passing, step)
        noise = rng.standard_normal((len(speed), 3, 2))
        root = self._stationary[ids]
        self._state[ids, :, 0] = root[..., 0] * noise[..., 0]
        self._state[ids, :, 1] = root[..., 1] * noise[..., 0] + root[..., 2] * noise[..., 1]
        self.blowing = bool(self._filter.any())
        self._blow(np.zeros_like(self._state), False)

    def advance(self, rng: np.random.Generator) -> None:
        """Move on by one interval; draws nothing where nothing blows."""
        if self.blowing:
            self._blow(rng.standard_normal(self._state.shape, np.float32), True)

    def _blow(self, noise: Array, move: bool) -> None:
        _blow(self._filter, self._state, noise, move, self._mean_w, self._heading, self.wind_w)


def _heading(mean_w: Array) -> Array:
    """Horizontal unit vector along the mean wind, ``(n, 2)``; x where there is none."""
    horizontal = mean_w[:, :2].copy()
    speed = np.linalg.norm(horizontal, axis=1, keepdims=True)
    return np.where(speed > 0.0, horizontal / np.where(speed > 0.0, speed, 1.0), _ALONG_X)


def _discretise(
    sigma: NDArray[np.float64], lag_s: NDArray[np.float64], step_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact discrete filters of u, v, w, with the output y as their first state.

    Time counted in T, the second-order filter of white noise n is x' = -x + sqrt(2) n and
    y' = -y + (1 - sqrt(3))/sqrt(2) x + sqrt(3) n; u is y' = -y + sqrt(2) n alone. Both have unit
    variance; their covariance over a step is made of integrals of t^k e^(-2t).

    Returns:
        ``(n, 3, 6)``: transition ``yy, yx, xx`` and noise factor (lower Cholesky) ``yy, xy, xx``;
        and ``(n, 3, 3)``: the stationary covariance's lower Cholesky factor ``yy, xy, xx``.
    """
    first = np.array([1.0, 0.0, 0.0])  # u is of first order
    z = step_s / lag_s
    decay = np.exp(-z)
    couple = np.where(first, 0.0, (1.0 - np.sqrt(3.0)) / np.sqrt(2.0))
    drive = np.where(first, np.sqrt(2.0), np.sqrt(3.0))
    # Unit sigma and time in lags: y = e^-t (y0 + couple x0 t) + noise through drive + couple sqrt(2) t.
    c = couple * np.sqrt(2.0)
    i0, i1, i2 = (_moment(z, k) for k in range(3))
    yy = drive**2 * i0 + 2.0 * drive * c * i1 + c**2 * i2
    xy = np.sqrt(2.0) * (drive * i0 + c * i1)
    xx = 2.0 * i0
    whole = (0.5, 0.25, 0.25)  # the same integrals to infinity
    s_yy = drive**2 * whole[0] + 2.0 * drive * c * whole[1] + c**2 * whole[2]
    s_xy = np.sqrt(2.0) * (drive * whole[0] + c * whole[1]) * np.ones_like(z)
    transition = np.stack([decay, decay * couple * z, decay], axis=-1)
    noise = _cholesky(yy, xy, xx) * sigma[..., None]
    stationary = _cholesky(s_yy * np.ones_like(z), s_xy, np.ones_like(z)) * sigma[..., None]
    return np.concatenate([transition * (sigma > 0.0)[..., None], noise], axis=-1), stationary


def _moment(z: NDArray[np.float64], power: int) -> NDArray[np.float64]:
    """Integral of t^power e^(-2t) from 0 to z; a series where the closed form would cancel."""
    small = np.minimum(z, 0.1)
    terms = [(-2.0) ** k / (_factorial(k) * (power + 1 + k)) * small ** (power + 1 + k) for k in range(9)]
    e = np.exp(-2.0 * z)
    closed = (
        0.5 * -np.expm1(-2.0 * z),
        0.25 * (1.0 - e * (1.0 + 2.0 * z)),
        0.25 * (1.0 - e * (1.0 + 2.0 * z + 2.0 * z * z)),
    )[power]
    return np.where(z < 0.1, sum(terms), closed)


def _factorial(k: int) -> float:
    return float(np.prod(np.arange(1, k + 1)))


def _cholesky(yy, xy, xx) -> NDArray[np.float64]:
    """Lower factor of [[yy, xy], [xy, xx]] by its entries ``yy, xy, xx``."""
    root = np.sqrt(yy)
    below = xy / root
    return np.stack([root, below, np.sqrt(np.maximum(xx - below**2, 0.0))], axis=-1)


@njit(cache=True, fastmath=FASTMATH, error_model="numpy")
def _blow(coefficients, state, noise, move, mean_w, heading, wind_w):
    for n in range(state.shape[0]):
        if move:
            for k in range(3):
                f = coefficients[n, k]
                y, x, a, b = state[n, k, 0], state[n, k, 1], noise[n, k, 0], noise[n, k, 1]
                state[n, k, 0] = f[0] * y + f[1] * x + f[3] * a
                state[n, k, 1] = f[2] * x + f[4] * a + f[5] * b
        u, v = state[n, 0, 0], state[n, 1, 0]
        wind_w[n, 0] = mean_w[n, 0] + heading[n, 0] * u - heading[n, 1] * v
        wind_w[n, 1] = mean_w[n, 1] + heading[n, 1] * u + heading[n, 0] * v
        wind_w[n, 2] = mean_w[n, 2] + state[n, 2, 0]
