"""A linear network's law before inputs that are not white."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from tutelage.base import check
from tutelage.laws.continued import ContinuedLaw, between
from tutelage.laws.equivalent import Equivalent

_GRID = 2000


@dataclasses.dataclass(frozen=True)
class CorrelatedLinear(ContinuedLaw):
    r"""Law of the non-zero eigenvalues of :math:`M^{1/2}(sI + W^TW)M^{1/2}`, d, k large: what :class:`LinearNetwork` with a
    ``covariance`` stands for.

    .. math:: e = \frac1d\sum_l\frac{m_l}{m_lc - z},\qquad c = s + \frac{k/d}{1 + e},\qquad
        m(z) = \frac{1}{\mathrm{rank}M}\sum_l\frac{1}{m_lc - z}

    over the positive eigenvalues :math:`m_l` of M (science B4). One that occurs more than k times leaves an atom at
    :math:`s\,m_l`; beside that of one that occurs exactly k times the density is infinite.

    Parameters
    ----------
    d, k : int
    levels : sequence of float
        The positive :math:`m_l`, at most d of them.
    length : float
        :math:`s = |a|^2`.

    Raises
    ------
    InputError
        Levels that are not finite, a negative length.

    Examples
    --------
    >>> law = CorrelatedLinear(4, 8, [0.5, 1.0, 1.0, 1.5])
    >>> law.mean(), law.var()  # t_1 (1 + k/d); t_2 (1 + 2k/d + (k/d)^2) + t_1^2 k/d - 9
    (3.0, 3.125)
    """

    d: int
    k: int
    levels: Sequence[float]
    length: float = 1.0

    def __post_init__(self) -> None:
        who = "CorrelatedLinear"
        for name in ("d", "k"):
            object.__setattr__(self, name, check.integer(getattr(self, name), who, name))
        check.number(self.length, who, "length", minimum=0.0)
        check.finite(check.float_array(self.levels, who, "levels", ndim=1), who, "levels")

    @functools.cached_property
    def _distinct(self) -> tuple[np.ndarray, np.ndarray]:
        return np.unique(np.asarray(self.levels, dtype=np.float64), return_counts=True)

    @functools.cached_property
    def equation(self) -> Equivalent:
        m, counts = self._distinct
        rank = counts.sum()
        return Equivalent(counts / rank, self.length * m, m, self.k / self.d, float(rank) / self.d)

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        m, counts = self._distinct
        many = counts > self.k
        return self.length * m[many], (counts[many] - self.k) / counts.sum()

    def hard_edges(self) -> np.ndarray:
        m, counts = self._distinct
        return self.length * m[counts == self.k]

    def grid(self) -> np.ndarray:
        return between(self.equation.fixed.min(), self.equation.top, _GRID)

    def mean(self) -> float:
        m, p = self.equation.coupled, self.equation.weight
        return float(p @ m) * (self.length + self.k / self.d)

    def var(self) -> float:
        here, r = self.equation, self.k / self.d
        first = float(here.weight @ here.coupled)
        spread = float(here.weight @ (here.coupled - first) ** 2)
        return spread * (self.length + r) ** 2 + r * here.feedback * first**2
