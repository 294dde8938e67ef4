"""Points of the optimum set of a student wider than its teacher, and what is flat there (science 20)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import scipy.linalg

from tutelage.activations.derivatives import derivative_tables
from tutelage.base import check
from tutelage.network import Network, require_network
from tutelage.rank.formal import has_independent_neurons
from tutelage.rank.rank_at_weights import hessian_rank
from tutelage.rank.reduced import inner_weights
from tutelage.rank.result import RankResult
from tutelage.rank.symmetry import move
from tutelage.rank.values import two_slopes, vanishing_at_zero

_BIAS = 0.5
"""Of a neuron with w = 0: off every kink, and where no slope or curvature of the library's activations vanishes."""


@dataclasses.dataclass(frozen=True, eq=False)
class Optimum:
    """A student of zero loss.

    Attributes
    ----------
    kind : {"silent", "zero rows", "split", "null group"}
    network : Network
    rank : RankResult
        Of its Hessian.
    tangents : ndarray, shape (tangent, P), or None
        Independent flat directions tangent to the optimum set; None where it is not known which are.
    leaving : ndarray, shape (flat - tangent, P), or None
        Flat directions that with them span all: the loss grows along each.
    growth : int
        As this power of the step: 4, but 3 at the kinks of copies that move apart.
    """

    kind: str
    network: Network
    rank: RankResult
    tangents: np.ndarray | None
    leaving: np.ndarray | None
    growth: int = 4

    @property
    def flat(self) -> int:
        """P − rank: the directions without curvature."""
        return self.network.n_params - self.rank.rank

    @property
    def tangent(self) -> int | None:
        """How many of them are tangent to the set of zero loss."""
        return None if self.tangents is None else len(self.tangents)

    @property
    def quartic(self) -> int | None:
        """How many of them leave that set, the loss growing as t⁴."""
        if self.leaving is None:
            return None
        return len(self.leaving) if self.growth == 4 else 0


def optima(teacher: Network, k: int, seed: int = 0) -> tuple[Optimum, ...]:
    r"""Students of width k > k_* with the function of an irreducible teacher, one of each kind there is.

    With n = k − k_* spare neurons, D = d inner weights of each (d + 1 with biases) and m outputs:

    - ``silent``: the spare neurons have zero read-outs; a manifold there, nD tangents;
    - ``zero rows``: w = 0 and read-outs of one, where σ(0) = 0 or there is a c, which takes constants back; with b and c there
      are n(m + 1) tangents, and (n − 1)d directions leave;
    - ``split``: one neuron as n + 1 equal copies that share its read-out: nm tangents; nD directions move the copies apart;
    - ``null group``, from two spare neurons on: equal ones whose read-outs sum to zero, one of them against all others:
      D + (n − 1)m tangents; (n − 2)D directions move the others apart.

    A homogeneous σ has the rescaling of each copy as one tangent more in place of one that leaves; to all come the teacher's
    own. Which directions are tangent follows where the activation declares independent neurons or has its one kink at 0, and
    where the rank is the largest of any network so wide (the optimum set is a manifold there); else it is not known.

    Parameters
    ----------
    teacher : Network
        With biases and several outputs as it likes.
    k : int
    seed : int
        Of the spare neurons' weights.

    Examples
    --------
    >>> points = optima(Network([[1.0, 2.0]], [1.0], "erf"), 3)
    >>> [(point.kind, point.rank.rank, point.tangent, point.quartic) for point in points]
    [('silent', 5, 4, 0), ('zero rows', 5, None, None), ('split', 3, 2, 4), ('null group', 6, 3, 0)]
    """
    require_network(teacher, "optima")
    extra = check.integer(k, "optima", "k", minimum=teacher.k + 1) - teacher.k
    ranked = _ranked(teacher)
    own = _null_space(teacher, ranked)
    return tuple(_finished(point, own, ranked) for point in _points(teacher, extra, seed))


@dataclasses.dataclass(frozen=True, eq=False)
class _Point:
    """A student, the moves of its spare neurons, and of which of them the teacher's last neuron has its ``shares``."""

    kind: str
    network: Network
    tangents: list[np.ndarray] | None
    leaving: list[np.ndarray]
    shares: np.ndarray


