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
from tutelage.laws.mixture import Mixture
from tutelage.laws.network_law import NetworkLaw
from tutelage.laws.point_mass import PointMass
from tutelage.laws.scaled import Scaled
from tutelage.laws.wishart import Wishart

_ZERO = 1e-12
"""Eigenvalues of a covariance below this share of the largest are zeros."""


def linear_eigenvalues(W: np.ndarray, a: np.ndarray) -> np.ndarray:
    r"""The d non-zero eigenvalues :math:`|a|^2 + \mathrm{eig}(W^T W)` of given weights, ascending, shape (..., d).

    Only the smaller Gram matrix is diagonalised; for k < d the other d - k eigenvalues are exactly :math:`|a|^2`.
    Of m outputs, all d m sums of an eigenvalue of :math:`AA^T` and one of :math:`W^TW`, (d - k)(m - k) zeros among them
    where k is below both. Couto et al. 2025, (8)-(10), section 3.1 and appendix A; science 19.

    Parameters
    ----------
    W, a : ndarray, shape (..., k, d) and (..., k) or (..., m, k)

    Examples
    --------
    >>> linear_eigenvalues(np.array([[3.0, 0.0]]), np.array([2.0])).tolist()
    [4.0, 13.0]
    """
    W, a = check.float_array(W, "linear_eigenvalues", "W"), check.float_array(a, "linear_eigenvalues", "a")
    one = W.ndim >= 2 and a.shape == W.shape[:-1]
    if not one and not (
        a.ndim == W.ndim >= 2 and a.shape[-1] == W.shape[-2] and a.shape[:-2] == W.shape[:-2]
    ):
        raise InputError(
            f"linear_eigenvalues: expected W (..., k, d) and a (..., k) or (..., m, k), got shapes {W.shape} and {a.shape}; "
            "reshape them"
        )
    shared = _gram_eigenvalues(np.swapaxes(W, -1, -2))
    if one:
        return shared + np.sum(a**2, axis=-1)[..., None]
    sums = _gram_eigenvalues(a)[..., :, None] + shared[..., None, :]
    return np.sort(sums.reshape(*sums.shape[:-2], -1), axis=-1)


def _gram_eigenvalues(G: np.ndarray) -> np.ndarray:
    """Of G Gᵀ, G (..., n, k), ascending, through the smaller Gram matrix."""
    n, k = G.shape[-2:]
    transposed = np.swapaxes(G, -1, -2)
    found = np.linalg.eigvalsh(transposed @ G if k < n else G @ transposed)
    return np.concatenate([np.zeros((*found.shape[:-1], n - found.shape[-1])), found], axis=-1)


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
    outputs : int
        m. The eigenvalues of several are all sums of one of :math:`AA^T` and one of :math:`W^TW`, so that the law is a
        convolution of two, :math:`\mathrm{MP}(m/k, 1) \oplus \mathrm{MP}(d/k, k/d)` without the zeros (science 19); under
        white inputs.

    Raises
    ------
    InputError
        Several outputs with a covariance or a length.

    Examples
    --------
    >>> law = LinearNetwork(d=10, k=20)
    >>> law.mean(), round(law.var(), 12)
    (3.0, 2.1)
    >>> round(LinearNetwork(d=3, k=6, covariance=[1.0, 2.0, 3.0]).mean(), 12)
    6.0
    >>> LinearNetwork(d=10, k=20, outputs=5).rank, LinearNetwork(d=10, k=3, outputs=5).rank
    (50, 36)
    """

    d: int
    k: int
    covariance: ArrayLike | None = dataclasses.field(default=None, repr=False)
    length: float | None = dataclasses.field(default=None, repr=False)
    outputs: int = dataclasses.field(default=1, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.length is not None:
            object.__setattr__(self, "length", check.number(self.length, "LinearNetwork", "length", above=0))
        if self.covariance is not None:
            object.__setattr__(self, "covariance", _eigenvalues(self.covariance, self.d))
        object.__setattr__(self, "outputs", check.integer(self.outputs, "LinearNetwork", "outputs"))
        if self.outputs > 1 and not (self.covariance is None and self.length is None):
            raise InputError(
                f"LinearNetwork: expected white inputs and no length with {self.outputs} outputs; their law is known for "
                "these alone"
            )

    @property
    def n_params(self) -> int:
        return self.k * (self.d + self.outputs)

    @property
    def rank(self) -> int:
        if self.outputs > 1:
            return _rank_of_sums(self.d, self.k, self.outputs)
        return self.d if self.covariance is None else int(np.count_nonzero(self.covariance))

    @functools.cached_property
    def composition(self) -> Law:
        """chi-square and Marchenko-Pastur, or their counterpart for a covariance or several outputs."""
        if self.outputs > 1:
            outer, inner = (
                _positive_marchenko_pastur(n, self.k, n_of)
                for n, n_of in ((self.outputs, self.k), (self.d, self.d))
            )
            return _sums(outer, inner, self.d, self.k, self.outputs)
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
    outputs : int
        m: with several, the law of one of the non-zero sums of an eigenvalue of :math:`AA^T` and one of :math:`W^TW`, which
        are independent (science 19).

    Examples
    --------
    >>> law = FiniteLinearNetwork(d=10, k=20)
    >>> law.mean(), round(law.var(), 12)
    (3.0, 2.3)
    >>> round(FiniteLinearNetwork(d=10, k=20, outputs=4).mean(), 12)
    3.0
    """

    d: int
    k: int
    outputs: int = dataclasses.field(default=1, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "outputs", check.integer(self.outputs, "FiniteLinearNetwork", "outputs"))

    @property
    def n_params(self) -> int:
        return self.k * (self.d + self.outputs)

    @property
    def rank(self) -> int:
        return _rank_of_sums(self.d, self.k, self.outputs)

    @functools.cached_property
    def composition(self) -> Law:
        """chi-square and Wishart, or two Wisharts."""
        if self.outputs > 1:
            outer = Wishart(min(self.outputs, self.k), max(self.outputs, self.k), 1 / self.k)
            inner = Wishart(min(self.d, self.k), max(self.d, self.k), 1 / self.d)
            return _sums(outer, inner, self.d, self.k, self.outputs)
        return Convolution(ChiSquare(self.k, 1 / self.k), Wishart(self.d, self.k, 1 / self.d))


def _rank_of_sums(d: int, k: int, m: int) -> int:
    """Pairs of an eigenvalue of AAᵀ (m, m) and one of WᵀW (d, d) of which one is not zero; d for one output."""
    return m * d - max(m - k, 0) * max(d - k, 0)


def _positive_marchenko_pastur(n: int, k: int, variance: int) -> MarchenkoPastur:
    """The positive eigenvalues of G Gᵀ/variance, G (n, k)."""
    small, large = min(n, k), max(n, k)
    return MarchenkoPastur(small / large, large / variance)


def _sums(outer: Law, inner: Law, d: int, k: int, m: int) -> Law:
    """One of the non-zero sums: both terms positive, or one of them and a zero of the other."""
    p, q = min(k, m), min(k, d)
    parts = ((Convolution(outer, inner), p * q), (inner, (m - p) * q), (outer, p * (d - q)))
    kept = [(law, count) for law, count in parts if count]
    total = sum(count for _, count in kept)
    return Mixture(tuple(law for law, _ in kept), tuple(count / total for _, count in kept))


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
