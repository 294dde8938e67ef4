"""Activations: nonlinearities with closed or quadrature dual kernels, and their written forms."""

from __future__ import annotations

from typing import Any

from tutelage.activations.base import Activation
from tutelage.activations.erf import Erf
from tutelage.activations.polynomial import Linear, Polynomial, Quadratic
from tutelage.errors import InputError
from tutelage.spec import parse_spec

ACTIVATIONS: dict[str, type] = {family.name: family for family in (Linear, Quadratic, Polynomial, Erf)}


def parse_activation(text: str) -> Activation:
    """The activation a written form names: ``"erf"``, ``"quadratic:alpha=0.7"``, ``"polynomial:coefficients=0,1,-0.3"``."""
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


__all__ = ["ACTIVATIONS", "Activation", "Erf", "Linear", "Polynomial", "Quadratic", "as_activation", "parse_activation"]
