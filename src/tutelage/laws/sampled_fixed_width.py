"""The Hessian of a finite sample at the optimum, few neurons and many inputs: a smeared bulk, and its outliers."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize.elementwise

from tutelage.activations import Activation
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.normal_points import normal_points
from tutelage.base.precision import float64
from tutelage.base.types import ArrayLike
from tutelage.laws.continued import ContinuedLaw
from tutelage.laws.known import TwoLayers
from tutelage.laws.matrix_equivalent import MatrixEquivalent
from tutelage.laws.transform import Piece, visible_pieces

_NODES = 1024
_GRID = 500
_LOWEST = 1e-10
"""Where the grid begins, relative to the top: near as many samples as parameters the lower edge is close to 0. Below it
round-off decides, and a density that reaches it goes on like the inverse of a root."""

_BANDS = np.linspace(-4, 4, 33)
_APART = 1e-4
"""An outlier nearer to the bulk than this, relative to where it is, is not told from its edge."""

_FEW, _COARSE = 4, 48
_EDGE = 1e-12
"""To which share of the distance of two grid points an edge is found."""

_RANK = 1e-10


class _Points(NamedTuple):
    """The sample, or a rule for its law: rows of equal weight."""

    g: np.ndarray
    r""":math:`a_i\sigma'(u_i)`, (N, k)."""
    h: np.ndarray
    r""":math:`(g \otimes x_\parallel, \sigma(u))`, (N, k r + k)."""


@dataclasses.dataclass(frozen=True, eq=False)
class SampledFixedWidth(ContinuedLaw):
    r"""Law of the P eigenvalues of :math:`H_n = \frac1n\sum_\nu\nabla f\,\nabla f^T` at the optimum, k fixed, d and n large.

    With :math:`g_i = a_i\sigma'(u_i)`, r = rank W and :math:`\alpha = n/(d - r)` the bulk of k (d - r) eigenvalues has the
    Stieltjes transform :math:`\frac1k\operatorname{tr}M(z)`,

    .. math:: M = \Big(E\Big[\frac{gg^T}{1 + g^TMg/\alpha}\Big] - z\Big)^{-1},

    which smears every eigenvalue of :math:`C = E\,gg^T` into a band; the k r + k others are outliers, atoms of one eigenvalue
    each where

    .. math:: \det\Big(E\Big[\frac{hh^T}{1 + g^TM(z)g/\alpha}\Big] - z\Big) = 0,\qquad h = (g \otimes x_\parallel, \sigma(u)),

    outside the bulk, and inside it are counted with it (science 14). :class:`SampledHessian` is the law for k of the order
    of d.

    **Range.** A law for large d at fixed k, not proven; sup distance to one sampled Hessian about k/d: erf, k = 3,
    n = 2 d: 0.02 at d = 150. The mean over inputs is one over 1024 points, or over the sample's own where
    ``preactivations`` are given; where :math:`\sigma'` is unbounded, the thin upper tail shows those points one by one.
    Solving takes k^4 numbers a point: seconds up to k = 4. No label noise, no biases, standard normal inputs.

    Parameters
    ----------
    network : Network
        At its optimum, one output, no biases, rank W < d.
    n : int
        Number of samples.
    preactivations : array_like, shape (N, k), optional
        :math:`u_\nu = Wx_\nu` of the sample itself.

    Raises
    ------
    InputError
        Biases, several outputs, or no direction outside the plane of the neurons.

    Examples
    --------
    >>> import tutelage
    >>> network = tutelage.Network(np.eye(1, 40), [1.0], "sigmoid")
    >>> law = SampledFixedWidth(network, n=100)  # P = 41
    >>> points, masses = law.atoms()
    >>> (41 * masses).round(9).tolist()  # one outlier: the mean of sigma
    [1.0]
    """

    tolerance = 1e-5  # the rule itself is good to three digits

    network: TwoLayers
    n: int
    preactivations: ArrayLike | None = None

    def __post_init__(self) -> None:
        who, network = "SampledFixedWidth", self.network
        object.__setattr__(self, "n", check.integer(self.n, who, "n"))
        if not all(hasattr(network, name) for name in ("W", "a", "activation")):
            raise InputError(f"{who}: expected a network, got {type(network).__name__}; tutelage.Network")
        if network.b is not None or network.c is not None or network.a.ndim != 1:
            raise InputError(f"{who}: expected one output and no biases; take the network without them")
        k, d = network.W.shape
        if len(self._plane[0]) >= d:
            raise InputError(
                f"{who}: expected rank W < d = {d}, directions that no neuron sees; laws.SampledHessian takes k >= d"
            )
        if self.preactivations is not None:
            u = check.float_array(self.preactivations, who, "preactivations", ndim=2)
            check.same_length(u.shape[1], k, who, "columns of preactivations and neurons")
            object.__setattr__(self, "preactivations", u)

    @functools.cached_property
    def _plane(self) -> tuple[np.ndarray, np.ndarray]:
        """Singular values of W, and W in an orthonormal basis of its row space, (k, r)."""
        left, values, _ = np.linalg.svd(np.asarray(self.network.W), full_matrices=False)
        kept = values > _RANK * max(float(values.max()), 1e-300)
        return values[kept], left[:, kept] * values[kept]

    @property
    def _outside(self) -> int:
        """d - r."""
        return self.network.W.shape[1] - len(self._plane[0])

    @property
    def n_params(self) -> int:
        """P."""
        k, d = self.network.W.shape
        return k * (d + 1)

    @functools.cached_property
    def _points(self) -> _Points:
        lengths, in_plane = self._plane
        if self.preactivations is None:
            x = normal_points(lengths.size, _NODES)
            u = x @ in_plane.T
        else:
            u = np.asarray(self.preactivations)
            x = u @ in_plane / lengths**2
        value, slope = _value_and_slope(self.network.activation, u)
        g = np.asarray(self.network.a) * slope
        return _Points(g, np.concatenate([np.einsum("ni,nj->nij", g, x).reshape(len(u), -1), value], axis=1))

    @functools.cached_property
    def equation(self) -> MatrixEquivalent:
        """For g in the range of C: directions of g that never occur leave zeros."""
        g = self._points.g
        values, vectors = np.linalg.eigh(g.T @ g / len(g))
        return MatrixEquivalent(g @ vectors[:, values > _RANK * values[-1]], self.n / self._outside)

    @functools.cached_property
    def _ranks(self) -> tuple[float, float]:
        """Of the bulk, and of the whole H_n."""
        g, h = self._points
        k = g.shape[1]
        by_neuron = np.concatenate([h[:, :-k].reshape(len(h), k, -1), h[:, -k:, None]], axis=2)
        return self._rank(g, None), self._rank(g, by_neuron)

    def _rank(self, g: np.ndarray, h: np.ndarray | None) -> float:
        r"""Of vectors :math:`(g \otimes x_\perp, h)`, x generic: for any subset of neurons, no more than the dimensions of
        their part and the vectors that reach beyond it; neurons that are off, as those of ReLU, make that fewer than n."""
        active = g != 0 if h is None else h.any(axis=2) | (g != 0)
        patterns, counts = np.unique(active, axis=0, return_counts=True)
        k = g.shape[1]
        some = [False] * k, [True] * k
        found = []
        for subset in some if len(patterns) == 1 else itertools.product((False, True), repeat=k):
            kept = np.array(subset)
            beyond = counts[(patterns & ~kept).any(axis=1)].sum() / counts.sum()
            dimensions = _rank_of(g[:, kept]) * self._outside
            dimensions += 0 if h is None else _rank_of(h[:, kept].reshape(len(h), -1))
            found.append(dimensions + self.n * beyond)
        return float(min(found))

    def grid(self) -> np.ndarray:
        g, alpha, top = self.equation.g, self.equation.alpha, self.equation.top
        levels = np.linalg.eigvalsh(g.T @ g / len(g))
        bands = np.maximum(levels[:, None] * (1 + _BANDS / np.sqrt(alpha)), _LOWEST * top)
        return np.unique(np.concatenate([np.geomspace(_LOWEST * top, 1.001 * top, _GRID), bands.ravel()]))

    @functools.cached_property
    def pieces(self) -> Sequence[Piece]:
        """Without those of a few points alone, which another rule would have elsewhere."""
        found = visible_pieces(self.equation.density, self.grid(), cuts=4, finest=_EDGE)
        return [piece for piece in found if self._bulk_mass(*piece) > _FEW / len(self.equation.g)]

    def _bulk_mass(self, low: float, high: float) -> float:
        """Share of the bulk between two edges, to a few per cent."""
        angle = np.pi * (np.arange(_COARSE) + 0.5) / _COARSE
        x = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
        return float(self.equation.density(x) @ np.sin(angle)) * (high - low) / 2 * np.pi / _COARSE

    def solve(self, y: np.ndarray) -> np.ndarray:
        bulk = self._ranks[0] / (self.equation.g.shape[1] * self._outside)
        solved = np.maximum(y, _LOWEST * self.equation.top)
        with np.errstate(divide="ignore"):
            return super().solve(solved) * np.sqrt(solved / y) * self.share / bulk

    @property
    def share(self) -> float:
        return (self._ranks[1] - self.outliers.size) / self.n_params

    @functools.cached_property
    def outliers(self) -> np.ndarray:
        """Eigenvalues outside the bulk, ascending."""
        ends = np.array(self.pieces).ravel()
        low = np.concatenate([[0.0], ends[1::2]]) * (1 + _APART) + 1e-9 * ends[-1]
        high = np.concatenate([ends[::2] * (1 - _APART), [self._above(ends[-1])]])
        low, high = low[low < high], high[low < high]
        # Eigenvalues of the matrix fall with z, so each crosses z once in a gap or not at all.
        crosses = (self._beyond(low) > 0) & (self._beyond(high) < 0)
        gap, place = np.nonzero(crosses)
        if not gap.size:
            return np.empty(0)
        root = scipy.optimize.elementwise.find_root(
            lambda z, place: np.take_along_axis(self._beyond(z), place.astype(int)[:, None], 1)[:, 0],
            (low[gap], high[gap]),
            args=(place.astype(float),),
        )
        return np.sort(root.x)

    def _above(self, z: float) -> float:
        """A point above all outliers."""
        z *= 2
        while self._beyond(np.array([z])).max() > 0:
            z *= 2
        return z

    def _beyond(self, z: np.ndarray) -> np.ndarray:
        """Eigenvalues of the weighted mean of h h^T less z, (n, k r + k), at real z outside the bulk."""
        z, h = z.astype(np.complex128), self._points.h
        M = self.equation.resolvent(self.equation.follow(z), z)
        weights = self.equation.weights(M).real / len(h)
        return np.linalg.eigvalsh(np.stack([(h.T * row) @ h for row in weights])) - z.real[:, None]

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        zeros = 1 - self._ranks[1] / self.n_params
        points, masses = self.outliers, np.full(self.outliers.size, 1 / self.n_params)
        if zeros < 1e-14:
            return points, masses
        return np.concatenate([[0.0], points]), np.concatenate([[zeros], masses])


def _rank_of(rows: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(rows.T @ rows, hermitian=True, rtol=_RANK)) if rows.size else 0


@float64
def _value_and_slope(sigma: Activation, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    value, slope = jax.jvp(sigma, (jnp.asarray(u),), (jnp.ones(u.shape),))
    return np.asarray(value), np.asarray(slope)
