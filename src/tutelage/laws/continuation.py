"""Fixed-point equations of resolvents, solved by Newton's method from the upper half plane down to the real line."""

from __future__ import annotations

import abc

import numpy as np

_LAST = 10
_CHUNK = 2**17
_STRIDE = 12
_CONVERGED = 1e-11
_ABOVE = 1e-9
_FINER = 4
_ROUND_OFF = 1e-12


class Continuation(abc.ABC):
    r"""An equation for a state (n, s) at n points z, and the Stieltjes transform :math:`\int\rho(x)/(x - z)\,dx` that it gives.

    Above the real line, and on it inside the support, exactly one solution is ``proper``: whichever way it was found, it
    is the right one. Far above, Newton's method finds it from anywhere; it is followed down from there.
    """

    heights: int = 40
    """Values of Im z between far above and the real line."""

    steps: int = 3
    """Newton steps at each of them."""

    @property
    @abc.abstractmethod
    def top(self) -> float:
        """An upper bound of the support, or its scale."""

    @property
    @abc.abstractmethod
    def width(self) -> int:
        """Numbers of memory to a point."""

    @abc.abstractmethod
    def start(self, z: np.ndarray) -> np.ndarray:
        """The state far above the real line."""

    @abc.abstractmethod
    def step(self, state: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One Newton step, and its relative size (n,)."""

    @abc.abstractmethod
    def imaginary(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The least imaginary part of the resolvent by its size, (n,): positive for the proper solution alone."""

    @abc.abstractmethod
    def transform(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The Stieltjes transform, (n,)."""

    def density(self, x: np.ndarray) -> np.ndarray:
        """Im m(x + i0)/pi, x (n,) > 0."""
        value = np.empty(x.shape)
        order = np.argsort(x)
        size = max(_STRIDE, _CHUNK // self.width)
        for start in range(0, x.size, size):
            part = order[start : start + size]
            z = x[part].astype(np.complex128)
            value[part] = self.transform(self._on_line(z), z).imag / np.pi
        return np.maximum(value, 0.0)

    def _on_line(self, z: np.ndarray) -> np.ndarray:
        """States at ascending real z: some are followed down, the others start between them and are followed if that
        fails."""
        seeds = np.unique(np.append(np.arange(0, z.size, _STRIDE), z.size - 1))
        known = self.follow(z[seeds])
        state = np.stack([np.interp(z.real, z[seeds].real, column) for column in known.T], axis=1)
        state, settled = self._polish(state, z)
        lost = ~settled | ~(self.proper(state, z) | self.outside(state, z))
        lost[seeds] = False
        if lost.any():
            state[lost] = self.follow(z[lost])
        return state

    def proper(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Which states at real z are those of a resolvent inside the support."""
        return self.imaginary(state, z) > _ABOVE

    def outside(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Which states at real z are known to be those of a resolvent outside the support; the others are followed down."""
        return np.zeros(z.size, bool)

    def right(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Which states at z above the real line are the proper ones."""
        return self.imaginary(state, z) > -_ROUND_OFF

    def follow(self, z: np.ndarray) -> np.ndarray:
        """The state at z (n,), Im z >= 0, from large Im z down; in smaller steps where that has lost it."""
        state, right = self._descend(z, self.heights, self.steps)
        if not right.all():
            state[~right] = self._descend(z[~right], _FINER * self.heights, self.steps)[0]
        return state

    def _descend(self, z: np.ndarray, heights: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """The state at z, and whether it was the proper one just above."""
        start = 4 * self.top + 2 * np.abs(z)
        fall = np.maximum(1e-9 * np.abs(z), 1e-290) / start
        state, above = self.start(z + 1j * start), z
        for share in np.linspace(0, 1, heights) ** 0.8:
            above = z + 1j * start * fall**share
            for _ in range(steps):
                state = self.step(state, above)[0]
        return self._polish(state, z)[0], self.right(state, above)

    def _polish(self, state: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Newton steps at z itself, and where they settled."""
        settled, state = np.zeros(z.size, bool), state.astype(np.complex128)
        for _ in range(_LAST):
            open_ = np.flatnonzero(~settled)
            if not open_.size:
                break
            state[open_], change = self.step(state[open_], z[open_])
            settled[open_] = change < _CONVERGED
        return state, settled
