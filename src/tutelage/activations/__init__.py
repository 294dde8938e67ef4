"""Activations: nonlinearities with closed or quadrature dual kernels, and their written forms."""

from __future__ import annotations

from typing import Any

from tutelage.activations.base import Activation, Elementary
from tutelage.activations.erf import Erf, NormalCdf
from tutelage.activations.exponential import Exp, GaussianBump
from tutelage.activations.gelu import Gelu
from tutelage.activations.numerical import Numerical
from tutelage.activations.periodic import Cos, Sin
from tutelage.activations.polynomial import Linear, Polynomial, Quadratic
from tutelage.activations.rectified import Abs, LeakyRelu, Relu
from tutelage.activations.sigmoidal import Sigmoid, Silu, Softplus, Tanh
from tutelage.base.errors import InputError
from tutelage.base.spec import parse_spec

_FAMILIES: tuple[Any, ...] = (
    *(Linear, Quadratic, Polynomial, Erf, NormalCdf, Sin, Cos, Exp, GaussianBump, Gelu),
    *(Relu, LeakyRelu, Abs, Tanh, Sigmoid, Softplus, Silu),
)
ACTIVATIONS: dict[str, type] = {family.name: family for family in _FAMILIES}


def parse_activation(text: str) -> Activation:
    """The activation a written form names.

    For example ``"erf"``, ``"quadratic:alpha=0.7"`` or ``"polynomial:coefficients=0,1,-0.3"``.
    """
    return parse_spec(text, ACTIVATIONS, "activation")


def as_activation(value: Any) -> Activation:
    """An activation from itself or its written form."""
    if isinstance(value, Activation):
        return value
    if isinstance(value, str):
        return parse_activation(value)
    raise InputError(
        f"activation: expected an Activation or its name, got {type(value).__name__}; "
        "wrap a plain function as Numerical(fn)"
    )


__all__ = [
    "ACTIVATIONS",
    "Abs",
    "Activation",
    "Cos",
    "Elementary",
    "Erf",
    "Exp",
    "GaussianBump",
    "Gelu",
    "LeakyRelu",
    "Linear",
    "NormalCdf",
    "Numerical",
    "Polynomial",
    "Quadratic",
    "Relu",
    "Sigmoid",
    "Silu",
    "Sin",
    "Softplus",
    "Tanh",
    "as_activation",
    "parse_activation",
]
