"""Tanh, sigmoid, softplus and SiLU: analytic in a strip, integrated by the trapezoidal rule."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import jax
import jax.numpy as jnp
from jax import Array

from tutelage.activations.facts import ODD, Reflection
from tutelage.activations.quadrature import QuadratureActivation


@dataclasses.dataclass(frozen=True)
class Tanh(QuadratureActivation):
    r""":math:`\sigma(u) = \tanh u`."""

    name = "tanh"
    reflection = ODD
    independence = "affine"
    strip = math.pi / 2

    def __call__(self, u: Array) -> Array:
        return jnp.tanh(u)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        series = [Fraction(0)]  # term by term from tanh' = 1 - tanh^2
        for p in range(order):
            square = sum((series[i] * series[p - i] for i in range(p + 1)), start=Fraction(0))
            series.append((Fraction(p == 0) - square) / (p + 1))
        return tuple(series)


@dataclasses.dataclass(frozen=True)
class Sigmoid(QuadratureActivation):
    r""":math:`\sigma(u) = 1/(1+e^{-u})`."""

    name = "sigmoid"
    reflection = Reflection(-1, constant=1.0)
    independence = "affine"
    strip = math.pi

    def __call__(self, u: Array) -> Array:
        return jax.nn.sigmoid(u)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        tanh = Tanh().taylor(order)  # (1 + tanh(u / 2)) / 2
        return tuple((Fraction(p == 0) + c / 2**p) / 2 for p, c in enumerate(tanh))


@dataclasses.dataclass(frozen=True)
class Softplus(QuadratureActivation):
    r""":math:`\sigma(u) = \log(1+e^u)`."""

    name = "softplus"
    reflection = Reflection(1, linear=-1.0)
    independence = "linear"
    strip = math.pi

    def __call__(self, u: Array) -> Array:
        return jax.nn.softplus(u)

    def taylor(self, order: int) -> tuple[Fraction, ...] | None:
        """Not zero at 0; log 2 + u/2 + u^2/8 is irrational."""
        return None if order else (Fraction(1),)


@dataclasses.dataclass(frozen=True)
class Silu(QuadratureActivation):
    r""":math:`\sigma(u) = u/(1+e^{-u})`."""

    name = "silu"
    reflection = Reflection(1, linear=-1.0)
    independence = "linear"
    strip = math.pi

    def __call__(self, u: Array) -> Array:
        return u * jax.nn.sigmoid(u)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        return (Fraction(0), *(Sigmoid().taylor(order - 1) if order else ()))
