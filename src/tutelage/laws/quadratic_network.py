"""Quadratic networks: an outlier that grows with the width, d + k eigenvalues of order one, and a bulk of pairs."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.value import Value
from tutelage.laws.base import Law
from tutelage.laws.mixture import Mixture
from tutelage.laws.network_law import NetworkLaw
from tutelage.laws.odd_network import coupled_groups
from tutelage.laws.point_mass import PointMass
from tutelage.laws.scaled import Scaled
from tutelage.laws.weighted_marchenko_pastur import quadratic_bulk


@dataclasses.dataclass(frozen=True)
class QuadraticNetwork(NetworkLaw):
    r"""Law of the non-zero eigenvalues for :math:`u + \alpha u^2`, :math:`d, k \to \infty` at a fixed ratio.

    - ``outlier``, one: :math:`\alpha^2 k + 1 + 2\alpha^2 + 4\alpha^2|a|^2 + 4\alpha^2 k/d` on average; it diverges;
    - ``group``, d + k - 1 of order one: both roots of
      :math:`\begin{pmatrix} |a|^2 & |a|s \\ |a|s & s^2+2\alpha^2\end{pmatrix}` for every singular value s of W,
      besides d - k at :math:`|a|^2` when d > k, and k - d at :math:`2\alpha^2` when k > d;
    - ``bulk``, all others: :math:`4\alpha^2(s_i^2 + s_j^2), i \le j`, s the singular values of diag(a) W:
      :func:`quadratic_bulk` in units of :math:`4\alpha^2|a|^2/k`.

    :math:`|a|^2` is 1 in the limit; that of one network may be given. ``full()`` adds the zeros, which are the rest:
    with m = min(d, k) there are md - m(m - 1)/2 + m non-zero ones (Couto et al. 2025, (14)). Predictions from given
    weights: :class:`QuadraticGroups`. Science 8b; distance of the bulk 0.099, 0.041, 0.019 at d = k = 20, 40, 80.

    Parameters
    ----------
    alpha : float
        Not 0; its sign does not matter.
    d, k : int
        Input dimension and width, k <= d(d + 1)/2.
    length : float
        :math:`|a|^2`.

    Examples
    --------
    >>> law = QuadraticNetwork(1.0, d=40, k=40)
    >>> law.rank, law.outlier, round(law.bulk.mean(), 12)
    (860, 51.0, 0.2)
    """

    alpha: float
    d: int
    k: int
    length: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        who = "QuadraticNetwork"
        object.__setattr__(self, "alpha", check.number(self.alpha, who, "alpha"))
        object.__setattr__(self, "length", check.number(self.length, who, "length", above=0))
        if self.alpha == 0:
            raise InputError(f"{who}: expected alpha != 0, got 0; LinearNetwork is the law of the linear one")
        if _pairs(self.d, self.k) < max(self.d, self.k):
            raise InputError(
                f"{who}: expected k <= d(d + 1)/2 = {self.d * (self.d + 1) // 2}, got {self.k}; beyond it no bulk is left"
            )

    @property
    def rank(self) -> int:
        return _pairs(self.d, self.k) + min(self.d, self.k)

    @property
    def outlier(self) -> float:
        """Mean of the largest eigenvalue, to leading orders."""
        square = self.alpha**2
        return 1 + square * (self.k + 2 + 4 * self.length + 4 * self.k / self.d)

    @functools.cached_property
    def group(self) -> Mixture:
        """Law of the d + k - 1 others of order one."""
        total = self.d + self.k
        groups = coupled_groups(self.d, self.k, 1.0, 2 * self.alpha**2, self.length)
        return Mixture(groups, (self.d / total, self.k / total))

    @functools.cached_property
    def bulk(self) -> Scaled:
        """Law of the bulk."""
        return Scaled(quadratic_bulk(self.k / self.d), 4 * self.alpha**2 * self.length / self.k)

    @functools.cached_property
    def composition(self) -> Mixture:
        """Outlier, group and bulk."""
        counts = np.array([1, self.d + self.k - 1, self.rank - self.d - self.k])
        laws: tuple[Law, ...] = (PointMass(self.outlier), self.group, self.bulk)
        return Mixture(laws, (counts / self.rank).tolist())


def _pairs(d: int, k: int) -> int:
    """How many sums s_i^2 + s_j^2, i <= j <= d, are not zero when min(d, k) of the s are not."""
    m = min(d, k)
    return m * d - m * (m - 1) // 2


@dataclasses.dataclass(frozen=True, eq=False)
class QuadraticGroups(Value):
    r"""The groups of :class:`QuadraticNetwork` predicted from given weights, each descending.

    Parameters
    ----------
    W, a : ndarray, shape (k, d) and (k,)
    alpha : float

    Examples
    --------
    >>> groups = QuadraticGroups(np.eye(3), np.ones(3), 0.5)
    >>> groups.group.size, groups.bulk.tolist()
    (5, [2.0, 2.0, 2.0])
    """

    W: np.ndarray
    a: np.ndarray
    alpha: float

    @property
    def outlier(self) -> float:
        r"""The largest: :math:`\alpha^2\sum_i|w_i|^4 + 4\alpha^2|a|^2 + 1 + 2\alpha^2(1 + k/d)`."""
        k, d = self.W.shape
        fourth = float(np.sum(np.sum(self.W**2, axis=1) ** 2))
        return 1 + self.alpha**2 * (fourth + 4 * float(self.a @ self.a) + 2 * (1 + k / d))

    @functools.cached_property
    def group(self) -> np.ndarray:
        r"""The d + k - 1 of order one: eigenvalues, without the largest, of
        :math:`\begin{pmatrix} |a|^2I & |a|W^T \\ |a|W & WW^T + 2\alpha^2I + \alpha^2qq^T\end{pmatrix}, q_i = |w_i|^2`.
        """
        k, d = self.W.shape
        length, square, q = float(self.a @ self.a), self.alpha**2, np.sum(self.W**2, axis=1)
        lower = self.W @ self.W.T + 2 * square * np.eye(k) + square * np.outer(q, q)
        coupling = np.sqrt(length) * self.W
        matrix = np.block([[length * np.eye(d), coupling.T], [coupling, lower]])
        return np.linalg.eigvalsh(matrix)[-2::-1]

    @functools.cached_property
    def bulk(self) -> np.ndarray:
        """The pairs that are not zero, without the max(d, k) largest, whose places the group has."""
        k, d = self.W.shape
        squared = np.linalg.svd(self.a[:, None] * self.W, compute_uv=False) ** 2
        squared = np.concatenate([squared, np.zeros(max(d - k, 0))])
        i, j = np.triu_indices(d)
        pairs = np.sort(4 * self.alpha**2 * (squared[i] + squared[j]))[::-1]
        return pairs[max(d, k) : _pairs(d, k)]
