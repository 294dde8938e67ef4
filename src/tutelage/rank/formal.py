r"""The rank at given weights with biases and several outputs: tangent functions written in formal, independent ones.

Where a theorem says which functions are linearly independent, every derivative :math:`\partial f/\partial\theta_p` is a
rational combination of them, so that the rank of the Hessian is that of a rational matrix. The functions, each for every
output: :math:`1, x_1, \dots, x_d`, and

- of independent neurons ([F96]): :math:`\sigma(u), x_j\sigma'(u), \sigma'(u)` of every class of equal (w, b), opposite
  ones included where :math:`\sigma(-u) = s\,\sigma(u) + c_0 + c_1u`;
- of a function with one kink at 0: :math:`x_j1[u>0], 1[u>0]` of every hyperplane u = 0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from tutelage.activations import Activation
from tutelage.base.errors import NoHessianError
from tutelage.network import Network
from tutelage.rank.formulas import Count
from tutelage.rank.neurons import Neuron, arrange, fraction_rank
from tutelage.rank.values import values_at, vanishing_at_zero

Function = dict[tuple[str, int, int], Fraction]
"""Formal functions with their coefficients: (kind, class, input), input d the constant 1."""


@dataclasses.dataclass(frozen=True)
class _Expanded:
    """One neuron: its value, and its slope by the input it multiplies."""

    value: Function
    slope: Function


def formal_count(network: Network, slopes: tuple[float, float] | None) -> Count | None:
    """The exact rank, None where no theorem speaks of such neurons.

    Raises
    ------
    NoHessianError
        A neuron with w = 0 and b = 0 under a kinked activation.
    """
    if slopes is not None:
        name = "kinks by hyperplane"
        expanded = _kinked(network, slopes)
    elif has_independent_neurons(network):
        name = "classes of equivalent neurons [F96]"
        expanded = _analytic(network)
    else:
        return None
    if expanded is None:
        return None
    columns: dict[tuple[int, tuple[str, int, int]], int] = {}
    rows = [
        {columns.setdefault((o, key), len(columns)): x for o, function in row.items() for key, x in function.items() if x}
        for row in _tangents(network, expanded)
    ]  # fmt: skip
    return Count(
        fraction_rank([[row.get(c, Fraction(0)) for c in range(len(columns))] for row in rows]), name
    )


def has_independent_neurons(network: Network) -> bool:
    """Whether the activation declares such neurons, with hidden biases or without, to be independent functions."""
    independence = network.activation.independence
    return independence == "affine" or (independence is not None and network.b is None)


def _tangents(network: Network, neurons: list[_Expanded]) -> Iterator[dict[int, Function]]:
    """The derivatives by all parameters: for every output a combination of functions."""
    A, d = np.atleast_2d(network.a), network.d
    for i, neuron in enumerate(neurons):
        read_outs = {o: Fraction(float(a)) for o, a in enumerate(A[:, i]) if a}
        inputs = range(d if network.b is None else d + 1)
        for j in inputs if read_outs else ():
            times = {(kind, n, j): x for (kind, n, _), x in neuron.slope.items()}
            yield {o: {key: a * x for key, x in times.items()} for o, a in read_outs.items()}
        yield from ({o: neuron.value} for o in range(len(A)))
    if network.c is not None:
        yield from ({o: {("linear", 0, d): Fraction(1)}} for o in range(len(A)))


def _augmented(network: Network) -> Network:
    """The neurons as vectors (w, b), all of them active."""
    b = np.zeros(network.k) if network.b is None else network.b
    return Network(np.column_stack([network.W, b]), np.ones(network.k), network.activation)


def _lines(network: Network) -> Iterator[tuple[int, tuple[int, ...], Neuron]]:
    """Number of the line of (w, b), its direction, and the neuron."""
    for number, (direction, line) in enumerate(arrange(_augmented(network)).lines.items()):
        yield from ((number, direction, neuron) for neuron in line)


def _affine(direction: tuple[int, ...], factor: Fraction) -> Function:
    """factor · (w·x + b)."""
    return {("linear", 0, j): factor * n for j, n in enumerate(direction) if n}


def _kinked(network: Network, slopes: tuple[float, float]) -> list[_Expanded]:
    ahead, behind = map(Fraction, slopes)
    found: dict[int, _Expanded] = {}
    for number, direction, neuron in _lines(network):
        positive = neuron.scale > 0
        past, before = (ahead, behind) if positive else (behind, ahead)
        if not any(direction[:-1]):  # A constant neuron: one slope everywhere, that of the sign of its bias.
            past, before = Fraction(0), (ahead if positive == (direction[-1] > 0) else behind)
        else:
            past = past - before
        linear, kink = {("linear", 0, 0): before}, {("kink", number, 0): past}
        value = _affine(direction, neuron.scale * before)
        value |= {("kink", number, j): neuron.scale * past * n for j, n in enumerate(direction) if n}
        found[neuron.index] = _Expanded(value, linear | kink)
    if len(found) < network.k:
        raise NoHessianError(
            f"hessian_rank: expected neurons with w or b not zero under {network.activation.spec!r}, got "
            f"w_{min(set(range(network.k)) - set(found))} = 0; it has no Hessian there: remove the neuron"
        )
    return [found[i] for i in range(network.k)]


def _analytic(network: Network) -> list[_Expanded] | None:
    reflection, classes = network.activation.reflection, {}
    found: dict[int, _Expanded] = {}
    for number, direction, neuron in _lines(network):
        if not any(direction[:-1]):
            continue
        scale = abs(neuron.scale) if reflection else neuron.scale
        own = classes.setdefault((number, scale), len(classes))
        value, slope = {("value", own, 0): Fraction(1)}, {("slope", own, 0): Fraction(1)}
        if reflection is not None and neuron.scale < 0:
            sign, constant, linear = map(Fraction, (reflection.sign, reflection.constant, reflection.linear))
            value = {("value", own, 0): sign, **_affine(direction, linear * scale)}
            at = ("linear", 0, network.d)
            value[at] = value.get(at, Fraction(0)) + constant
            slope = {("slope", own, 0): -sign, ("linear", 0, 0): -linear}
        found[neuron.index] = _Expanded(value, slope)
    for i in set(range(network.k)) - set(found):
        constant = _constant(network.activation, 0.0 if network.b is None else float(network.b[i]), network.d)
        if constant is None:
            return None
        found[i] = constant
    return [found[i] for i in range(network.k)]


_SURE = 1e-6
"""A value beyond this is not zero, whatever float64 made of it."""


def _constant(activation: Activation, b: float, d: int) -> _Expanded | None:
    """A neuron with w = 0: only whether σ(b) and σ'(b) vanish matters; None where that cannot be told."""
    if b:
        step = 1e-4
        value, up, down = values_at(activation, (b, b + step, b - step))
        slope = (up - down) / (2 * step)
        if abs(value) < _SURE or abs(slope) < _SURE:
            return None
        no_value, no_slope = False, False
    else:
        no_value, no_slope = vanishing_at_zero(activation)
        if no_value is None or no_slope is None:
            return None
    return _Expanded(
        {} if no_value else {("linear", 0, d): Fraction(1)},
        {} if no_slope else {("linear", 0, 0): Fraction(1)},
    )
