"""The limit law of a linear network's non-zero Hessian eigenvalues."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import ArrayLike

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import Law
from tutelage.laws.chi_square import ChiSquare
from tutelage.laws.convolution import Convolution
from tutelage.laws.correlated_linear import CorrelatedLinear
from tutelage.laws.marchenko_pastur import MarchenkoPastur
from tutelage.laws.network_law import NetworkLaw
from tutelage.laws.point_mass import PointMass
from tutelage.laws.scaled import Scaled
from tutelage.laws.wishart import Wishart

_ZERO = 1e-12
"""Eigenvalues of a covariance below this share of the largest are zeros."""


def linear_eigenvalues(W: np.ndarray, a: np.ndarray) -> np.ndarray:
    r"""The d non-zero eigenvalues :math:`|a|^2 + \mathrm{eig}(W^T W)` of given weights, ascending, shape (..., d).

    Only the smaller Gram matrix is diagonalised; for k < d the other d - k eigenvalues are exactly :math:`|a|^2`.
    Couto et al. 2025, (8)-(10), section 3.1 and appendix A.

    Parameters
    ----------
    W, a : ndarray, shape (..., k, d) and (..., k)

    Examples
    --------
    >>> linear_eigenvalues(np.array([[3.0, 0.0]]), np.array([2.0])).tolist()
    [4.0, 13.0]
    """
    W, a = check.float_array(W, "linear_eigenvalues", "W"), check.float_array(a, "linear_eigenvalues", "a")
    if W.ndim < 2 or a.shape != W.shape[:-1]:
        raise InputError(
            f"linear_eigenvalues: expected W (..., k, d) and a (..., k), got shapes {W.shape} and {a.shape}; reshape them"
        )
    k, d = W.shape[-2:]
    transposed = np.swapaxes(W, -1, -2)
    shared = np.linalg.eigvalsh(W @ transposed if k < d else transposed @ W)
    zeros = np.zeros((*shared.shape[:-1], d - shared.shape[-1]))
    return np.concatenate([zeros, shared], axis=-1) + np.sum(a**2, axis=-1)[..., None]


@dataclasses.dataclass(frozen=True)
class LinearNetwork(NetworkLaw):
    r"""Law of the d non-zero eigenvalues :math:`|a|^2 + \mathrm{eig}(W^T W)` over random teachers, for large
    d and k.

    .. math:: \lambda \sim \chi^2_k/k \;\oplus\; \mathrm{MP}(d/k,\,k/d)

    (classical convolution). For k >= d the second law has no atom; for k < d its atom 1 - k/d at 0 makes
    this the mixture
    :math:`\frac kd[\chi^2_k/k \oplus \mathrm{MP}(k/d, 1)] + (1 - \frac kd)\,\chi^2_k/k`. Couto et al. 2025,
    section 3 and
    appendix A; science 4. Mean 1 + k/d, variance 2/k + k/d. The law at these very sizes is
    :class:`FiniteLinearNetwork`, at distance 0.0134 for (10, 20) and 0.0026 for (30, 10).

    Inputs with second moment :math:`M = E\,xx^T`: given ``covariance``, the law of the rank M non-zero eigenvalues of
    :math:`M^{1/2}(|a|^2 + W^TW)M^{1/2}` at :math:`|a|^2 = ` ``length``, :class:`CorrelatedLinear` (science B4). Sup distance of
    one teacher, log-normal M: 0.030, 0.010, 0.003 at d = 50, 200, 800, k = 2d. M far from the identity with few
    distinct eigenvalues splits the law into bands; each one needs many eigenvalues to look like the law.

    Parameters
    ----------
    d, k : int
        Input dimension and width.
    covariance : array_like, shape (d, d) or (d,), optional
        M, or its eigenvalues; kept as those.
    length : float, optional
        :math:`|a|^2`. Without it white inputs are averaged over teachers; with a covariance it is 1, its limit.

    Examples
    --------
    >>> law = LinearNetwork(d=10, k=20)
    >>> law.mean(), round(law.var(), 12)
    (3.0, 2.1)
    >>> LinearNetwork(d=3, k=6, covariance=[1.0, 2.0, 3.0]).mean()
    6.0
    """

    d: int
    k: int
    covariance: ArrayLike | None = dataclasses.field(default=None, repr=False)
    length: float | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.length is not None:
            object.__setattr__(self, "length", check.number(self.length, "LinearNetwork", "length", above=0))
        if self.covariance is not None:
            object.__setattr__(self, "covariance", _eigenvalues(self.covariance, self.d))

    @property
    def rank(self) -> int:
        return self.d if self.covariance is None else int(np.count_nonzero(self.covariance))

    @functools.cached_property
    def composition(self) -> Law:
        """chi-square and Marchenko-Pastur, or their counterpart for a covariance."""
        if self.covariance is not None:
            return _correlated(self.d, self.k, np.asarray(self.covariance), self.length or 1.0)
        if self.length is not None:
            return Convolution(PointMass(self.length), MarchenkoPastur(self.d / self.k, self.k / self.d))
        return Convolution(ChiSquare(self.k, 1 / self.k), MarchenkoPastur(self.d / self.k, self.k / self.d))


@dataclasses.dataclass(frozen=True)
class FiniteLinearNetwork(NetworkLaw):
    r"""Law of one of the d non-zero eigenvalues :math:`|a|^2 + \mathrm{eig}(W^T W)`, exact at this d and k.

    .. math:: \lambda \sim \chi^2_k/k \;\oplus\; \mathrm{Wishart}_d(k)/d

    a and W are independent, so the convolution is exact: with weights N(0, 1/k) and N(0, 1/d), nothing is a limit.
    Mean 1 + k/d and variance 2/k + (k/d)(1 + 1/d) (science 4). Eigenvalues of one teacher are dependent (for k < d
    the d - k smallest are equal): this is the law of one eigenvalue picked at random, see :mod:`tutelage.laws.distance`.

    Parameters
    ----------
    d, k : int
        Input dimension and width.

    Examples
    --------
    >>> law = FiniteLinearNetwork(d=10, k=20)
    >>> law.mean(), round(law.var(), 12)
    (3.0, 2.3)
    """

    d: int
    k: int

    @functools.cached_property
    def composition(self) -> Convolution:
        """chi-square and Wishart."""
        return Convolution(ChiSquare(self.k, 1 / self.k), Wishart(self.d, self.k, 1 / self.d))


def _correlated(d: int, k: int, levels: np.ndarray, length: float) -> Law:
    """The law for these eigenvalues of M; where all positive ones are equal, in closed form."""
    levels = levels[levels > 0]
    if np.ptp(levels) > 0:
        return CorrelatedLinear(d, k, tuple(levels.tolist()), length)
    shared = MarchenkoPastur(levels.size / k, k / d)
    return Scaled(Convolution(PointMass(length), shared), float(levels[0]))


def _eigenvalues(covariance: ArrayLike, d: int) -> tuple[float, ...]:
    """Of a matrix, or as given; ascending, round-off at zero."""
    who = "LinearNetwork"
    array = check.float_array(covariance, who, "covariance")
    if array.shape not in ((d,), (d, d)):
        raise InputError(f"{who}: expected a covariance of shape ({d}, {d}) or ({d},), got {array.shape}")
    values = np.sort(array) if array.ndim == 1 else np.linalg.eigvalsh(array)
    if values[0] < -_ZERO * abs(values[-1]) or values[-1] <= 0:
        raise InputError(f"{who}: expected a covariance >= 0 and not 0, got an eigenvalue {values[0]:.3g}")
    return tuple(np.where(values > _ZERO * values[-1], values, 0.0).tolist())
