"""Deep linear networks: nested Marchenko-Pastur laws, one complex unknown however deep."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Sequence

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import moment_order
from tutelage.laws.free import free_moments
from tutelage.laws.mixture import Mixture
from tutelage.laws.network_law import with_zeros
from tutelage.laws.transform import Piece, TransformLaw, visible_pieces

_HEIGHTS = 48
_STEPS = 4
_LAST = 10
_GRID = 400


def deep_linear_eigenvalues(weights: Sequence[np.ndarray]) -> np.ndarray:
    r"""The d non-zero eigenvalues of a deep linear network with one output, ascending.

    .. math:: N_{L+1} = I,\quad N_j = |b_j|^2 I + W_j^TN_{j+1}W_j,\quad b_j = W_j^T\cdots W_L^T\,a \ \text{from above layer } j,

    and N_1 has the non-zero spectrum of H at the optimum (science D1, D2).

    Parameters
    ----------
    weights : sequence of ndarray
        :math:`W_1 (k_1, d), \dots, W_L (k_L, k_{L-1})` and the read-out a (k_L,).

    Raises
    ------
    InputError
        Layers that are no matrices or do not follow on each other.

    Examples
    --------
    >>> deep_linear_eigenvalues([np.array([[3.0, 0.0]]), np.array([2.0])]).tolist()
    [4.0, 13.0]
    """
    who = "deep_linear_eigenvalues"
    *given, b = weights if len(weights) else ([],)
    layers = [check.float_array(W, who, "layer", ndim=2) for W in given]
    b = check.float_array(b, who, "read-out", ndim=1)
    for W, above in itertools.pairwise([*layers, b]):
        check.same_length(above.shape[-1], len(W), who, "the inputs of a layer and the neurons below it")
    matrix = np.eye(b.size)
    for W in reversed(layers):
        matrix = (b @ b) * np.eye(W.shape[1]) + W.T @ matrix @ W
        b = W.T @ b
    return np.linalg.eigvalsh(matrix)


@dataclasses.dataclass(frozen=True)
class DeepLinear(TransformLaw):
    r"""Law of the d non-zero eigenvalues of a deep linear network with one output, for large widths.

    With :math:`r_j = k_j/k_{j-1}`, :math:`s_j = |W_{j+1}^T\cdots W_L^Ta|^2` (1 on average; given as ``lengths``) and
    :math:`g_j` the Stieltjes transform of :math:`N_j` (:func:`deep_linear_eigenvalues`),

    .. math:: g_{L+1}(z) = \frac{1}{1 - z},\qquad
        g_j(z) = \frac{1}{s_j - z + \frac{r_j}{g_j}\left(1 - \frac{g_{j+1}(-1/g_j)}{g_j}\right)},

    nested Marchenko-Pastur laws (science D3). Given :math:`g_L`, all others and z follow explicitly, so that Newton's method
    has one complex unknown at any depth. All moments come from the free cumulants
    :math:`\kappa_n(N_j) = r_j\,m_n(N_{j+1}) + s_j[n = 1]`: equal widths, mean L + 1, variance L(L + 1)(2L + 1)/6.

    **Range.** Widths to infinity at fixed ratios, and the lengths of one teacher (those of random teachers vary by
    :math:`\sqrt{2/k}`). Sup distance of one teacher, three equal widths: 0.031 at 60, 0.010 at 240, 0.0035 at 960.

    Parameters
    ----------
    widths : sequence of int
        :math:`d, k_1, \dots, k_L`, L >= 1.
    lengths : sequence of float, optional
        :math:`s_1, \dots, s_L`; 1 each by default.

    Examples
    --------
    >>> law = DeepLinear([60, 60, 60])
    >>> law.mean(), law.var(), law.support()[0]
    (3.0, 5.0, 1.0)
    """

    widths: Sequence[int]
    lengths: Sequence[float] | None = None

    def __post_init__(self) -> None:
        who = "DeepLinear"
        widths = tuple(check.integer(width, who, "width") for width in self.widths)
        if len(widths) < 2:
            raise InputError(
                f"{who}: expected d and at least one width, got {widths}; pass [d, k_1, ..., k_L]"
            )
        given = (1.0,) * (len(widths) - 1) if self.lengths is None else self.lengths
        lengths = tuple(check.number(length, who, "length", above=0) for length in given)
        check.same_length(len(lengths), len(widths) - 1, who, "lengths and hidden widths")
        object.__setattr__(self, "widths", widths)
        object.__setattr__(self, "lengths", lengths)

    @property
    def rank(self) -> int:
        """How many eigenvalues are not zero: d."""
        return self.widths[0]

    def full(self) -> Mixture:
        """Law of all eigenvalues: the zeros are the other parameters.

        Examples
        --------
        >>> float(DeepLinear([4, 5]).full().cdf(0.0)) == 1 - 4 / 25
        True
        """
        pairs = zip(self.widths, self.widths[1:], strict=False)
        return with_zeros(self, self.rank, sum(m * n for m, n in pairs) + self.widths[-1], "DeepLinear.full")

    @functools.cached_property
    def _layers(self) -> tuple[tuple[float, float], ...]:
        """(s_j, r_j) from the first layer on."""
        assert self.lengths is not None
        ratios = (self.widths[j + 1] / self.widths[j] for j in range(len(self.lengths)))
        return tuple(zip(self.lengths, ratios, strict=True))

    @property
    def origin(self) -> float:
        """The first length: N_1 is never below it."""
        return self._layers[0][0]

    @property
    def share(self) -> float:
        return min(1.0, self._layers[0][1])

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return (np.array([self.origin]), np.array([1 - self.share])) if self.share < 1 else super().atoms()

    @property
    def _top(self) -> float:
        """An upper bound of y: norms of the nested parts."""
        norm = 1.0
        for s, r in reversed(self._layers[1:]):
            norm = s + (1 + np.sqrt(r)) ** 2 * norm
        return float((1 + np.sqrt(self._layers[0][1])) ** 2 * norm)

    @functools.cached_property
    def pieces(self) -> Sequence[Piece]:
        ratio = self._layers[0][1]
        above = self._layers[1][0] if len(self._layers) > 1 else 1.0  # the smallest eigenvalue of N_2
        low = (1 - np.sqrt(ratio)) ** 2 * above / 2
        return visible_pieces(self.solve, np.geomspace(max(low, 1e-9 * self._top), 1.01 * self._top, _GRID))

    def _chain(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """y = z - s_1 as a function of g = g_L, its derivative, and g_1."""
        after, slope_after = g / (1 + g), 1 / (1 + g) ** 2
        here, slope = g, np.ones_like(g)
        for j, (s, r) in enumerate(reversed(self._layers), 1):
            last, inverse = j == len(self._layers), 1 / here
            # s - 1/here + r/here - r after/here^2, and its derivative by g
            nested = r * after * inverse
            value = (0.0 if last else s) - inverse * (nested + (1 - r))
            change = inverse**2 * (slope * (2 * nested + (1 - r)) - r * slope_after)
            if last:
                return value, change, here
            after, slope_after = here, slope
            here, slope = -1 / value, change / value**2
        raise AssertionError("a network has a layer")

    def solve(self, y: np.ndarray) -> np.ndarray:
        z = np.asarray(y, dtype=np.complex128)
        start = 8 * (self._top + self.origin) + 2 * np.abs(z)
        fall = np.maximum(1e-10 * np.abs(z), 1e-290) / start
        g = -1 / (z + 1j * start)
        for share in np.linspace(0, 1, _HEIGHTS) ** 0.8:
            above = z + 1j * start * fall**share
            for _ in range(_STEPS):
                g = self._step(g, above)
        for _ in range(_LAST):
            g = self._step(g, z)
        return np.maximum(self._chain(g)[2].imag, 0.0) / np.pi

    def _step(self, g: np.ndarray, z: np.ndarray) -> np.ndarray:
        """One Newton step in log g, halved into the upper half plane where it leaves it."""
        value, slope, _ = self._chain(g)
        step = (z - value) / (slope * g)
        new = g * np.exp(step * np.minimum(1, 1 / np.maximum(np.abs(step), 1e-300)))
        return np.where(new.imag < 0, new.real + 0.5j * np.maximum(g.imag, 0), new)

    def moment(self, order: int) -> float:
        """From the nested free cumulants."""
        return float(self._moments(moment_order(order, self))[0])

    def _moments(self, order: int) -> tuple[float, float]:
        """E x^order, and E x^2 of the law one layer up."""
        moments = above = np.ones(max(order, 2) + 1)
        for s, r in reversed(self._layers):
            above = moments
            cumulants = r * moments[1:]
            cumulants[0] += s
            moments = free_moments(cumulants.tolist())
        return float(moments[order]), float(above[2])

    def var(self) -> float:
        """The second free cumulant: r_1 times the second moment of the layer above."""
        return self._layers[0][1] * self._moments(2)[1]