def _points(teacher: Network, extra: int, seed: int) -> Iterator[_Point]:
    d, m, biased = teacher.d, teacher.n_outputs, teacher.b is not None
    spare = np.random.default_rng(seed).standard_normal((extra, d + biased)) / np.sqrt(d)
    alone = np.zeros(extra + 1)
    alone[0] = 1.0
    yield _silent(_student(teacher, spare, np.zeros((m, extra))), extra, alone)
    constants = np.zeros((extra, d + biased))
    if biased and teacher.c is not None:
        constants[:, -1] = _BIAS
    if not teacher.activation.kinks and _vanish(teacher):
        yield _zero_rows(_student(teacher, constants, np.ones((m, extra))), extra, alone)
    copies = np.repeat(inner_weights(teacher)[-1:], extra, axis=0)
    equal = np.full(extra + 1, 1 / (extra + 1))
    share = np.repeat(teacher.a.reshape(m, -1)[:, -1:] / (extra + 1), extra + 1, axis=1)
    yield _split(_student(teacher, copies, share[:, 1:], share[:, 0]), extra, equal)
    if extra > 1:
        read_outs = np.tile([1.0 - extra, *np.ones(extra - 1)], (m, 1))
        yield _null_group(_student(teacher, np.repeat(spare[:1], extra, axis=0), read_outs), extra, alone)


def _vanish(teacher: Network) -> bool:
    """Whether neurons with w = 0 are nothing, or a constant that an output bias takes back."""
    return teacher.c is not None or bool(vanishing_at_zero(teacher.activation)[0])


def _student(teacher: Network, inner: np.ndarray, A: np.ndarray, last: np.ndarray | None = None) -> Network:
    """The teacher with more neurons; ``last`` (m,) the read-outs of its last one. An output bias keeps the constant."""
    d, own = teacher.d, teacher.a.reshape(teacher.n_outputs, -1).copy()
    if last is not None:
        own[:, -1] = last
    b = None if teacher.b is None else np.append(teacher.b, inner[:, d])
    c, constant = teacher.c, ~inner[:, :d].any(axis=1)
    if c is not None and constant.any():
        values = derivative_tables(teacher.activation, inner[constant, d:].sum(axis=1))[0]
        c = c - (A[:, constant] @ values).reshape(c.shape)
    a = np.column_stack([own, A]).reshape((-1,) if teacher.a.ndim == 1 else (own.shape[0], -1))
    return Network(np.vstack([teacher.W, inner[:, :d]]), a, teacher.activation, b, c)


def _silent(student: Network, extra: int, alone: np.ndarray) -> _Point:
    spare, units = range(student.k - extra, student.k), np.eye(inner_weights(student).shape[1])
    return _Point("silent", student, [move(student, {i: e}, {}) for i in spare for e in units], [], alone)


def _zero_rows(student: Network, extra: int, alone: np.ndarray) -> _Point:
    spare, d = range(student.k - extra, student.k), student.d
    inner, outputs = inner_weights(student), np.eye(student.n_outputs)
    value, slope, _ = derivative_tables(student.activation, inner[spare[:1], d:].sum(axis=1))
    tangents = [move(student, {}, {i: o}, -value * o) for i in spare for o in outputs]
    constant = student.b is not None and student.c is not None
    if constant:
        up = np.eye(d + 1)[-1]
        tangents += [move(student, {i: up}, {}, -slope * outputs.sum(axis=0)) for i in spare]
    apart = [move(student, {i: e, spare[0]: -e}, {}) for i in spare[1:] for e in np.eye(inner.shape[1])[:d]]
    return _Point("zero rows", student, tangents if constant or extra == 1 else None, apart, alone)


def _split(student: Network, extra: int, shares: np.ndarray) -> _Point:
    first = student.k - extra - 1
    copies = range(first + 1, student.k)
    tangents = [move(student, {}, {i: o, first: -o}) for i in copies for o in np.eye(student.n_outputs)]
    apart = [move(student, {i: e, first: -e}, {}) for i in copies for e in _shapes(student, first)]
    return _Point("split", student, tangents + _rescaled(student, copies), apart, shares)


