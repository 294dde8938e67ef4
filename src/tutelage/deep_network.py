"""DeepNetwork: the weights of a teacher or student of any depth."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.layout import Layout


class DeepNetwork(eqx.Module):
    r"""A network :math:`f(x) = W_{L+1}\,\sigma(W_L \cdots \sigma(W_1 x + b_1) \cdots + b_L) + b_{L+1}`, all of it trained.

    Parameters
    ----------
    weights : sequence of array_like
        :math:`W_l` of shape (k_l, k_{l-1}), k_0 = d inputs, the last one of m outputs.
    activation : Activation or str
        Between the layers.
    biases : sequence of array_like (k_l,), optional
        One for every layer, or none.

    Raises
    ------
    InputError
        Shapes that do not fit each other, arrays that are not finite, biases for some layers only.

    Examples
    --------
    >>> DeepNetwork([[[2.0]], [[1.0], [1.0]], [[1.0, -1.0]]], "linear")([3.0])
    array([0.])
    """

    weights: tuple[np.ndarray, ...]
    activation: Activation = eqx.field(static=True)
    biases: tuple[np.ndarray, ...]

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        activation: Activation | str,
        biases: Sequence[ArrayLike] | None = None,
    ):
        who = "DeepNetwork"
        self.weights = tuple(check.float_array(W, who, f"W{i + 1}", ndim=2) for i, W in enumerate(weights))
        self.activation = as_activation(activation)
        if not self.weights:
            raise InputError(f"{who}: expected one layer or more, got none")
        for i in range(1, len(self.weights)):
            lower, upper = self.weights[i - 1 : i + 1]
            check.same_length(len(lower), upper.shape[1], who, f"rows of W{i} and columns of W{i + 1}")
        given = () if biases is None else tuple(biases)
        self.biases = tuple(check.float_array(b, who, f"b{i + 1}", ndim=1) for i, b in enumerate(given))
        if self.biases:
            check.same_length(len(self.biases), len(self.weights), who, "numbers of biases and of layers")
        for i, (W, b) in enumerate(zip(self.weights, self.biases, strict=False)):
            check.same_length(len(W), len(b), who, f"rows of W{i + 1} and length of b{i + 1}")

    @property
    def widths(self) -> tuple[int, ...]:
        """(d, k_1, ..., k_L, m)."""
        return (self.weights[0].shape[1], *(len(W) for W in self.weights))

    @property
    def layers(self) -> dict[str, np.ndarray]:
        """``W1``, ``b1``, ``W2``, ... in the order of θ."""
        found = {}
        for i, W in enumerate(self.weights):
            found[f"W{i + 1}"] = W
            if self.biases:
                found[f"b{i + 1}"] = self.biases[i]
        return found

    @property
    def layout(self) -> Layout:
        """Where every layer stands in θ."""
        return Layout({name: array.shape for name, array in self.layers.items()})

    @property
    def n_params(self) -> int:
        """P."""
        return self.layout.size

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """f(x), shape (..., m), for x (..., d)."""
        hidden = np.asarray(x, dtype=np.float64)
        for i, W in enumerate(self.weights):
            if i:
                hidden = np.asarray(self.activation(hidden))
            hidden = hidden @ W.T
            if self.biases:
                hidden = hidden + self.biases[i]
        return hidden

    def __repr__(self) -> str:
        return f"DeepNetwork({' → '.join(map(str, self.widths))}, {self.activation.spec}, P={self.n_params})"
