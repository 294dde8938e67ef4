"""The irreducible network: equal, opposite, silent and ineffective neurons removed, the function kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tutelage.network import Network
from tutelage.rank.values import two_slopes, values_at

# Rows this close, relative to the largest, are one neuron: rotations and permutations in float64 leave 1e-16
# each.
SAME = 1e-12


class Form(NamedTuple):
    r"""The function :math:`\sum_n a_n\sigma(w_n\cdot x) + v\cdot x + c`, different rows of W in order, no a_n zero."""

    W: np.ndarray
    a: np.ndarray
    linear: np.ndarray
    constant: float


def irreducible(network: Network) -> Network:
    """The smallest network with the same function this room knows; one silent neuron stands for the zero function.

    Rows are flipped to a positive first entry where the activation has a parity, onto their opposite where a constant is
    all that remains, and scaled to length one where it is homogeneous (ReLU and its kin); then equal rows are
    merged and silent ones dropped, and the rest sorted.
    """
    form = normal_form(network, only_neurons=True)
    W, a = list(form.W), list(form.a)
    at_zero = values_at(network.activation, (0.0,))[0]
    if at_zero and abs(form.constant) > SAME * np.abs(network.a).max(initial=0.0):
        # A neuron at zero carries the constant.
        W, a = [np.zeros(network.d), *W], [form.constant / at_zero, *a]
    if not W:
        return Network(np.zeros((1, network.d)), [0.0], network.activation)
    order = sorted(range(len(W)), key=lambda n: tuple(W[n]))
    return Network([W[n] for n in order], [a[n] for n in order], network.activation)


def normal_form(network: Network, only_neurons: bool = False) -> Form:
    r"""Every row with a positive first entry, as far as the reflection of :math:`\sigma` allows; equal rows merged.

    Unlike the list of neurons it is unique (:func:`is_unique`): two opposite pairs of ReLU neurons can hide a linear
    function between them. With ``only_neurons`` a flip brings no linear function, and a constant only where it merges.
    """
    reflection, power = network.activation.reflection, network.activation.homogeneity
    if reflection is not None and only_neurons and reflection.linear:
        reflection = None
    at_zero = values_at(network.activation, (0.0,))[0]
    linear, constant = np.zeros(network.d), 0.0
    merged: list[tuple[np.ndarray, float]] = []
    rows = _unit_rows(network.W) if power is not None else network.W
    largest = float(np.abs(rows).max(initial=0.0))
    a = network.a if power is None else network.a * np.linalg.norm(network.W, axis=1) ** power
    for w, value in zip(rows, a, strict=True):
        if not w.any():
            constant += value * at_zero
            continue
        if reflection is None:
            flip = False
        elif only_neurons and reflection.constant:
            flip = any(np.abs(other + w).max() <= SAME * largest for other, _ in merged)
        else:
            leading = w[np.abs(w) > SAME * largest]
            flip = leading.size > 0 and leading[0] < 0
        if reflection is not None and flip:
            w = -w
            linear += reflection.linear * value * w
            constant += reflection.constant * value
            value = reflection.sign * value
        for n, (other, total) in enumerate(merged):
            if np.abs(other - w).max() <= SAME * largest:
                merged[n] = (other, total + value)
                break
        else:
            merged.append((w, value))
    kept = [(w, value) for w, value in merged if abs(value) > SAME * np.abs(a).max(initial=0.0)]
    kept.sort(key=lambda pair: tuple(pair[0]))
    W = np.array([w for w, _ in kept]).reshape(-1, network.d)
    return Form(W, np.array([value for _, value in kept]), linear, constant)


def is_unique(network: Network) -> bool:
    """Whether different normal forms are different functions: independent neurons ([F96]), or one kink each."""
    slopes = two_slopes(network.activation)
    return network.activation.independence is not None or (slopes is not None and slopes[0] != slopes[1])


def _unit_rows(W: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(W, axis=1, keepdims=True)
    return W / np.where(lengths > 0, lengths, 1.0)