def _null_group(student: Network, extra: int, alone: np.ndarray) -> _Point:
    first, *others = range(student.k - extra, student.k)
    tangents = [
        move(student, dict.fromkeys([first, *others], e), {}) for e in np.eye(inner_weights(student).shape[1])
    ]
    tangents += [move(student, {}, {i: o, first: -o}) for i in others for o in np.eye(student.n_outputs)]
    apart = [move(student, {i: e, others[0]: -e}, {}) for i in others[1:] for e in _shapes(student, first)]
    return _Point("null group", student, tangents + _rescaled(student, others), apart, alone)


def _shapes(student: Network, i: int) -> np.ndarray:
    """Directions of neuron i that change its function: under a homogeneous σ those normal to its weights."""
    inner = inner_weights(student)
    return (
        np.eye(inner.shape[1])
        if student.activation.homogeneity is None
        else scipy.linalg.null_space(inner[i : i + 1]).T
    )


def _rescaled(student: Network, neurons: range | list[int]) -> list[np.ndarray]:
    power, A = student.activation.homogeneity, student.a.reshape(student.n_outputs, -1)
    if power is None:
        return []
    return [move(student, {i: inner_weights(student)[i]}, {i: -power * A[:, i]}) for i in neurons]


def _finished(point: _Point, own: np.ndarray, teacher: RankResult) -> Optimum:
    """With its rank; the moves are believed where they are as many as the rank leaves."""
    student = point.network
    rank = _ranked(student)
    flat, growth = student.n_params - rank.rank, 3 if student.activation.kinks else 4
    independent = has_independent_neurons(student) or two_slopes(student.activation) is not None
    lifted = [_lifted(student, point.shares, vector) for vector in own]
    if point.tangents is not None and (independent or (point.kind == "silent" and _is_generic(teacher))):
        tangents = np.array([*lifted, *point.tangents]).reshape(-1, student.n_params)
        if len(tangents) + len(point.leaving) == flat:
            leaving = np.array(point.leaving).reshape(-1, student.n_params)
            return Optimum(point.kind, student, rank, tangents, leaving, growth)
    if _is_generic(rank):
        none = np.zeros((0, student.n_params))
        return Optimum(point.kind, student, rank, _null_space(student, rank), none, growth)
    return Optimum(point.kind, student, rank, None, None, growth)


def _is_generic(rank: RankResult) -> bool:
    """Whether no network of this shape has a larger rank: the zero set is a manifold, by the constant rank theorem."""
    return rank.rank == rank.n_params or (rank.formula is not None and rank.formula.value == rank.rank)


def _ranked(network: Network) -> RankResult:
    return hessian_rank(
        network, floating=bool(network.activation.kinks) or not has_independent_neurons(network)
    )


def _null_space(network: Network, rank: RankResult) -> np.ndarray:
    """(P − rank, P), the eigenvectors of the smallest eigenvalues."""
    from tutelage.population import hessian_at_optimum

    if rank.rank == network.n_params:
        return np.zeros((0, network.n_params))
    _, vectors = scipy.linalg.eigh(hessian_at_optimum(network).dense())
    return vectors[:, : network.n_params - rank.rank].T


def _lifted(student: Network, shares: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """A move of the teacher made by the student: every copy of its last neuron moves with it."""
    d, m, extra = student.d, student.n_outputs, len(shares) - 1
    n, biased = student.k - extra, student.b is not None
    sizes = [n * d, n * biased, m * n, m * (student.c is not None)]
    W, b, a, c = np.split(vector, np.cumsum(sizes)[:-1])
    inner = np.column_stack([W.reshape(n, d), b.reshape(n, -1)])
    a = a.reshape(m, n)
    rows, read_outs = dict(enumerate(inner)), {i: a[:, i] for i in range(n)}
    for i, share in zip([n - 1, *range(n, student.k)], shares, strict=True):
        if share:
            rows[i], read_outs[i] = inner[-1], share * a[:, -1]
    return move(student, rows, read_outs, c if c.size else None)
