"""Declared facts against the function's values: proofs rest on them, so a false one is refused before it is used."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import jax
import numpy as np

from tutelage.activations.base import Activation
from tutelage.activations.gaussian_rule import derivatives
from tutelage.base.compiled import QUICK_COMPILATION
from tutelage.base.errors import InputError
from tutelage.base.precision import pinned

_POINTS = np.array([0.3719, 0.8143, 1.2347, 1.9101])
_FACTOR, _SHIFT = 1.6180, 0.4142
_TOLERANCE = 1e-8


@functools.lru_cache(maxsize=256)
def require_true_facts(activation: Activation) -> None:
    """Raise InputError where a declared fact contradicts the function at a few points."""
    for fact, expected, found in _comparisons(activation):
        size = max(float(np.abs(expected).max()), float(np.abs(found).max()), np.finfo(float).tiny)
        if not np.abs(expected - found).max() <= _TOLERANCE * size:
            raise InputError(
                f"{activation.spec}: expected a true {fact} in its declared facts, the function contradicts it; correct "
                "or leave out that fact (ranks are then bounded, not proven)"
            )
    if activation.independence is not None and activation.reflection is None and _has_reflection(activation):
        raise InputError(
            f"{activation.spec}: expected a declared reflection beside its independence, for sigma(-u) follows from "
            "sigma(u) (odd, even, or with a lower term); declare it"
        )


def _comparisons(activation: Activation) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(fact, what it says, what the function says) for every declared fact that values can contradict."""
    u = np.concatenate([_POINTS, -_POINTS])
    value, mirrored = values_of(activation, u), values_of(activation, -u)
    if activation.coefficients is not None:  # first: others follow from them
        yield "coefficients", np.polynomial.polynomial.polyval(u, activation.coefficients), value
    if (r := activation.reflection) is not None:
        yield "reflection", r.sign * value + r.constant + r.linear * u, mirrored
    if (p := activation.homogeneity) is not None:
        yield "homogeneity", _FACTOR**p * value, values_of(activation, _FACTOR * u)
    if (rate := activation.translation) is not None:
        yield "translation", np.exp(rate * _SHIFT) * value, values_of(activation, u + _SHIFT)
    if (taylor := activation.taylor(3)) is not None:
        # Up to one factor, and the constant may be left out.
        ours, own = np.array([float(c) for c in taylor[1:]]), _series(activation)
        yield "Taylor series", ours * np.sqrt(own @ own), np.sign(ours @ own) * own * np.sqrt(ours @ ours)


def _series(activation: Activation) -> np.ndarray:
    """The coefficients of u, u² and u³; those of a polynomial have been compared with its values."""
    if activation.coefficients is not None:
        return np.array((*activation.coefficients, 0.0, 0.0, 0.0, 0.0)[1:4])
    with pinned():
        at = jax.jit(functools.partial(derivatives, activation, 3), compiler_options=QUICK_COMPILATION)
        return np.array(at(jax.numpy.zeros(())))[1:] / [1, 2, 6]


def _has_reflection(activation: Activation) -> bool:
    right, left = values_of(activation, _POINTS), values_of(activation, -_POINTS)
    constants = (left + right, (left - right) / _POINTS)
    return any(np.ptp(c) <= _TOLERANCE * max(np.abs(right).max(), np.abs(left).max()) for c in constants)


def values_of(activation: Activation, u: np.ndarray) -> np.ndarray:
    """sigma at a few points, in float64: a polynomial's in NumPy, others' in one program, not one an operation."""
    if activation.degree is not None:
        return np.asarray(activation(u))
    with pinned():
        return np.asarray(_compiled(activation, u))


_compiled = jax.jit(lambda activation, u: activation(u), static_argnums=0, compiler_options=QUICK_COMPILATION)
