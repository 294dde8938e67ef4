"""The irreducible network: equal, opposite, silent and ineffective neurons removed, the function kept."""

from __future__ import annotations

import numpy as np

from tutelage.activations import Activation
from tutelage.network import Network
from tutelage.rank.formulas import is_homogeneous

# Rows this close, relative to the largest, are one neuron: rotations and permutations in float64 leave 1e-16
# each.
_SAME = 1e-12

# sigma(-u) = 2 sigma(0) - sigma(u)
_ODD_PLUS_CONSTANT = ("sigmoid", "normal_cdf")


def irreducible(network: Network) -> Network:
    """The smallest network with the same function this room knows; one silent neuron stands for the zero function.

    Rows are flipped to a positive first entry where the activation has a parity, and scaled to length one
    where it is kinked at 0 (ReLU and its kin); then equal rows are merged and silent ones dropped, and the
    rest sorted.
    """
    W, a, constant = _normalised(network)
    merged: list[tuple[np.ndarray, float]] = []
    scale = float(np.abs(W).max(initial=0.0))
    at_zero = value_at_zero(network.activation)
    for w, value in zip(W, a, strict=True):
        if not w.any():
            constant += value * at_zero
            continue
        for n, (other, total) in enumerate(merged):
            if np.abs(other - w).max() <= _SAME * scale:
                merged[n] = (other, total + value)
                break
        else:
            merged.append((w, value))
    largest = float(np.abs(a).max(initial=0.0))
    kept = [(w, value) for w, value in merged if abs(value) > _SAME * largest]
    if at_zero and abs(constant) > _SAME * largest:
        # A neuron at zero carries the constant.
        kept.append((np.zeros(network.d), constant / at_zero))
    if not kept:
        return Network(np.zeros((1, network.d)), [0.0], network.activation)
    kept.sort(key=lambda pair: tuple(pair[0]))
    return Network([w for w, _ in kept], [value for _, value in kept], network.activation)


def value_at_zero(activation: Activation) -> float:
    """sigma(0) in float64."""
    return float(Network([[0.0]], [1.0], activation)([0.0]))


def kink_form(network: Network, slope: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""The unique form :math:`\sum_n \beta_n \max(n\cdot x, 0) + v\cdot x` of a ReLU-type network, n of positive first entry.

    :math:`\max(u, su)` is :math:`su + (1-s)\max(u,0)`; for u = -t it is :math:`-t + (1-s)\max(t,0)`. Unlike
    the list of neurons it is unique: two opposite pairs of ReLU neurons can hide a linear function between
    them.

    Returns
    -------
    normals (L, d), weights (L,), linear (d,)
    """
    linear = np.zeros(network.d)
    kinks: list[tuple[np.ndarray, float]] = []
    for w, a in zip(network.W, network.a, strict=True):
        length = float(np.linalg.norm(w))
        if not length or not a:
            continue
        normal = w / length
        forward = normal[np.abs(normal) > _SAME][0] > 0
        normal = normal if forward else -normal
        linear += (slope if forward else -1.0) * a * length * normal
        for n, (other, weight) in enumerate(kinks):
            if np.abs(other - normal).max() <= _SAME:
                kinks[n] = (other, weight + (1 - slope) * a * length)
                break
        else:
            kinks.append((normal, (1 - slope) * a * length))
    scale = max((abs(weight) for _, weight in kinks), default=0.0)
    kept = sorted((k for k in kinks if abs(k[1]) > _SAME * scale), key=lambda k: tuple(k[0]))
    normals = np.array([n for n, _ in kept]).reshape(-1, network.d)
    return normals, np.array([weight for _, weight in kept]), linear


def _normalised(network: Network) -> tuple[np.ndarray, np.ndarray, float]:
    W, a, constant = np.array(network.W), np.array(network.a), 0.0
    activation = network.activation
    is_kinked = bool(activation.kinks) and is_homogeneous(activation)
    at_zero = value_at_zero(activation)
    for i in range(network.k):
        if is_kinked and W[i].any():
            length = float(np.linalg.norm(W[i]))
            W[i], a[i] = W[i] / length, a[i] * length
        nonzero = W[i][np.abs(W[i]) > _SAME * np.abs(W).max(initial=0.0)]
        if nonzero.size and nonzero[0] < 0:
            if activation.parity is not None:
                W[i], a[i] = -W[i], -a[i] if activation.parity == "odd" else a[i]
            elif activation.name in _ODD_PLUS_CONSTANT:
                W[i], a[i], constant = -W[i], -a[i], constant + 2 * at_zero * a[i]
    return W, a, constant
