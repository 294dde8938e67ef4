"""EmpiricalHessian: the Hessian of given data as an operator, chunked over samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.base.precision import require_64_bit
from tutelage.base.types import Array
from tutelage.empirical.derivatives import derivative_tables, derivatives
from tutelage.layout import Layout
from tutelage.operators import Factor, LossHessian, Structure

_DENSE_CHUNK_BYTES = 2e8
"""Largest slice of the Jacobian held at once by ``dense`` and ``factor``."""


class EmpiricalHessian(LossHessian):
    r"""Mean over samples of :math:`\nabla f\,\nabla f^T + (f - y)\nabla^2 f` ([C25] (3)-(5) as printed).

    Attributes
    ----------
    W, a : ndarray (k, d), (k,)
    X : ndarray (chunks, size, d)
        Samples, the last chunk padded with zeros.
    residual : ndarray (chunks, size)
        f(x) − y; zero on padding.
    weight : ndarray (chunks, size)
        1/n on samples, 0 on padding.
    layout : Layout
    activation : Activation
    parts : tuple of "outer", "functional"
        Which parts are summed.
    """

    W: np.ndarray
    a: np.ndarray
    X: np.ndarray
    residual: np.ndarray
    weight: np.ndarray
    layout: Layout = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
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
        W, a = jnp.asarray(self.W), jnp.asarray(self.a)
        layers = self.layout.split(vector, {"W": jnp.zeros_like(W), "a": jnp.zeros_like(a)})
        V, b = layers["W"], layers["a"]

        def add(
            total: tuple[Array, Array], chunk: tuple[Array, Array, Array]
        ) -> tuple[tuple[Array, Array], None]:
            x, residual, weight = chunk
            value, slope, curvature = derivatives(self.activation, x @ W.T)
            along = x @ V.T
            to_u, to_a = jnp.zeros_like(along), jnp.zeros_like(value)
            if "outer" in self.parts:
                change = weight * (jnp.sum(a * slope * along, 1) + value @ b)
                to_u, to_a = to_u + change[:, None] * a * slope, to_a + change[:, None] * value
            if "functional" in self.parts:
                r = (weight * residual)[:, None]
                to_u = to_u + r * (a * curvature * along + slope * b)
                to_a = to_a + r * slope * along
            return (total[0] + to_u.T @ x, total[1] + to_a.sum(0)), None

        chunks = (jnp.asarray(self.X), jnp.asarray(self.residual), jnp.asarray(self.weight))
        (out_W, out_a), _ = jax.lax.scan(add, (jnp.zeros_like(W), jnp.zeros_like(a)), chunks)
        return self.layout.flatten({"W": out_W, "a": out_a})

    def dense(self) -> np.ndarray:
        self.require_memory()
        out = np.zeros((self.size, self.size))
        for x, residual, weight in self._slices():
            value, slope, curvature = self._derivatives(x)
            if "outer" in self.parts:
                jacobian = self._jacobian(x, value, slope) * np.sqrt(weight)[:, None]
                out += jacobian.T @ jacobian
            if "functional" in self.parts:
                self._add_functional(out, x, residual * weight, slope, curvature)
        return (out + out.T) / 2

    @property
    def structure(self) -> Structure:
        n = int(np.sum(np.asarray(self.weight) > 0))
        if self.parts != ("outer",):
            return Structure()

        def gram() -> np.ndarray:
            rows = self.factor_rows()
            return rows @ rows.T

        return Structure(factor=Factor(n, self.factor_rows, gram))

    def factor_rows(self) -> np.ndarray:
        """J/√n, shape (n, P): its Gram matrices are the outer-product Hessian and the NTK."""
        slices = [(x, weight, self._derivatives(x)) for x, _, weight in self._slices()]
        return np.concatenate([self._jacobian(x, v, s) * np.sqrt(w)[:, None] for x, w, (v, s, _) in slices])

    def trace(self) -> float:
        total = 0.0
        a, trained = np.asarray(self.a), self.layout.trained
        for x, residual, weight in self._slices():
            value, slope, curvature = self._derivatives(x)
            norms = np.sum(x * x, 1)
            if "W" in trained and "outer" in self.parts:
                total += np.sum(weight * norms * np.sum((a * slope) ** 2, 1))
            if "W" in trained and "functional" in self.parts:
                total += np.sum(weight * residual * norms * (curvature @ a))
            if "a" in trained and "outer" in self.parts:
                total += np.sum(weight * np.sum(value**2, 1))
        return float(total)

    def frobenius_norm(self) -> float:
        factor = self.structure.factor
        if factor is None or factor.size >= self.size:
            return float(np.linalg.norm(self.dense()))
        return float(np.linalg.norm(factor.gram()))

    # --- samples, slice by slice ------------------------------------------------------------------------------
    def _slices(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        X = np.asarray(self.X).reshape(-1, self.X.shape[-1])
        residual, weight = np.ravel(self.residual), np.ravel(self.weight)
        n = int(np.sum(weight > 0))
        size = max(1, int(_DENSE_CHUNK_BYTES / (8 * self.size)))
        for start in range(0, n, size):
            here = slice(start, min(start + size, n))
            yield X[here], residual[here], weight[here]

    def _derivatives(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return derivative_tables(self.activation, x @ np.asarray(self.W).T)

    def _jacobian(self, x: np.ndarray, value: np.ndarray, slope: np.ndarray) -> np.ndarray:
        to_W = (np.asarray(self.a) * slope)[:, :, None] * x[:, None, :]
        return self.layout.flatten({"W": to_W, "a": value})

    def _add_functional(
        self, out: np.ndarray, x: np.ndarray, r: np.ndarray, slope: np.ndarray, curvature: np.ndarray
    ) -> None:
        """Blocks (w_i, w_i) and (w_i, a_i): each row of W is a layer of its own here."""
        (k, d), a, at = self.W.shape, np.asarray(self.a), self.layout.slices
        for i in range(k if "W" in at else 0):
            rows = slice(at["W"].start + i * d, at["W"].start + (i + 1) * d)
            out[rows, rows] += (x * (r * a[i] * curvature[:, i])[:, None]).T @ x
            if "a" in at:
                column = x.T @ (r * slope[:, i])
                out[rows, at["a"].start + i] += column
                out[at["a"].start + i, rows] += column
