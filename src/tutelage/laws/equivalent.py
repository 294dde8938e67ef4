"""The deterministic equivalent that laws of random matrices with given parts share, solved by Newton's method."""

from __future__ import annotations

import dataclasses

import numpy as np

_HEIGHTS = 40
_STEPS = 3
_LAST = 10
_CHUNK = 2**17
_STRIDE = 12
_CONVERGED = 1e-11
_ABOVE = 1e-9


@dataclasses.dataclass(frozen=True, eq=False)
class Equivalent:
    r"""Resolvent of a fixed part plus a sum of random dyads, both diagonal in one basis with levels l of weight p.

    .. math:: \omega_l(z) = \frac{1}{A_l + r\,\varphi_l/(1 + e) - z},\qquad e(z) = q\sum_lp_l\,\varphi_l\,\omega_l,\qquad
        m(z) = \sum_lp_l\,\omega_l,

    m the Stieltjes transform :math:`\int\rho(x)/(x - z)\,dx`. Above the real line, and on it inside the support, exactly one
    solution has Im e > 0. Followed by Newton steps in log e from a large Im z down.

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

    @property
    def top(self) -> float:
        """An upper bound of the support."""
        largest = self.ratio * self.coupled.max() * (1 + np.sqrt(self.feedback / self.ratio)) ** 2
        return float(self.fixed.max() + largest)

    def density(self, x: np.ndarray) -> np.ndarray:
        """Im m(x + i0)/pi, x (n,) > 0."""
        value = np.empty(x.shape)
        order = np.argsort(x)
        size = max(_STRIDE, _CHUNK // self.weight.size)
        for start in range(0, x.size, size):
            part = order[start : start + size]
            z = x[part].astype(np.complex128)
            value[part] = (self._resolvent(self._on_line(z), z) @ self.weight).imag / np.pi
        return np.maximum(value, 0.0)

    def _on_line(self, z: np.ndarray) -> np.ndarray:
        """e at ascending real z: some are followed down, the others start between them and are followed if that fails."""
        seeds = np.unique(np.append(np.arange(0, z.size, _STRIDE), z.size - 1))
        e = np.interp(z.real, z[seeds].real, self.follow(z[seeds]))
        e, settled = self._polish(e, z)
        # The one solution with Im e > 0 is the right one, whichever way it was found.
        lost = ~settled | (e.imag <= _ABOVE * np.abs(e))
        lost[seeds] = False
        e[lost] = self.follow(z[lost])
        return e

    def follow(self, z: np.ndarray) -> np.ndarray:
        """e(z), z (n,) with Im z >= 0, from large Im z down."""
        start = 4 * self.top + 2 * np.abs(z)
        fall = np.maximum(1e-9 * np.abs(z), 1e-290) / start
        e = -self.feedback * (self.weight @ self.coupled) / (z + 1j * start)
        for share in np.linspace(0, 1, _HEIGHTS) ** 0.8:
            for _ in range(_STEPS):
                e = self._step(e, z + 1j * start * fall**share)[0]
        return self._polish(e, z)[0]

    def _polish(self, e: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Newton steps at z itself, and where they settled."""
        settled, e = np.zeros(z.size, bool), e.astype(np.complex128)
        for _ in range(_LAST):
            open_ = np.flatnonzero(~settled)
            if not open_.size:
                break
            e[open_], change = self._step(e[open_], z[open_])
            settled[open_] = change < _CONVERGED
        return e, settled

    def _resolvent(self, e: np.ndarray, z: np.ndarray) -> np.ndarray:
        """omega, (n, L)."""
        return 1 / (self.fixed + np.multiply.outer(self.ratio / (1 + e), self.coupled) - z[:, None])

    def _step(self, e: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One Newton step in log e, halved into the upper half plane where it leaves it, and its relative size."""
        resolvent = self._resolvent(e, z)
        weighted = self.weight * self.coupled
        value = self.feedback * (resolvent @ weighted) - e
        slope = self.feedback * self.ratio / (1 + e) ** 2 * (resolvent**2 @ (weighted * self.coupled)) - 1
        step = -value / (slope * e)
        size = np.abs(step)
        new = e * np.exp(step * np.minimum(1, 1 / np.maximum(size, 1e-300)))
        return np.where(new.imag < 0, new.real + 0.5j * np.maximum(e.imag, 0), new), size
