"""The deterministic equivalent that laws of random matrices with given parts share, solved by Newton's method."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.laws.continuation import Continuation

_CLEAR = 1e-6
"""By how much S is told from 1; nearer, at edges of the support, points are followed."""


@dataclasses.dataclass(frozen=True, eq=False)
class Equivalent(Continuation):
    r"""Resolvent of a fixed part plus a sum of random dyads, both diagonal in one basis with levels l of weight p.

    .. math:: \omega_l(z) = \frac{1}{A_l + r\,\varphi_l/(1 + e) - z},\qquad e(z) = q\sum_lp_l\,\varphi_l\,\omega_l,\qquad
        m(z) = \sum_lp_l\,\omega_l .

    The proper solution has Im e > 0, which by the imaginary part of the equation says that

    .. math:: S = \frac{qr}{|1 + e|^2}\sum_lp_l\,\varphi_l^2\,|\omega_l|^2 < 1 :\qquad
        (1 - S)\,\mathrm{Im}\,e = q\,\mathrm{Im}\,z\sum_lp_l\,\varphi_l\,|\omega_l|^2 .

    At real z inside the support S = 1. Outside of it e is real and S the derivative of the right-hand side: where that is below
    1, e follows z into the upper half plane. The state is e; the Newton steps are taken in log e and never leave the upper half
    plane, so that it is S that tells where they went astray.

    Parameters
    ----------
    weight, fixed, coupled : ndarray, shape (L,)
        p, A, and phi > 0.
    ratio, feedback : float
        r, q.
    """

    weight: np.ndarray
    fixed: np.ndarray
    coupled: np.ndarray
    ratio: float
    feedback: float

    heights = 20

    @property
    def top(self) -> float:
        """An upper bound of the support."""
        largest = self.ratio * self.coupled.max() * (1 + np.sqrt(self.feedback / self.ratio)) ** 2
        return float(self.fixed.max() + largest)

    @property
    def width(self) -> int:
        return self.weight.size

    def start(self, z: np.ndarray) -> np.ndarray:
        return -self.feedback * (self.weight @ self.coupled) / z[:, None]

    def imaginary(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        return state[:, 0].imag / np.abs(state[:, 0])

    def right(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        return self._share(state, z) < 1 + _CLEAR

    def outside(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        return self._share(state, z) < 1 - _CLEAR

    def _share(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        """S, (n,)."""
        size = np.abs(self._resolvent(state, z)) ** 2
        return (
            self.feedback
            * self.ratio
            / np.abs(1 + state[:, 0]) ** 2
            * (size @ (self.weight * self.coupled**2))
        )

    def transform(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        return self._resolvent(state, z) @ self.weight

    def _resolvent(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        """omega, (n, L)."""
        return 1 / (self.fixed + (self.ratio / (1 + state)) * self.coupled - z[:, None])

    def step(self, state: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A step halved into the upper half plane where it leaves it."""
        resolvent, e = self._resolvent(state, z), state[:, 0]
        weighted = self.weight * self.coupled
        value = self.feedback * (resolvent @ weighted) - e
        slope = self.feedback * self.ratio / (1 + e) ** 2 * (resolvent**2 @ (weighted * self.coupled)) - 1
        step = -value / (slope * e)
        size = np.abs(step)
        new = e * np.exp(step * np.minimum(1, 1 / np.maximum(size, 1e-300)))
        return np.where(new.imag < 0, new.real + 0.5j * np.maximum(e.imag, 0), new)[:, None], size
