"""Polynomial activations: linear, quadratic, and any degree."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any, ClassVar

import jax.numpy as jnp

from tutelage import check
from tutelage.activations.base import Activation, Parity
from tutelage.errors import InputError


@dataclasses.dataclass(frozen=True)
class Linear(Activation):
    r""":math:`\sigma(u) = u`, :math:`\kappa = q_{uv} + m_u m_v`."""

    name: ClassVar[str] = "linear"

    def __call__(self, u: Any) -> Any:
        return u

    def dual(self, m_u: Any, m_v: Any, q_uu: Any, q_uv: Any, q_vv: Any) -> Any:
        return q_uv + m_u * m_v

    @property
    def parity(self) -> Parity:
        return "odd"

    @property
    def degree(self) -> int:
        return 1

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Coefficients of the powers, constant first."""
        return (0.0, 1.0)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        return _rational(self.coefficients, order)


@dataclasses.dataclass(frozen=True)
class Quadratic(Activation):
    r""":math:`\sigma(u) = u + \alpha u^2`; :math:`\kappa = q_{uv} + \alpha^2(q_{uu}q_{vv} + 2q_{uv}^2)` at zero mean."""

    alpha: float = 1.0
    name: ClassVar[str] = "quadratic"

    def __post_init__(self) -> None:
        check.number(self.alpha, "Quadratic", "alpha")

    def __call__(self, u: Any) -> Any:
        return u + self.alpha * u * u

    def dual(self, m_u: Any, m_v: Any, q_uu: Any, q_uv: Any, q_vv: Any) -> Any:
        # Hermite pieces at the means: (value, slope, half curvature) of sigma smoothed over its own variance.
        value_u = m_u + self.alpha * (m_u**2 + q_uu)
        value_v = m_v + self.alpha * (m_v**2 + q_vv)
        slope = (1 + 2 * self.alpha * m_u) * (1 + 2 * self.alpha * m_v)
        return value_u * value_v + slope * q_uv + 2 * self.alpha**2 * q_uv**2

    @property
    def degree(self) -> int:
        return 2 if self.alpha else 1

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Coefficients of the powers, constant first."""
        return (0.0, 1.0, self.alpha)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        return _rational(self.coefficients, order)


@dataclasses.dataclass(frozen=True)
class Polynomial(Activation):
    r""":math:`\sigma(u) = \sum_p c_p u^p`, coefficients constant first."""

    coefficients: tuple[float, ...]
    name: ClassVar[str] = "polynomial"

    def __post_init__(self) -> None:
        values = check.float_array(self.coefficients, "Polynomial", "coefficients", ndim=1)
        if not values.any():
            raise InputError("Polynomial: expected a non-zero coefficient, got all zeros; give at least one power")
        object.__setattr__(self, "coefficients", tuple(float(c) for c in values))

    def __call__(self, u: Any) -> Any:
        return jnp.polyval(jnp.asarray(self.coefficients[::-1]), u)

    def dual(self, m_u: Any, m_v: Any, q_uu: Any, q_uv: Any, q_vv: Any) -> Any:
        raise NotImplementedError

    @property
    def degree(self) -> int:
        return max(p for p, c in enumerate(self.coefficients) if c)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        return _rational(self.coefficients, order)


def _rational(coefficients: tuple[float, ...], order: int) -> tuple[Fraction, ...]:
    padded = (*coefficients, *(0.0 for _ in range(order + 1)))
    return tuple(Fraction(c) for c in padded[: order + 1])
