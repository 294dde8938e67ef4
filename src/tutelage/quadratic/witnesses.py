"""Witnesses of uniqueness and second solutions of many instances of one rank and n, found and checked together.

The notation is that of :mod:`tutelage.quadratic.uniqueness`.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.quadratic.barrier import definite_alternative
from tutelage.quadratic.certificate import (
    RANK_TOLERANCE,
    UniquenessCertificate,
    groups,
    objects,
    verify_second,
)
from tutelage.quadratic.symmetric import from_vector, outer_vectors, to_vector


def certify_blocks(instances: Instances) -> np.ndarray:
    """Instances of one rank and n, solved together where their spaces of witnesses have the same dimension."""
    found = np.empty(len(instances.A), dtype=object)
    for rank, rows in groups(instances.tangent_rank()):
        group = instances.take(rows)
        null = group.left[:, :, rank:].mT
        # Orthonormal matrices make the interior-point method's Newton systems well scaled; SVD also drops duplicates
        # (more than q(q+1)/2 witnesses).
        coefficients, size, images = np.linalg.svd(null @ group.normal, full_matrices=False)
        largest = np.maximum(size.max(axis=1, initial=0.0), np.finfo(float).tiny)
        for p, members in groups(np.sum(size > RANK_TOLERANCE * largest[:, None], axis=1)):
            combine = (
                np.swapaxes(coefficients[members, :, :p] / size[members, None, :p], 1, 2) @ null[members]
            )
            basis = from_vector(images[members, :p], group.V.shape[2])
            found[rows[members]] = group.take(members).decide(combine, basis, rank)
    return found


@dataclasses.dataclass
class Instances:
    """Teachers of one rank and their data in the blocks of range and kernel, one instance along the first axis."""

    A: np.ndarray
    X: np.ndarray
    U: np.ndarray
    V: np.ndarray
    normal: np.ndarray  # (B, n, q(q+1)/2): the forms on VᵀΔV
    left: np.ndarray  # of the (B, n, N_eff) forms on tangent directions, orthonormal coordinates: their SVD
    singular: np.ndarray
    right: np.ndarray

    @classmethod
    def build(cls, A: np.ndarray, X: np.ndarray, vectors: np.ndarray, rank: int) -> Instances:
        V, U = np.split(vectors, [len(vectors[0]) - rank], axis=2)
        a, b = X @ U, X @ V
        across = np.sqrt(2.0) * a[..., :, None] * b[..., None, :]
        tangent = np.concatenate([outer_vectors(a), across.reshape(*X.shape[:2], -1)], axis=2)
        full = tangent.shape[1] > tangent.shape[2]
        return cls(A, X, U, V, outer_vectors(b), *np.linalg.svd(tangent, full_matrices=full))

    def take(self, rows: np.ndarray) -> Instances:
        return Instances(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))

    def tangent_rank(self) -> np.ndarray:
        """Directions that the data see; the zero teacher has no tangent directions at all."""
        singular = self.singular
        return np.sum(singular > RANK_TOLERANCE * singular.max(axis=1, initial=0.0)[:, None], axis=1)

    @property
    def n_free(self) -> int:
        """Dimension of L."""
        n, d = self.X.shape[1:]
        return max(d * (d + 1) // 2 - n, 0)

    def decide(self, combine: np.ndarray, basis: np.ndarray, rank: int) -> np.ndarray:
        """Certificates from rows ``combine`` (B, p, n) spanning the witnesses with orthonormal matrices ``basis``."""
        outcome = definite_alternative(basis)
        found = np.empty(len(basis), dtype=object)
        for verdict, rows in groups(outcome.verdict):
            group = self.take(rows)
            if verdict == 1:
                found[rows] = group.confirm((outcome.inside[rows, None, :] @ combine[rows])[:, 0])
            elif verdict == -1:
                found[rows] = group.refute(outcome.outside[rows], rank)
            else:
                found[rows] = self.undecided("the semidefinite programme's value is zero to rounding")
        return found

    def undecided(self, reason: str, margin: float = 0.0) -> UniquenessCertificate:
        return UniquenessCertificate("undecided", margin, None, None, self.n_free, reason)

    def confirm(self, y: np.ndarray) -> np.ndarray:
        """Check the dual witnesses (B, n) in the original coordinates."""
        tangents, singular = self.right.shape[2], self.singular
        if tangents > self.X.shape[1]:
            injective = np.zeros(len(y), dtype=bool)
        else:
            injective = np.all(singular[:, -1:] > RANK_TOLERANCE * singular[:, :1], axis=1)
        witness = np.swapaxes(self.X * y[..., None], 1, 2) @ self.X
        on_range, on_kernel = witness @ self.U, witness @ self.V
        Ut, S = self.U.mT, self.V.mT @ on_kernel
        residue = np.sqrt(
            np.sum((Ut @ on_range) ** 2, axis=(1, 2)) + 2 * np.sum((Ut @ on_kernel) ** 2, axis=(1, 2))
        )
        residue += 1e-15 * np.sum(np.abs(y) * np.sum(self.X**2, axis=2), axis=1)
        # The Frobenius norm bounds the spectral one that κ asks for; the residue is at rounding level.
        smallest = np.where(injective, singular[:, -1], np.inf) if tangents else np.inf
        kappa = np.linalg.norm(self.normal, axis=(1, 2)) / smallest
        # Repeated samples leave witnesses of rounding alone, of any sign: what is above the residue decides.
        mean = np.maximum(np.abs(np.trace(S, axis1=1, axis2=2)) / S.shape[1], np.finfo(float).tiny)
        margin = (np.linalg.eigvalsh(S)[:, 0] - (1 + kappa) * residue) / mean
        return objects(map(self._confirmed, injective, margin, y / mean[:, None]))

    def _confirmed(self, injective: bool, margin: float, dual: np.ndarray) -> UniquenessCertificate:
        if not injective:
            return self.undecided("a tangent direction fits the data although the dual witness is definite")
        if margin > 0:
            reason = "a dual witness is positive definite"
            return UniquenessCertificate("unique", float(margin), dual, None, self.n_free, reason)
        return self.undecided("the dual witness is definite only to rounding", float(margin))

    def refute(self, N: np.ndarray, rank: int) -> np.ndarray:
        """Lift positive definite VᵀΔV (B, q, q) to second solutions and check them."""
        (B, q, _), r = N.shape, self.U.shape[2]
        wanted = -self.normal @ to_vector(N)[..., None]
        # The smallest tangent part that balances them.
        seen = self.left[:, :, :rank].mT @ wanted / self.singular[:, :rank, None]
        coefficients = (self.right[:, :rank].mT @ seen)[..., 0]
        UU, UV = np.split(coefficients, [r * (r + 1) // 2], axis=1)
        Ut, Vt = self.U.mT, self.V.mT
        across = self.U @ (UV.reshape(B, r, q) / np.sqrt(2.0)) @ Vt
        delta = self.U @ from_vector(UU, r) @ Ut + across + across.mT + self.V @ N @ Vt
        smallest = np.linalg.svd(outer_vectors(self.X), compute_uv=False)[:, -1]
        return verify_second(self.A, self.X, _most_positive(self.A, delta), smallest, self.n_free)


def _most_positive(A: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """A + s Δ with the largest smallest eigenvalue among s = s₀, s₀/2, ...: it is concave in s, so the first maximum."""
    norm = np.linalg.norm(A, axis=(1, 2))
    step = np.where(norm > 0, norm, 1.0) / np.linalg.norm(delta, axis=(1, 2))
    best = A + step[:, None, None] * delta
    lowest, rows = np.linalg.eigvalsh(best)[:, 0], np.arange(len(A))
    for _ in range(39):
        step *= 0.5
        shorter = A[rows] + step[rows, None, None] * delta[rows]
        values = np.linalg.eigvalsh(shorter)[:, 0]
        better = values > lowest[rows]
        if not better.any():
            break
        rows = rows[better]
        best[rows], lowest[rows] = shorter[better], values[better]
    return best
