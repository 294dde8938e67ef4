"""PairHessian: the population Hessian of a two-layer network, stored as k×k tables and the weights."""

from __future__ import annotations

import dataclasses
import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.base.precision import require_64_bit
from tutelage.base.rows import row_coordinates, row_space
from tutelage.base.types import Array
from tutelage.layout import Layout
from tutelage.moments import PairMoments
from tutelage.operators import Copies, Entries, LossHessian, Reduction, Structure
from tutelage.population import structure
from tutelage.population.dense_pairs import dense_pairs, pair_frobenius_squared
from tutelage.population.functional import FunctionalPart, plane_trace
from tutelage.population.pairs import PlaneBlocks, outer_product
from tutelage.population.rounding import functional_size, norm, outer_size


class PairHessian(LossHessian):
    r"""The Hessian of science 1.4 as a structured operator.

    Blocks (i, j) are :math:`a_i a_j(k_{11} I + k_{31} w_i w_i^T + k_{22}(w_i w_j^T + w_j w_i^T) + k_{13} w_j w_j^T)`,
    :math:`a_i(k_{20} w_i + k_{11} w_j)` and :math:`k_{00}`. A product costs three (k, k)·(k, d) matrix products.

    Attributes
    ----------
    W, a : ndarray (k, d), (k,)
    tables : PairMoments of shape (k, k)
    layout : Layout
        The rows and columns that are kept.
    activation : Activation
    plane : PlaneBlocks or None
        Close pairs of a kinked activation.
    part : FunctionalPart or None
    """

    W: np.ndarray
    a: np.ndarray
    tables: PairMoments
    layout: Layout = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    plane: PlaneBlocks | None = None
    part: FunctionalPart | None = None

    @property
    def d(self) -> int:
        """Input dimension."""
        return self.W.shape[1]

    @property
    def k(self) -> int:
        """Width."""
        return self.W.shape[0]

    @property
    def semidefinite(self) -> bool:
        """An outer product of gradients is; with a functional part nothing is known."""
        return self.part is None

    @property
    def outer(self) -> PairHessian:
        if self.part is None:
            return self
        return PairHessian(self.W, self.a, self.tables, self.layout, self.activation, self.plane)

    @property
    def functional(self) -> PairHessian | None:
        if self.part is None:
            return None
        nothing = PairMoments(*(np.zeros_like(t) for t in self.tables))
        return PairHessian(self.W, self.a, nothing, self.layout, self.activation, None, self.part)

    def product(self, vector: Array) -> Array:
        require_64_bit("PairHessian.product")
        W, a = jnp.asarray(self.W), jnp.asarray(self.a)
        layers = self.layout.split(vector, {"W": jnp.zeros_like(W), "a": jnp.zeros_like(a)})
        V, b = layers["W"], layers["a"]
        out_W, out_a = outer_product(self.tables, W, a, W, a, V, b)
        if self.plane is not None:
            out_W = out_W + self.plane.apply(V)
        if self.part is not None:
            more_W, more_a = self.part.product(W, V, b)
            out_W, out_a = out_W + more_W, out_a + more_a
        return self.layout.flatten({"W": out_W, "a": out_a})

    def dense(self) -> np.ndarray:
        self.require_memory()
        return dense_pairs(_on_host(self))

    def trace(self) -> float:
        here, total = _on_host(self), 0.0
        if "W" in self.layout.trained:
            t = here.tables
            square = np.diag(t.k31) + 2 * np.diag(t.k22) + np.diag(t.k13)
            total += np.sum(here.a**2 * (self.d * np.diag(t.k11) + square * np.sum(here.W**2, 1)))
            total += plane_trace(here.plane) if here.plane is not None else 0.0
            total += here.part.trace(here.W) if here.part is not None else 0.0
        if "a" in self.layout.trained:
            total += np.trace(here.tables.k00)
        return float(total)

    def frobenius_norm(self) -> float:
        return float(np.sqrt(pair_frobenius_squared(_on_host(self))))

    @functools.cached_property
    def structure(self) -> Structure:
        here = _on_host(self)
        more = {
            "reduction": functools.partial(_reduction, here),
            "entries": functools.partial(_entries, here),
        }
        if here.part is not None:
            return Structure(**more)
        known = structure.of_outer_part(here.W, here.a, here.activation, here.layout)
        return dataclasses.replace(known, **more)


def _entries(operator: PairHessian) -> Entries:
    """Sums of terms, and what a quadrature left in them."""
    W, a, layout, activation = operator.W, operator.a, operator.layout, operator.activation
    size = outer_size(W, a, activation.terms(operator.tables, W, W), layout, operator.plane)
    errors = moments.own_errors(activation, W)
    error = 0.0 if errors is None else outer_size(W, a, errors, layout, None)
    if operator.part is not None:
        of_part = functional_size(W, operator.part)
        size, error = size + of_part, error + activation.quadrature_error(W, operator.part.Z) * of_part
    return Entries(size, error)


def _copies_entries(operator: PairHessian) -> Entries:
    """Of a_i a_j k_11 alone."""
    W, weights = operator.W, np.outer(operator.a, operator.a)
    size = norm(weights * operator.activation.terms(operator.tables, W, W).k11)
    errors = moments.own_errors(operator.activation, W)
    error = 0.0 if errors is None else norm(weights * errors.k11)
    if operator.part is not None:
        of_part = float(np.abs(operator.part.identity).max())
        size = size + of_part
        error = error + operator.activation.quadrature_error(W, operator.part.Z) * of_part
    return Entries(size, error)


def _reduction(operator: PairHessian, with_frame: bool = False) -> Reduction | None:
    r"""Rows of W (and of the teacher) span r dimensions; in the other d − r the Hessian is C ⊗ I.

    :math:`C_{ij} = a_i a_j k_{11}(i,j) + \delta_{ij}\,a_i\sum_l c_l k_{20}(i,l)`, shape (k, k), multiplicity d − r.
    """
    W, a, tables, layout = operator.W, operator.a, operator.tables, operator.layout
    plane, part = operator.plane, operator.part
    if "W" not in layout.trained:
        return None
    rows = W if part is None else np.concatenate([W, part.Z])
    close = plane is not None or (part is not None and part.plane is not None)
    coordinates, frame = row_space(rows) if close or with_frame else (row_coordinates(rows), None)
    (k, d), r = W.shape, coordinates.shape[1]
    if r >= d:
        return None
    repeated, factor = np.outer(a, a) * tables.k11, None
    entries = functools.partial(_copies_entries, operator)
    if part is None:
        factor = structure.repeated_factor(coordinates, a, operator.activation)
    else:
        repeated = repeated + np.diag(part.identity)
        part = part._replace(Z=coordinates[k:], plane=_project_plane(part.plane, frame))
    block = PairHessian(
        coordinates[:k], a, tables, layout.reshaped(W=(k, r)), operator.activation,
        _project_plane(plane, frame), part,
    )  # fmt: skip
    return Reduction(block, (Copies((repeated + repeated.T) / 2, d - r, factor, entries),), layout, frame)


def _on_host(operator: PairHessian) -> PairHessian:
    """The same with NumPy arrays, which an operator that went through JAX no longer has."""
    if isinstance(operator.W, np.ndarray):
        return operator
    return jax.tree.map(np.asarray, operator)


def _project_plane(plane: PlaneBlocks | None, frame: np.ndarray | None) -> PlaneBlocks | None:
    if plane is None or frame is None:
        return None
    return plane._replace(u=plane.u @ frame.T, v=plane.v @ frame.T)
