"""The Hessian of a deep linear network at its optimum, in closed form."""

from __future__ import annotations

from collections.abc import Iterator

import equinox as eqx
import numpy as np

from tutelage.base.precision import require_64_bit
from tutelage.base.types import Array
from tutelage.deep_network import DeepNetwork
from tutelage.layout import Layout
from tutelage.operators import Factor, LossHessian, Structure


class DeepLinearHessian(LossHessian):
    r""":math:`H = F^TF` with :math:`\partial f/\partial W_l = B_l^T (\cdot) (A_{l-1}x)^T` (science D1).

    Attributes
    ----------
    above : tuple of ndarray (m, k_l)
        :math:`B_l = W_{L+1}\cdots W_{l+1}`.
    below : tuple of ndarray (k_{l-1}, d), or (k_{l-1}, d + 1) with biases
        :math:`A_{l-1} = W_{l-1}\cdots W_1`, beside it the constants that biases make.
    """

    above: tuple[np.ndarray, ...]
    below: tuple[np.ndarray, ...]
    layout: Layout = eqx.field(static=True)
    semidefinite: bool = eqx.field(static=True, default=True)

    @property
    def outer(self) -> DeepLinearHessian:
        return self

    @property
    def functional(self) -> None:
        return None

    def product(self, vector: Array) -> Array:
        require_64_bit("DeepLinearHessian.product")
        layers = self.layout.split(vector)
        # What the parameters change: the matrix of the whole network, with its constants as last column.
        change = sum(B @ layers[name].reshape(B.shape[1], len(A)) @ A for name, B, A in self._parts())
        shapes = dict(self.layout.shapes)
        images = {name: (B.T @ change @ A.T).reshape(shapes[name]) for name, B, A in self._parts()}
        return self.layout.flatten(images)

    @property
    def structure(self) -> Structure:
        size = self.above[0].shape[0] * self.below[0].shape[1]
        return Structure(factor=Factor(size, self.factor_rows, self.gram))

    def gram(self) -> np.ndarray:
        r""":math:`N = \sum_l B_lB_l^T \otimes A_{l-1}^TA_{l-1}`, a row for every entry of the whole network's matrix."""
        return np.asarray(sum(np.kron(B @ B.T, A.T @ A) for _, B, A in self._parts()))

    def factor_rows(self) -> np.ndarray:
        """F, with the rows of ``gram``."""
        return np.concatenate([np.kron(B, A.T) for _, B, A in self._parts()], axis=1)

    def trace(self) -> float:
        return float(np.trace(self.gram()))

    def frobenius_norm(self) -> float:
        return float(np.linalg.norm(self.gram()))

    def _parts(self) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Layers in the order of θ, each with what stands above and below it; below a bias stands the constant 1."""
        one = np.eye(self.below[0].shape[1])[-1:]
        for i, (B, A) in enumerate(zip(self.above, self.below, strict=True)):
            yield f"W{i + 1}", B, A
            if f"b{i + 1}" in self.layout.slices:
                yield f"b{i + 1}", B, one


def linear_hessian(network: DeepNetwork) -> DeepLinearHessian:
    """H of a deep network whose activation is the identity."""
    weights, d = network.weights, network.widths[0]
    # With biases a last column: the constant part of what a layer sees.
    below = [np.eye(d, d + bool(network.biases))]
    for i, W in enumerate(weights[:-1]):
        below.append(W @ below[-1])
        if network.biases:
            below[-1][:, -1] += network.biases[i]
    above = [np.eye(len(weights[-1]))]
    for W in reversed(weights[1:]):
        above.append(above[-1] @ W)
    return DeepLinearHessian(tuple(reversed(above)), tuple(below), network.layout)


def is_identity(network: DeepNetwork) -> bool:
    """What the activation declares: a polynomial of degree 1; two values say which."""
    sigma = network.activation
    return sigma.degree == 1 and np.array_equal(np.asarray(sigma(np.array([0.0, 1.0]))), [0.0, 1.0])
