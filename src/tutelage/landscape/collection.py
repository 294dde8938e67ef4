"""All critical points of a u² network as a lazy collection."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.value import Value
from tutelage.landscape.critical import CriticalPoint, Fit
from tutelage.landscape.subsets import Rows, eigenspaces

SORTED_BELOW = 100_000
"""Candidates up to which the collection is held and sorted by loss: about a second."""

_CHUNK = 4096
_COUNTABLE = 10**8  # candidates gone through for a length: minutes


@dataclasses.dataclass(frozen=True, eq=False)
class CriticalPoints(Value):
    """The critical points of :func:`critical_points`, made as they are asked for; ``len`` counts them.

    Up to 100 000 candidate subsets they are sorted by loss. Above, they go by the number of kept eigenvectors (from none
    on), and within one number in lexicographic order with the largest eigenvalues first.
    """

    fit: Fit

    @functools.cached_property
    def candidates(self) -> int:
        """Subsets of at most k eigenvectors; those whose signs do not fit the read-outs are not critical."""
        return sum(self.fit.spaces.numbers()[: self.fit.readouts.size + 1])

    def minima(self) -> list[CriticalPoint]:
        """The local minima, by loss (science 11.3): they keep the largest and lowest eigenvalues, so few subsets are tried."""
        positive, negative = self.fit.signs
        rows = self.fit.spaces.extreme(positive, negative, positive + negative)
        return list(self._points(_by_loss(rows.take(rows.index == 0))))

    def __iter__(self) -> Iterator[CriticalPoint]:
        return itertools.chain.from_iterable(self._points(rows) for rows in self._chunks())

    def __getitem__(self, position: int) -> CriticalPoint:
        wanted = position if position >= 0 else position + len(self)
        found = next(itertools.islice(self, wanted, None), None) if wanted >= 0 else None
        if found is None:
            raise IndexError(f"CriticalPoints: expected a position from 0 to {len(self) - 1}, got {position}")
        return found

    def __len__(self) -> int:
        return self._length

    @functools.cached_property
    def _length(self) -> int:
        """In closed form for a large semidefinite teacher, by going through the candidates otherwise."""
        values = self.fit.eigenvalues
        if self.candidates > SORTED_BELOW and (values[-1] >= 0 or values[0] <= 0):
            return self._semidefinite_length()
        if self.candidates > _COUNTABLE:
            raise InputError(
                f"CriticalPoints: expected at most {_COUNTABLE:g} candidates to count the critical points of an indefinite "
                f"teacher, got {self.candidates:.3g}; `candidates` is an upper bound, iteration and minima() work"
            )
        return sum(len(rows.loss) for rows in self._chunks())

    def _semidefinite_length(self) -> int:
        """All subsets that the read-outs of its sign can carry, but for a zero eigenvalue kept at zero (where τ = 0)."""
        values = self.fit.eigenvalues
        room = self.fit.signs[0 if values[0] > 0 else 1]
        zeros = int(np.sum(values == 0))
        at_zero = min(max(room - (values.size - zeros), 0), zeros)
        return sum(self.fit.spaces.numbers()[: room + 1]) - at_zero

    def _chunks(self) -> Iterator[Rows]:
        """Critical rows in the order of the collection."""
        if self.candidates <= SORTED_BELOW:
            yield self._sorted
            return
        subsets = self._subsets()
        while block := list(itertools.islice(subsets, _CHUNK)):
            yield self.fit.spaces.critical(np.array(block), *self.fit.signs)

    def _subsets(self) -> Iterator[tuple[int, ...]]:
        most = min(self.fit.readouts.size, self.fit.spaces.d)
        return itertools.chain.from_iterable(self.fit.spaces.of_size(s) for s in range(most + 1))

    @functools.cached_property
    def _sorted(self) -> Rows:
        return _by_loss(self.fit.spaces.critical(np.array(list(self._subsets())), *self.fit.signs))

    def _points(self, rows: Rows) -> Iterator[CriticalPoint]:
        for counts, loss, index, shift in zip(*rows, strict=True):
            kept = (range(start, start + n) for start, n in zip(self.fit.spaces.starts, counts, strict=True))
            subset = tuple(int(i) for i in itertools.chain.from_iterable(kept))
            yield CriticalPoint(self.fit, float(loss), int(index), subset, float(shift))

    def __repr__(self) -> str:
        order = "by loss" if self.candidates <= SORTED_BELOW else "by rank"
        return f"CriticalPoints(d={self.fit.spaces.d}, k={self.fit.readouts.size}, {self.candidates} candidates, {order})"


def _by_loss(rows: Rows) -> Rows:
    return rows.take(np.argsort(rows.loss, kind="stable"))


def critical_points(A: ArrayLike, k: int | None = None, readouts: ArrayLike | None = None) -> CriticalPoints:
    r"""All critical points in W of :math:`\tfrac12 E(x^\top A x - x^\top A_* x)^2`, :math:`A = \sum_i a_i w_iw_i^\top`.

    .. math:: A_S = \sum_{i\in S}(\lambda_i + \tau_S)\, v_iv_i^\top, \qquad \tau_S = \frac{\sum_{j\notin S}\lambda_j}{|S| + 2}

    for subsets S of at most k eigenvectors of A_* whose signs of :math:`\lambda_i + \tau_S` fit those of the read-outs: one
    entry a subset; of a repeated eigenvalue (the d − m_* zeros of a narrow teacher) only the number taken counts. Training
    the read-outs too adds no critical point with all :math:`a_i \ne 0`, and changes no index.

    Parameters
    ----------
    A : array_like, shape (d, d)
        The teacher A_*, symmetric, of any signs.
    k : int, optional
        Neurons of the student; the number of read-outs by default.
    readouts : array_like, shape (k,), optional
        a, none of them zero; all 1 by default.

    Raises
    ------
    InputError
        A is not symmetric; neither k nor read-outs are given, or they disagree; a read-out is zero.

    Notes
    -----
    A variation of Eckart and Young (1936); compare [AB25]. Science 11.1.

    Examples
    --------
    A narrow student overshoots: the best rank-one fit of diag(3, 2, 1) has the eigenvalue 3 + (2 + 1)/3.

    >>> import numpy as np
    >>> points = critical_points(np.diag([3.0, 2.0, 1.0]), k=1)
    >>> [(p.subset, p.index, round(p.loss, 6)) for p in points]
    [((0,), 0, 8.0), ((1,), 1, 15.333333), ((2,), 2, 21.333333), ((), 3, 32.0)]
    >>> points.minima()[0].eigenvalues
    array([4.])

    Read-outs of the wrong signs leave a spurious minimum:

    >>> wrong = critical_points(np.diag([3.0, 2.0, -1.0]), readouts=[1.0, -1.0]).minima()[0]
    >>> wrong.subset, wrong.is_spurious
    ((0, 2), True)
    """
    who = "critical_points"
    A = check.float_array(A, who, "A", ndim=2)
    if A.shape[0] != A.shape[1] or np.abs(A - A.T).max() > 1e-12 * np.abs(A).max():
        raise InputError(
            f"{who}: expected a symmetric matrix A (d, d), got shape {A.shape}; pass (A + A.T) / 2"
        )
    a = _readouts(k, readouts, who)
    values, vectors = np.linalg.eigh(A)
    return CriticalPoints(Fit(eigenspaces(values[::-1]), vectors[:, ::-1], a))


def _readouts(k: int | None, readouts: ArrayLike | None, who: str) -> np.ndarray:
    if readouts is None:
        if k is None:
            raise InputError(
                f"{who}: expected k or readouts, got neither; say how many neurons the student has"
            )
        return np.ones(check.integer(k, who, "k"))
    a = check.float_array(readouts, who, "readouts", ndim=1)
    if k is not None:
        check.same_length(check.integer(k, who, "k"), a.size, who, "k and the number of read-outs")
    if np.any(a == 0):
        raise InputError(
            f"{who}: expected non-zero read-outs, got {int(np.sum(a == 0))} zero(s); leave those neurons out"
        )
    return a
