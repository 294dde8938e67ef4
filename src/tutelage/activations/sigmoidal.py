"""Tanh, sigmoid, softplus and SiLU: analytic in a strip, integrated by the trapezoidal rule."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from tutelage.activations.base import Parity
from tutelage.activations.quadrature import QuadratureActivation


@dataclasses.dataclass(frozen=True)
class Tanh(QuadratureActivation):
    r""":math:`\sigma(u) = \tanh u`."""

    name: ClassVar[str] = "tanh"
    strip: ClassVar[float] = math.pi / 2

    def __call__(self, u: Any) -> Any:
        return jnp.tanh(u)

    @property
    def parity(self) -> Parity:
        return "odd"

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        series = [Fraction(0)]  # term by term from tanh' = 1 - tanh^2
        for p in range(order):
            square = sum((series[i] * series[p - i] for i in range(p + 1)), start=Fraction(0))
            series.append((Fraction(p == 0) - square) / (p + 1))
        return tuple(series)


@dataclasses.dataclass(frozen=True)
class Sigmoid(QuadratureActivation):
    r""":math:`\sigma(u) = 1/(1+e^{-u})`."""

    name: ClassVar[str] = "sigmoid"
    strip: ClassVar[float] = math.pi

    def __call__(self, u: Any) -> Any:
        return jax.nn.sigmoid(u)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        tanh = Tanh().taylor(order)  # (1 + tanh(u / 2)) / 2
        return tuple((Fraction(p == 0) + c / 2**p) / 2 for p, c in enumerate(tanh))


@dataclasses.dataclass(frozen=True)
class Softplus(QuadratureActivation):
    r""":math:`\sigma(u) = \log(1+e^u)`."""

    name: ClassVar[str] = "softplus"
    strip: ClassVar[float] = math.pi

    def __call__(self, u: Any) -> Any:
        return jax.nn.softplus(u)


@dataclasses.dataclass(frozen=True)
class Silu(QuadratureActivation):
    r""":math:`\sigma(u) = u/(1+e^{-u})`."""

    name: ClassVar[str] = "silu"
    strip: ClassVar[float] = math.pi

    def __call__(self, u: Any) -> Any:
        return u * jax.nn.sigmoid(u)
