r"""Is A_* the only positive semidefinite matrix that fits the data? A verified certificate either way.

Let U span the range of A_* (dimension r), V its kernel (q = d − r), and
:math:`L = \{\Delta : x_\nu^\top \Delta x_\nu = 0\ \forall\nu\}`. Matrices :math:`V^\top\Delta V`, Δ ∈ L, form the orthogonal
complement in Sym(q) of

.. math::
    Q = \Big\{ \sum_\nu y_\nu (V^\top x_\nu)(V^\top x_\nu)^\top \;:\; U^\top \sum_\nu y_\nu x_\nu x_\nu^\top = 0 \Big\}.

- **unique**: Q holds a positive definite matrix (the dual witness y) and no Δ ∈ L is tangent to the matrices of rank
  r at A_* (the tangent space has N_eff dimensions). For any feasible :math:`A_*+\Delta`, Δ_T its tangent part:
  :math:`0 = \langle \sum y x x^\top, \Delta\rangle \ge (\lambda_{\min}(S) - (1+\kappa)\|R\|)\operatorname{tr} V^\top\Delta V`
  with R the rounding residue of the witness and :math:`\|\Delta_T\| \le \kappa\,\|V^\top\Delta V\|`; verified if the
  bracket is positive.
- **not unique**: the complement holds a positive definite matrix; lifted to Δ ∈ L, :math:`A_* + \varepsilon\Delta` is a
  second solution, positive definite. Verified if its smallest eigenvalue exceeds the correction
  :math:`\|\text{residual}\|/\sigma_{\min}` that makes it fit exactly.
  With n < d a direction is unseen and nothing needs solving.
- **undecided**: neither inequality holds with room for rounding. It is reported, never guessed.

For rank d the condition is linear: unique if and only if the n forms determine all d(d+1)/2 entries.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.quadratic.barrier import definite_alternative
from tutelage.quadratic.losses import quadratic_forms
from tutelage.quadratic.symmetric import from_vector, to_vector
from tutelage.quadratic.teacher import Teacher, check_inputs, orthogonal_split, teacher_matrix

Status = Literal["unique", "not unique", "undecided"]
STATUSES: tuple[Status, ...] = ("undecided", "unique", "not unique")
# Relative singular values below this are treated as rank loss: Gaussian data of size 500 stay above 1e-6.
_RANK_TOLERANCE = 1e-10
# Basis matrices held at once by the batched method, in bytes (keeps the working set inside a few caches' reach).
_CHUNK_BYTES = 32e6


@dataclasses.dataclass(frozen=True, eq=False)
class UniquenessCertificate(Value):
    """The verified answer for one instance.

    ``status``; ``margin``: the smallest eigenvalue of the witness relative to its mean eigenvalue, less the allowance
    for rounding (positive for a verified status); ``dual`` (n,): the witness y of uniqueness, or None; ``second``
    (d, d): another solution (positive definite for n >= d), or None; ``n_free``: dimension of L; ``reason``: one sentence.
    """

    status: Status
    margin: float
    dual: np.ndarray | None
    second: np.ndarray | None
    n_free: int
    reason: str

    def __bool__(self) -> bool:
        raise TypeError(
            "UniquenessCertificate: has three statuses; compare .status with 'unique', 'not unique' or 'undecided'"
        )

    def __repr__(self) -> str:
        return f"UniquenessCertificate({self.status}, margin={self.margin:.3g}, n_free={self.n_free}: {self.reason})"


def certify_uniqueness(teacher: Teacher, X: ArrayLike) -> UniquenessCertificate:
    """Decide whether A_* is the only positive semidefinite A with xᵀAx = xᵀA_*x on all rows of X (science 7.3).

    Parameters
    ----------
    teacher : QuadraticTeacher or array_like, shape (d, d)
        A_*, positive semidefinite.
    X : array_like, shape (n, d)
        Inputs.

    Examples
    --------
    One input in two dimensions cannot tell a rank-one matrix from its neighbours; three in general position can:

    >>> certify_uniqueness([[1.0, 0.0], [0.0, 0.0]], [[1.0, 1.0]]).status
    'not unique'
    >>> certify_uniqueness([[1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]).status
    'unique'
    """
    A = teacher_matrix(teacher, "certify_uniqueness")
    X = check_inputs(X, A.shape[0], "certify_uniqueness")
    return certify_batch(A[None], X[None])[0]


def certify_batch(A: np.ndarray, X: np.ndarray) -> list[UniquenessCertificate]:
    """Certificates of many instances: teachers (B, d, d), inputs (B, n, d); solved in groups of equal rank."""
    A = check.float_array(A, "certify_batch", "A", ndim=3)
    X = check.float_array(X, "certify_batch", "X", ndim=3)
    if A.shape[0] != X.shape[0] or A.shape[1:] != (X.shape[2], X.shape[2]):
        raise InputError(
            f"certify_batch: expected teachers (B, d, d) and inputs (B, n, d), got {A.shape} and {X.shape}; "
            "stack the instances along the first axis"
        )
    splits = [orthogonal_split(matrix) for matrix in A]
    ranks = np.array([U.shape[1] for U, _ in splits])
    certificates: dict[int, UniquenessCertificate] = {}
    for rank in np.unique(ranks):
        rows = np.flatnonzero(ranks == rank)
        found = _certify_rank(A[rows], X[rows], [splits[b] for b in rows], int(rank))
        certificates.update(zip(rows, found, strict=True))
    return [certificates[b] for b in range(len(A))]


def _certify_rank(
    A: np.ndarray, X: np.ndarray, splits: list[tuple[np.ndarray, np.ndarray]], rank: int
) -> list[UniquenessCertificate]:
    n, d = X.shape[1:]
    q = d - rank
    if n < d:
        return [_certify_unseen(A[b], X[b]) for b in range(len(A))]
    if q == 0 or n >= d * (d + 1) // 2:
        return [_certify_linear(A[b], X[b]) for b in range(len(A))]
    prepared = [_Instance.build(A[b], X[b], *splits[b]) for b in range(len(A))]
    certificates: list[UniquenessCertificate | None] = [None] * len(A)
    groups: dict[int, list[int]] = {}
    for b, instance in enumerate(prepared):
        groups.setdefault(len(instance.basis), []).append(b)
    for p, members in groups.items():
        size = max(1, int(_CHUNK_BYTES / (8 * max(p, 1) * q * q)))
        for start in range(0, len(members), size):
            chunk = members[start : start + size]
            if p == 0:
                for b in chunk:
                    certificates[b] = prepared[b].refute(np.eye(q))
                continue
            outcome = definite_alternative(np.stack([prepared[b].basis for b in chunk]))
            for row, b in enumerate(chunk):
                if outcome.verdict[row] == 1:
                    certificates[b] = prepared[b].confirm(outcome.inside[row])
                elif outcome.verdict[row] == -1:
                    certificates[b] = prepared[b].refute(outcome.outside[row])
                else:
                    certificates[b] = prepared[b].undecided(
                        "the semidefinite programme's value is zero to rounding"
                    )
    return [certificate for certificate in certificates if certificate is not None]


def _certify_unseen(A: np.ndarray, X: np.ndarray) -> UniquenessCertificate:
    """Fewer samples than dimensions leave a direction v unseen, whatever the rounding: A_* + v vᵀ fits."""
    v = np.linalg.svd(X, full_matrices=True)[2][-1]
    second = A + (np.trace(A) / len(A) or 1.0) * np.outer(v, v)
    free = len(A) * (len(A) + 1) // 2 - len(X)
    return UniquenessCertificate("not unique", 1.0, None, second, free, "the data leave a direction unseen")


def _certify_linear(A: np.ndarray, X: np.ndarray) -> UniquenessCertificate:
    """The forms determine every entry of A, or (A_* of full rank) there is room in every direction of L."""
    d = A.shape[0]
    n_entries = d * (d + 1) // 2
    forms = to_vector(X[:, :, None] * X[:, None, :])
    _, singular, right = np.linalg.svd(forms, full_matrices=True)
    rank = int(np.sum(singular > _RANK_TOLERANCE * singular[0]))
    free = n_entries - rank
    if free == 0:
        return UniquenessCertificate(
            "unique",
            float(singular[-1] / singular[0]),
            None,
            None,
            0,
            "the data determine all d(d+1)/2 entries of A",
        )
    if np.linalg.eigvalsh(A)[0] <= 0:
        return UniquenessCertificate(
            "undecided", 0.0, None, None, free, "more forms than entries, and they are dependent"
        )
    delta = from_vector(right[-1], d)
    second = A + 0.5 * np.linalg.eigvalsh(A)[0] / np.abs(np.linalg.eigvalsh(delta)).max() * delta
    return _verify_second(A, X, second, float(singular[rank - 1]), free)


def _verify_second(
    A: np.ndarray, X: np.ndarray, second: np.ndarray, smallest: float, free: int
) -> UniquenessCertificate:
    """A second solution is real if it stays positive after the correction that makes it fit exactly."""
    residual = float(np.linalg.norm(quadratic_forms(X, second - A)))
    floor = 1e-15 * np.linalg.norm(A) * float(np.sum(X**2))
    correction = (residual + floor) / smallest if smallest > 0 else np.inf
    lowest = float(np.linalg.eigvalsh(second)[0])
    distance = float(np.linalg.norm(second - A))
    margin = (lowest - correction) / np.trace(second)
    if lowest > correction and distance > 2 * correction:
        return UniquenessCertificate(
            "not unique", float(margin), None, second, free, "another positive definite matrix fits"
        )
    return UniquenessCertificate(
        "undecided", float(margin), None, None, free, "the second solution is positive only to rounding"
    )


@dataclasses.dataclass
class _Instance:
    """One teacher and its data in the blocks of the teacher's range and kernel."""

    A: np.ndarray
    X: np.ndarray
    U: np.ndarray
    V: np.ndarray
    tangent: np.ndarray  # (n, N_eff): the forms on tangent directions, orthonormal coordinates
    normal: np.ndarray  # (n, q(q+1)/2): the forms on VᵀΔV
    combine: np.ndarray  # (p, n): rows y spanning the witnesses whose matrices are orthonormal
    basis: np.ndarray  # (p, q, q)
    tangent_singular: np.ndarray

    @classmethod
    def build(cls, A: np.ndarray, X: np.ndarray, U: np.ndarray, V: np.ndarray) -> _Instance:
        a, b = X @ U, X @ V
        n, q = b.shape
        across = np.sqrt(2.0) * (a[:, :, None] * b[:, None, :]).reshape(n, -1)
        tangent = np.concatenate([to_vector(a[:, :, None] * a[:, None, :]), across], axis=1)
        normal = to_vector(b[:, :, None] * b[:, None, :])
        left, singular, _ = np.linalg.svd(tangent, full_matrices=True)
        # The zero teacher has no tangent directions at all.
        rank = int(np.sum(singular > _RANK_TOLERANCE * singular.max(initial=0.0)))
        null = left[:, rank:].T
        images = null @ normal
        # Orthonormal matrices make the interior-point method's Newton systems well scaled; SVD also drops duplicates
        # (more than q(q+1)/2 witnesses).
        coefficients, size, rows = np.linalg.svd(images, full_matrices=False)
        kept = size > _RANK_TOLERANCE * max(size.max(initial=0.0), np.finfo(float).tiny)
        combine = (coefficients[:, kept] / size[kept]).T @ null
        return cls(A, X, U, V, tangent, normal, combine, from_vector(rows[kept], q), singular)

    @property
    def n_free(self) -> int:
        """Dimension of L."""
        d, n = self.A.shape[0], len(self.X)
        return max(d * (d + 1) // 2 - n, 0)

    def undecided(self, reason: str, margin: float = 0.0) -> UniquenessCertificate:
        return UniquenessCertificate("undecided", margin, None, None, self.n_free, reason)

    def confirm(self, coefficients: np.ndarray) -> UniquenessCertificate:
        """Check the dual witness in the original coordinates."""
        n_tangent = self.tangent.shape[1]
        y = coefficients @ self.combine
        singular = self.tangent_singular
        injective = n_tangent == 0 or (
            len(self.X) >= n_tangent and singular[-1] > _RANK_TOLERANCE * singular[0]
        )
        if not injective:
            return self.undecided("a tangent direction fits the data although the dual witness is definite")
        witness = (self.X * y[:, None]).T @ self.X
        S = self.V.T @ witness @ self.V
        residue = np.sqrt(
            np.linalg.norm(self.U.T @ witness @ self.U) ** 2
            + 2 * np.linalg.norm(self.U.T @ witness @ self.V) ** 2
        )
        residue += 1e-15 * float(np.sum(np.abs(y) * np.sum(self.X**2, axis=1)))
        kappa = np.linalg.norm(self.normal, 2) / singular[-1] if n_tangent else 0.0
        mean = np.trace(S) / len(S)
        margin = float((np.linalg.eigvalsh(S)[0] - (1 + kappa) * residue) / mean)
        if margin > 0:
            return UniquenessCertificate(
                "unique", margin, y / mean, None, self.n_free, "a dual witness is positive definite"
            )
        return self.undecided("the dual witness is definite only to rounding", margin)

    def refute(self, N: np.ndarray) -> UniquenessCertificate:
        """Lift a positive definite VᵀΔV to a second solution and check it."""
        q, r = N.shape[0], self.U.shape[1]
        wanted = -self.normal @ to_vector(N)
        coefficients = np.linalg.lstsq(self.tangent, wanted, rcond=_RANK_TOLERANCE)[0]
        split = r * (r + 1) // 2
        UU = from_vector(coefficients[:split], r)
        UV = coefficients[split:].reshape(r, q) / np.sqrt(2.0)
        delta = (
            self.U @ UU @ self.U.T + self.U @ UV @ self.V.T + self.V @ UV.T @ self.U.T + self.V @ N @ self.V.T
        )
        steps = (np.linalg.norm(self.A) or 1.0) / np.linalg.norm(delta) * 0.5 ** np.arange(40)
        candidates = self.A + steps[:, None, None] * delta
        best = candidates[np.argmax(np.linalg.eigvalsh(candidates)[:, 0])]
        forms = np.concatenate([self.tangent, self.normal], axis=1)
        smallest = float(np.linalg.svd(forms, compute_uv=False)[-1])
        return _verify_second(self.A, self.X, best, smallest, self.n_free)
