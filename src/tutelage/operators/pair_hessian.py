"""PairHessian: the population Hessian of a two-layer network, stored as k×k tables and the weights."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from tutelage.base.rows import row_coordinates, row_space
from tutelage.operators.ball import BallHessian
from tutelage.operators.base import HessianOperator, Reduction
from tutelage.operators.dense_pairs import dense_pairs, pair_frobenius_squared
from tutelage.operators.factor_gram import gram_by_inputs
from tutelage.operators.functional import FunctionalPart, plane_trace
from tutelage.operators.pairs import PairTables, PlaneBlocks, outer_product
from tutelage.operators.routes import Routes


class PairHessian(HessianOperator):
    r"""The Hessian of SCIENCE.md section 1 as a structured operator.

    Blocks (i, j) are :math:`a_i a_j(k_{11} I + k_{31} w_i w_i^T + k_{22}(w_i w_j^T + w_j w_i^T) + k_{13} w_j w_j^T)`,
    :math:`a_i(k_{20} w_i + k_{11} w_j)` and :math:`k_{00}`. A product costs three (k, k)·(k, d) matrix products.

    Attributes
    ----------
    W, a : ndarray (k, d), (k,)
    tables : PairTables of shape (k, k)
    plane : PlaneBlocks or None
        Close pairs of a kinked activation.
    part : FunctionalPart or None
    trainable : tuple of "W", "a"
        The rows and columns that are kept, W first.
    routes : Routes or None
        Function space, ball arithmetic and closed eigenvectors of the outer part, where the activation has them.
    """

    W: Any
    a: Any
    tables: PairTables
    plane: PlaneBlocks | None = None
    part: FunctionalPart | None = None
    trainable: tuple[str, ...] = eqx.field(static=True, default=("W", "a"))
    routes: Routes | None = eqx.field(static=True, default=None)

    @property
    def d(self) -> int:
        """Input dimension."""
        return self.W.shape[1]

    @property
    def k(self) -> int:
        """Width."""
        return self.W.shape[0]

    @property
    def n_params(self) -> int:
        return self.W.size * ("W" in self.trainable) + self.a.size * ("a" in self.trainable)

    @property
    def outer(self) -> HessianOperator:
        if self.part is None:
            return self
        return PairHessian(self.W, self.a, self.tables, self.plane, None, self.trainable, self.routes)

    @property
    def functional(self) -> HessianOperator | None:
        if self.part is None:
            return None
        nothing = PairTables(*(np.zeros_like(t) for t in self.tables))
        return PairHessian(self.W, self.a, nothing, None, self.part, self.trainable)

    def product(self, vector: Any) -> Any:
        W, a = jnp.asarray(self.W), jnp.asarray(self.a)
        V, b = jnp.zeros_like(W), jnp.zeros_like(a)
        if "W" in self.trainable:
            V = vector[: W.size].reshape(W.shape)
        if "a" in self.trainable:
            b = vector[vector.shape[0] - a.size :]
        out_W, out_a = outer_product(self.tables, W, a, W, a, V, b)
        if self.plane is not None:
            out_W = out_W + self.plane.apply(V)
        if self.part is not None:
            more_W, more_a = self.part.product(W, V, b)
            out_W, out_a = out_W + more_W, out_a + more_a
        kept = {"W": out_W.reshape(-1), "a": out_a}
        return jnp.concatenate([kept[name] for name in self.trainable])

    def dense(self) -> np.ndarray:
        self.require_memory()
        return dense_pairs(self)

    def trace(self) -> float:
        total = 0.0
        if "W" in self.trainable:
            t = self.tables
            square = np.diag(t.k31) + 2 * np.diag(t.k22) + np.diag(t.k13)
            total += np.sum(self.a**2 * (self.d * np.diag(t.k11) + square * np.sum(self.W**2, 1)))
            total += plane_trace(self.plane) if self.plane is not None else 0.0
            total += self.part.trace(self.W) if self.part is not None else 0.0
        if "a" in self.trainable:
            total += np.trace(self.tables.k00)
        return float(total)

    def frobenius_norm(self) -> float:
        return float(np.sqrt(pair_frobenius_squared(self)))

    def blocks(self) -> dict[str, np.ndarray]:
        dense, n = self.dense(), self.W.size
        if self.trainable == ("W",):
            return {"ww": dense}
        if self.trainable == ("a",):
            return {"aa": dense}
        return {"ww": dense[:n, :n], "wa": dense[:n, n:], "aa": dense[n:, n:]}

    def reduce(self, with_frame: bool = False) -> Reduction | None:
        r"""Rows of W (and of the teacher) span r dimensions; in the other d − r the Hessian is C ⊗ I.

        :math:`C_{ij} = a_i a_j k_{11}(i,j) + \delta_{ij}\,a_i\sum_l c_l k_{20}(i,l)`, shape (k, k), multiplicity d − r.
        """
        if "W" not in self.trainable:
            return None
        rows = self.W if self.part is None else np.concatenate([self.W, self.part.Z])
        close = self.plane is not None or (self.part is not None and self.part.plane is not None)
        coordinates, frame = row_space(rows) if close or with_frame else (row_coordinates(rows), None)
        r = coordinates.shape[1]
        if r >= self.d:
            return None
        k, part = self.k, self.part
        if part is not None:
            part = part._replace(Z=coordinates[k:], plane=_project_plane(part.plane, frame))
        block = PairHessian(
            coordinates[:k], self.a, self.tables, _project_plane(self.plane, frame), part, self.trainable,
            self.routes,
        )  # fmt: skip
        repeated = np.outer(self.a, self.a) * np.asarray(self.tables.k11)
        if self.part is not None:
            repeated = repeated + np.diag(self.part.identity)
        factor = None if self._outer_routes is None else self._outer_routes.repeated_factor(block.W, self.a)
        return Reduction(block, (repeated + repeated.T) / 2, self.d - r, factor, frame)

    @property
    def _outer_routes(self) -> Routes | None:
        """The routes, which know the outer part alone."""
        return self.routes if self.part is None else None

    def factor(self) -> np.ndarray | None:
        full = None if self._outer_routes is None else self._outer_routes.factor(self.W, self.a)
        if full is None or len(self.trainable) == 2:
            return full
        return full[:, : self.W.size] if "W" in self.trainable else full[:, self.W.size :]

    def factor_gram(self) -> np.ndarray | None:
        factor = self.factor()
        if factor is None or "W" not in self.trainable:
            return None if factor is None else factor @ factor.T
        return gram_by_inputs(factor, self.k, self.d)

    def factor_size(self) -> int | None:
        return None if self._outer_routes is None else self._outer_routes.factor_size(self.d)

    def null_vectors(self) -> np.ndarray | None:
        if self._outer_routes is None or len(self.trainable) < 2:
            return None
        return self._outer_routes.null_vectors(self.W, self.a)

    @property
    def is_extendable(self) -> bool:
        return self._outer_routes is not None and self._outer_routes.has_balls and len(self.trainable) == 2

    def extended(self, bits: int) -> BallHessian | None:
        if self.routes is None or not self.is_extendable:
            return None
        return self.routes.ball(self.W, self.a, bits)

    def known_eigensystem(self) -> Any:
        if self._outer_routes is None or len(self.trainable) < 2:
            return None
        return self._outer_routes.eigensystem(self.W, self.a)

    @property
    def entry_error(self) -> float:
        return 0.0 if self.routes is None else self.routes.entry_error(self.W)


def _project_plane(plane: PlaneBlocks | None, frame: np.ndarray | None) -> PlaneBlocks | None:
    return (
        None if plane is None or frame is None else plane._replace(u=plane.u @ frame.T, v=plane.v @ frame.T)
    )
