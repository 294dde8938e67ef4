"""PairHessian: the population Hessian of a two-layer network, stored as k×k tables and the weights."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base.methods import quick
from tutelage.base.precision import require_64_bit
from tutelage.base.types import Array
from tutelage.layout import Layout
from tutelage.moments import MeanMoments, PairMoments
from tutelage.network import Network
from tutelage.operators import LossHessian, Structure
from tutelage.population import reduction, rounding, structure
from tutelage.population.dense_pairs import dense_pairs, pair_frobenius_squared
from tutelage.population.functional import FunctionalPart, plane_trace
from tutelage.population.pairs import Own, PlaneBlocks, host_product, outer_product, outputs


class PairHessian(LossHessian):
    r"""The Hessian of science 1.4 as a structured operator, with biases (science 9) and several outputs (science 19).

    Blocks (i, j) are :math:`G_{ij}(k_{11} I + k_{31} w_i w_i^T + k_{22}(w_i w_j^T + w_j w_i^T) + k_{13} w_j w_j^T)` with
    :math:`G = A^TA`, :math:`A_{oi}(k_{20} w_i + k_{11} w_j)` and :math:`k_{00}`. A product costs three (k, k)·(k, d)
    matrix products.

    Attributes
    ----------
    network : Network
        The student.
    tables : PairMoments, or MeanMoments with biases, of shape (k, k)
    layout : Layout
        The rows and columns that are kept.
    own : (s_0, s_1, s_2) or None
        Of every neuron, each (k,), where there is an output bias.
    plane : PlaneBlocks or None
        Close pairs of a kinked activation.
    part : FunctionalPart or None
    units : array, shape (k,), or None
        Of the read-outs, where ``network`` holds short neurons longer (:func:`~tutelage.population.short.lengthened`): their
        rows and columns are those of the network times these.
    """

    network: Network
    tables: PairMoments | MeanMoments
    layout: Layout = eqx.field(static=True)
    own: Own | None = None
    plane: PlaneBlocks | None = None
    part: FunctionalPart | None = None
    units: Array | None = None

    @property
    def d(self) -> int:
        """Input dimension."""
        return self.network.d

    @property
    def k(self) -> int:
        """Width."""
        return self.network.k

    @property
    def semidefinite(self) -> bool:
        """An outer product of gradients is; with a functional part nothing is known."""
        return self.part is None

    @property
    def outer(self) -> PairHessian:
        return self if self.part is None else dataclasses.replace(self, part=None)

    @property
    def functional(self) -> PairHessian | None:
        if self.part is None:
            return None
        nothing = jax.tree.map(np.zeros_like, self.tables)
        return dataclasses.replace(self, tables=nothing, own=None, plane=None)

    def product(self, vector: Array) -> Array:
        require_64_bit("PairHessian.product")
        here = {name: jnp.asarray(layer) for name, layer in self.network.layers.items()}
        layers = self.layout.split(vector, {name: jnp.zeros_like(layer) for name, layer in here.items()})
        own = None if self.own is None else (self.own, self.own)
        if self.units is not None:
            layers = layers | {"a": layers["a"] * self.units}
        out = outer_product(self.tables, here, here, layers, own)
        if self.plane is not None:
            out["W"] = out["W"] + self.plane.apply(layers["W"])
        if self.part is not None:
            more = self.part.product(here["W"], layers)
            out |= {name: out[name] + layer for name, layer in more.items()}
        if "c" in here and "c" not in out:  # The functional part alone.
            out["c"] = jnp.zeros_like(here["c"])
        if self.units is not None:
            out["a"] = out["a"] * self.units
        return self.layout.flatten(out)

    @functools.cached_property
    def on_host(self) -> Callable[[np.ndarray], np.ndarray] | None:
        here = _on_host(self)
        plain = set(here.network.layers) == {"W", "a"} and here.plane is None and here.part is None
        if not plain or here.units is not None or here.network.a.ndim > 1 or jax.default_backend() != "cpu":
            return None
        return host_product(PairMoments(*here.tables), here.network.W, here.network.a, here.layout)

    @quick
    def dense(self) -> np.ndarray:
        self.require_memory()
        here = _on_host(self)
        matrix = dense_pairs(here)
        if here.units is not None and "a" in here.layout.slices:
            read_outs, each = here.layout.slices["a"], np.tile(here.units, here.network.n_outputs)
            matrix[read_outs] *= each[:, None]
            matrix[:, read_outs] *= each
        return matrix

    def trace(self) -> float:
        here, total = _on_host(self), 0.0
        t, trained, A = here.tables, here.layout.trained, outputs(here.network.a)
        weight = np.sum(A**2, axis=0)
        if "W" in trained:
            square = np.diag(t.k31) + 2 * np.diag(t.k22) + np.diag(t.k13)
            total += np.sum(weight * (self.d * np.diag(t.k11) + square * np.sum(here.network.W**2, 1)))
            total += plane_trace(here.plane) if here.plane is not None else 0.0
            total += here.part.trace(here.network.W) if here.part is not None else 0.0
        if "b" in trained:
            total += weight @ np.diag(t.k11) + (0.0 if here.part is None else np.sum(here.part.identity))
        if "a" in trained:
            units = 1.0 if here.units is None else here.units
            total += len(A) * np.sum(units**2 * np.diag(t.k00))
        if "c" in trained and here.own is not None:
            total += len(A)
        return float(total)

    def frobenius_norm(self) -> float:
        if self.units is not None:
            return float(rounding.norm(self.dense()))
        return float(np.sqrt(pair_frobenius_squared(_on_host(self))))

    @functools.cached_property
    def structure(self) -> Structure:
        here = _on_host(self)
        more = {
            "reduction": functools.partial(reduction.reduced, here),
            "entries": functools.partial(rounding.entries, here),
        }
        if here.part is not None:
            return Structure(**more)
        found = dataclasses.replace(structure.of_outer_part(here.network, here.layout), **more)
        if here.units is None:
            return found
        layers = here.network.layers
        inner = {name: (layers[name].T * here.units).T for name in ("W", "b") if name in layers}
        nulls = functools.partial(structure.rescaling, here.network.activation, layers | inner, here.layout)
        return dataclasses.replace(
            found, null_vectors=nulls if here.layout.is_complete else Structure().null_vectors
        )


def _on_host(operator: PairHessian) -> PairHessian:
    """The same with NumPy arrays, which an operator that went through JAX no longer has."""
    if isinstance(operator.network.W, np.ndarray):
        return operator
    return jax.tree.map(np.asarray, operator)
