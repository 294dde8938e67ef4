"""The symmetric root of a covariance, kept as few directions beside a multiple of the identity."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import numpy as np

from tutelage.base.methods import quick
from tutelage.base.types import Array

_EQUAL = 1e-12
"""Standard deviations of which one is taken for the other, relative to the largest."""


class Eigenspace(NamedTuple):
    """Standard deviation and basis (d, n); basis None: whatever is orthogonal to the vectors of the root."""

    value: float
    basis: np.ndarray | None


class Root(eqx.Module):
    r""":math:`R = \sigma\,(I - UU^T) + U\,\mathrm{diag}(g)\,U^T`, with :math:`R^2 = \Sigma`.

    Attributes
    ----------
    scale : float
        σ: the standard deviation outside the span of U.
    vectors : array, shape (d, n)
        U, orthonormal columns.
    values : array, shape (n,)
        g ≥ 0.
    """

    scale: float
    vectors: Array
    values: Array

    @quick
    def rows(self, W: Array) -> Array:
        """W R for W (..., d): symmetric, so also R applied to every row."""
        inside = (W @ self.vectors) * (self.values - self.scale)
        return inside @ self.vectors.T + self.scale * W

    def covariance(self) -> np.ndarray:
        """Σ (d, d)."""
        U = np.asarray(self.vectors)
        return (U * (np.asarray(self.values) ** 2 - self.scale**2)) @ U.T + self.scale**2 * np.eye(len(U))

    def is_identity(self) -> bool:
        """Exactly."""
        return bool(np.all(np.asarray(self.values) == 1)) and (self.scale == 1 or self.is_full)

    @property
    def is_full(self) -> bool:
        """Whether the vectors span everything."""
        return self.vectors.shape[0] == self.vectors.shape[1]

    def eigenspaces(self) -> list[Eigenspace]:
        """Distinct standard deviations with their spaces; that outside the vectors last."""
        values, U = np.asarray(self.values), np.asarray(self.vectors)
        order = np.argsort(values, kind="stable")
        steps = np.diff(values[order]) > _EQUAL * max(float(values.max(initial=0.0)), self.scale)
        groups = np.split(order, np.flatnonzero(steps) + 1) if values.size else []
        spaces = [Eigenspace(float(values[group].mean()), U[:, group]) for group in groups]
        return spaces if self.is_full else [*spaces, Eigenspace(float(self.scale), None)]


def identity_root(d: int) -> Root:
    """R = I."""
    return Root(1.0, np.zeros((d, 0)), np.zeros(0))
