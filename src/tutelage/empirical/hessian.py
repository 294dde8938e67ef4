"""EmpiricalHessian: the Hessian of given data as an operator, chunked over samples."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations.derivatives import derivative_tables, derivatives
from tutelage.base.precision import require_64_bit
from tutelage.base.types import Array
from tutelage.layout import Layout
from tutelage.network import Network
from tutelage.operators import Factor, LossHessian, Structure

_DENSE_CHUNK_BYTES = 2e8
"""Largest slice of the Jacobian held at once by ``dense`` and ``factor``."""

_KEPT_BYTES = 2.5e8
"""Largest tables of σ and its derivatives kept between products."""


class EmpiricalHessian(LossHessian):
    r"""Mean over samples of :math:`\sum_o \nabla f_o\,\nabla f_o^T + (f_o - y_o)\nabla^2 f_o` ([C25] (3)-(5) as printed).

    Attributes
    ----------
    network : Network
        The student.
    X : ndarray (chunks, size, d)
        Samples, the last chunk padded with zeros.
    residual : ndarray (chunks, size, m)
        f(x) − y; zero on padding.
    weight : ndarray (chunks, size)
        1/n on samples, 0 on padding.
    layout : Layout
    parts : tuple of "outer", "functional"
        Which parts are summed.
    """

    network: Network
    X: np.ndarray
    residual: np.ndarray
    weight: np.ndarray
    layout: Layout = eqx.field(static=True)
    parts: tuple[str, ...] = eqx.field(static=True, default=("outer", "functional"))

    @property
    def semidefinite(self) -> bool:
        """A sum of outer products alone is."""
        return self.parts == ("outer",)

    @property
    def outer(self) -> EmpiricalHessian:
        return dataclasses.replace(self, parts=("outer",))

    @property
    def functional(self) -> EmpiricalHessian | None:
        return dataclasses.replace(self, parts=("functional",)) if "functional" in self.parts else None

    def product(self, vector: Array) -> Array:
        require_64_bit("EmpiricalHessian.product")
        here = {name: jnp.asarray(layer) for name, layer in self.network.layers.items()}
        zeros = {name: jnp.zeros_like(layer) for name, layer in here.items()}
        layers = self.layout.split(vector, zeros)

        def add(total: dict[str, Array], chunk: tuple[Array, Array, Array]) -> tuple[dict[str, Array], None]:
            u = chunk[0] @ here["W"].T + here.get("b", 0.0)
            known = _of_chunk(chunk, here["a"], derivatives(self.network.activation, u))
            more = known.product(self.parts, here, layers)
            return {name: total[name] + more[name] for name in total}, None

        chunks = (jnp.asarray(self.X), jnp.asarray(self.residual), jnp.asarray(self.weight))
        return self.layout.flatten(jax.lax.scan(add, zeros, chunks)[0])

    @functools.cached_property
    def on_host(self) -> Callable[[np.ndarray], np.ndarray] | None:
        if 3 * 8 * self.weight.size * self.network.k > _KEPT_BYTES or jax.default_backend() != "cpu":
            return None
        here = {name: np.asarray(layer) for name, layer in self.network.layers.items()}
        zeros = {name: np.zeros_like(layer) for name, layer in here.items()}
        chunks = zip(*map(np.asarray, (self.X, self.residual, self.weight)), strict=True)
        known = [_of_chunk(chunk, here["a"], self._derivatives(chunk[0])) for chunk in chunks]

        def product(vector: np.ndarray) -> np.ndarray:
            layers = self.layout.split(vector, zeros)
            products = [each.product(self.parts, here, layers) for each in known]
            layer_sums = {name: sum(product[name] for product in products) for name in here}
            return np.asarray(self.layout.flatten(layer_sums))

        return product

    def dense(self) -> np.ndarray:
        self.require_memory()
        out = np.zeros((self.size, self.size))
        for x, residual, weight in self._slices():
            value, slope, curvature = self._derivatives(x)
            if "outer" in self.parts:
                jacobian = self._jacobian(x, value, slope, weight)
                out += jacobian.T @ jacobian
            if "functional" in self.parts:
                self._add_functional(out, x, residual * weight[:, None], slope, curvature)
        return (out + out.T) / 2

    @property
    def structure(self) -> Structure:
        n = int(np.sum(np.asarray(self.weight) > 0)) * self.network.n_outputs
        if self.parts != ("outer",):
            return Structure()

        def gram() -> np.ndarray:
            rows = self.factor_rows()
            return rows @ rows.T

        return Structure(factor=Factor(n, self.factor_rows, gram))

    def factor_rows(self) -> np.ndarray:
        """J/√n, shape (n, P), a row for every output: its Gram matrices are the outer-product Hessian and the NTK."""
        slices = [(x, weight, self._derivatives(x)) for x, _, weight in self._slices()]
        return np.concatenate([self._jacobian(x, v, s, w) for x, w, (v, s, _) in slices])

    def trace(self) -> float:
        total = 0.0
        A, trained = _outputs(np.asarray(self.network.a)), self.layout.trained
        for x, residual, weight in self._slices():
            value, slope, curvature = self._derivatives(x)
            norms = np.sum(x * x, 1) * ("W" in trained) + ("b" in trained)
            if "outer" in self.parts:
                total += np.sum(weight * norms * (slope**2 @ np.sum(A**2, axis=0)))
                own = np.sum(value**2, 1) * ("a" in trained) + ("c" in trained)
                total += len(A) * np.sum(weight * own)
            if "functional" in self.parts:
                total += np.sum(weight * norms * np.sum((residual @ A) * curvature, 1))
        return float(total)

    def frobenius_norm(self) -> float:
        factor = self.structure.factor
        if factor is None or factor.size >= self.size:
            return float(np.linalg.norm(self.dense()))
        return float(np.linalg.norm(factor.gram()))

    # --- samples, slice by slice ------------------------------------------------------------------------------
    def _slices(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        X = np.asarray(self.X).reshape(-1, self.X.shape[-1])
        residual, weight = np.asarray(self.residual).reshape(len(X), -1), np.ravel(self.weight)
        n = int(np.sum(weight > 0))
        size = max(1, int(_DENSE_CHUNK_BYTES / (8 * self.size * self.network.n_outputs)))
        for start in range(0, n, size):
            here = slice(start, min(start + size, n))
            yield X[here], residual[here], weight[here]

    def _derivatives(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        b = 0.0 if self.network.b is None else np.asarray(self.network.b)
        return derivative_tables(self.network.activation, x @ np.asarray(self.network.W).T + b)

    def _jacobian(
        self, x: np.ndarray, value: np.ndarray, slope: np.ndarray, weight: np.ndarray
    ) -> np.ndarray:
        """Rows √weight ∂f_o(x)/∂θ, shape (n m, P)."""
        A = _outputs(np.asarray(self.network.a))
        root, m = np.sqrt(weight)[:, None, None], len(A)
        to_u = root * A * slope[:, None, :]  # (n, m, k)
        unit = np.eye(m)
        layers = {
            "W": to_u[..., None] * x[:, None, None, :], "b": to_u,
            "a": (root * value[:, None, :])[:, None] * unit[:, :, None], "c": root * unit,
        }  # fmt: skip
        front, shapes = (len(x), m), dict(self.layout.shapes)
        flat = self.layout.flatten({name: layers[name].reshape(*front, *shapes[name]) for name in shapes})
        return flat.reshape(len(x) * m, -1)

    def _add_functional(
        self, out: np.ndarray, x: np.ndarray, r: np.ndarray, slope: np.ndarray, curvature: np.ndarray
    ) -> None:
        """Blocks of neuron i with itself and its read-outs: with (x, 1) a bias is one more weight."""
        A, at = _outputs(np.asarray(self.network.a)), self.layout.slices
        (m, k), d = A.shape, x.shape[1]
        own = np.concatenate(
            [layer for name, layer in (("W", x), ("b", np.ones((len(x), 1)))) if name in at], axis=1
        ) if {"W", "b"} & set(at) else np.zeros((len(x), 0))  # fmt: skip
        pull = r @ A
        for i in range(k if own.shape[1] else 0):
            rows = [*range(at["W"].start + i * d, at["W"].start + (i + 1) * d)] if "W" in at else []
            rows += [at["b"].start + i] if "b" in at else []
            out[np.ix_(rows, rows)] += (own * (pull[:, i] * curvature[:, i])[:, None]).T @ own
            if "a" in at:
                columns = [at["a"].start + o * k + i for o in range(m)]
                block = own.T @ (r * slope[:, i : i + 1])
                out[np.ix_(rows, columns)] += block
                out[np.ix_(columns, rows)] += block.T


class _Chunk(NamedTuple):
    """Some samples x (n, d), NumPy or traced, and what of them stays from product to product: 1/n or 0 (n, 1), residuals
    over n (n, m), σ and σ' (n, k), and what the residuals make of σ'' (n, k)."""

    x: Array
    weight: Array
    residual: Array
    value: Array
    slope: Array
    bent: Array

    def product(
        self, parts: tuple[str, ...], here: Mapping[str, Array], layers: Mapping[str, Array]
    ) -> dict[str, Array]:
        """What these samples add to H v, layer by layer."""
        A, alpha = _outputs(here["a"]), _outputs(layers["a"])
        u = self.x @ layers["W"].T
        if "b" in here:
            u = u + layers["b"]
        along, pull, back = self.slope * u, 0.0, 0.0
        if "functional" in parts:
            pull, back = self.residual @ alpha, self.residual.T @ along
        change = 0.0 * self.residual[:1]
        if "outer" in parts:
            change = along @ A.T + self.value @ alpha.T
            if "c" in here:
                change = change + layers["c"].reshape(-1)
            change = self.weight * change
            pull, back = pull + change @ A, back + change.T @ self.value
        to_u = pull * self.slope
        if "functional" in parts:
            to_u = to_u + self.bent * u
        more = {"W": to_u.T @ self.x, "a": back}
        if "b" in here:
            more["b"] = to_u.sum(0)
        if "c" in here:
            more["c"] = change.sum(0)
        return {name: more[name].reshape(layer.shape) for name, layer in here.items()}


def _of_chunk(chunk: Sequence[Array], read_out: Array, tables: Sequence[Array]) -> _Chunk:
    (x, residual, weight), (value, slope, curvature) = chunk, tables
    weight = weight[:, None]
    residual = weight * residual
    return _Chunk(x, weight, residual, value, slope, (residual @ _outputs(read_out)) * curvature)


def _outputs(read_out: Array) -> Array:
    return read_out.reshape(-1, read_out.shape[-1])
