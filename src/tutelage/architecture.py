"""Architecture: the shape of a fully connected network, without weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.value import Shown
from tutelage.network import Network


@dataclasses.dataclass(frozen=True)
class Architecture(Shown):
    """The shape of a fully connected network, without weights.

    Parameters
    ----------
    widths : tuple of int
        Layer sizes from the input on: ``(d, k, 1)`` for the two-layer network.
    activations : Activation, str or tuple of them
        One per hidden layer; a single one is used for all. The output layer is linear.
    biases : bool or tuple of bool
        One per weight layer (hidden layers and the output); a single one is used for all.

    Examples
    --------
    >>> Architecture((10, 20, 1), "erf").n_params
    220
    """

    widths: tuple[int, ...]
    activations: tuple[Activation, ...]
    biases: tuple[bool, ...]

    def __init__(
        self,
        widths: Sequence[int],
        activations: Activation | str | Sequence[Activation | str],
        biases: bool | Sequence[bool] = False,
    ):
        widths = tuple(check.integer(w, "Architecture", "width") for w in widths)
        if len(widths) < 2:
            raise InputError(f"Architecture: expected at least an input and an output width, got {widths}")
        n_layers = len(widths) - 1
        if isinstance(activations, (Activation, str)):
            activations = (activations,) * (n_layers - 1)
        if isinstance(biases, (bool, np.bool_)):
            biases = (bool(biases),) * n_layers
        if not isinstance(biases, Sequence) or not all(isinstance(b, (bool, np.bool_)) for b in biases):
            raise InputError(
                f"Architecture: expected True or False as biases, or a tuple of them, got {biases!r}"
            )
        activations = tuple(as_activation(s) for s in activations)
        check.same_length(len(activations), n_layers - 1, "Architecture", "activations and hidden layers")
        check.same_length(len(biases), n_layers, "Architecture", "biases and weight layers")
        object.__setattr__(self, "widths", widths)
        object.__setattr__(self, "activations", activations)
        object.__setattr__(self, "biases", tuple(bool(b) for b in biases))

    @property
    def n_params(self) -> int:
        """P, weights and biases."""
        pairs = zip(self.widths[:-1], self.widths[1:], self.biases, strict=True)
        return sum(m * n + (n if bias else 0) for m, n, bias in pairs)

    @classmethod
    def of(cls, network: Network) -> Architecture:
        """The architecture of a two-layer network."""
        biases = ("b" in network.layers, "c" in network.layers)
        return cls((network.d, network.k, network.n_outputs), network.activation, biases)
