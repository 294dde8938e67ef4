"""Neurons too short for float64 to square, under an activation that is homogeneous: stored longer."""

from __future__ import annotations

import numpy as np

from tutelage.activations.rounding import SHORTEST
from tutelage.base.rows import lengths
from tutelage.network import Network

_LONGEST_BIAS = 1e140
"""Of a stored neuron: its square, and that times a few, is a float."""


def lengthened(network: Network) -> tuple[Network, np.ndarray | None]:
    r"""The network with its short neurons divided by powers of two, and these powers (k,); None where there are no such.

    With :math:`\sigma(su) = s\,\sigma(u)` the blocks of W and b depend on the directions of (w, b) alone, and
    :math:`\partial f/\partial a_i` is s times that of the neuron divided by s: :math:`H = D\hat HD` with D = s on the read-outs,
    though no square of w is a float64 number. A bias that would leave the range keeps its neuron as it is.
    """
    if network.activation.homogeneity != 1 or not network.activation.kinks:
        return network, None
    norms = lengths(network.W)[:, 0]
    powers = np.where((norms > 0) & (norms < SHORTEST), np.frexp(norms)[1], 0)
    layers = {"W": np.ldexp(network.W, -powers[:, None])}
    if network.b is not None:
        with np.errstate(over="ignore"):
            kept = np.abs(np.ldexp(network.b, -powers)) <= _LONGEST_BIAS
        powers = np.where(kept, powers, 0)
        layers = {"W": np.ldexp(network.W, -powers[:, None]), "b": np.ldexp(network.b, -powers)}
    if not powers.any():
        return network, None
    return network.with_layers(layers), np.ldexp(1.0, powers)
