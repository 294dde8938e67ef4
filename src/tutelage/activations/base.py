"""Activation: what a nonlinearity must say of itself so that everything else follows."""

from __future__ import annotations

import abc
from fractions import Fraction
from typing import Any, ClassVar, Literal

from tutelage.spec import format_spec

Parity = Literal["even", "odd"] | None


class Activation(abc.ABC):
    r"""A nonlinearity :math:`\sigma` with its dual kernel.

    Concrete activations are frozen dataclasses: hashable values, so compiled code is shared between equal ones.
    Writing one means giving ``__call__`` and ``dual``; everything else has a default. All arithmetic is written
    with ``jax.numpy`` (scalars in, scalars out; batching happens elsewhere).

    The facts ``parity``, ``degree``, ``kinks`` and ``taylor`` are declared, never guessed from values.
    """

    name: ClassVar[str]
    """The word that names the family on the command line."""

    @abc.abstractmethod
    def __call__(self, u: Any) -> Any:
        r""":math:`\sigma(u)`, elementwise."""

    @abc.abstractmethod
    def dual(self, m_u: Any, m_v: Any, q_uu: Any, q_uv: Any, q_vv: Any) -> Any:
        r""":math:`\kappa = E[\sigma(u)\sigma(v)]` for Gaussian (u, v), means m and covariances q.

        Source: SCIENCE.md section 2. Must be smooth in its arguments wherever the moments exist.
        """

    @property
    def parity(self) -> Parity:
        """``"odd"``, ``"even"`` or None."""
        return None

    @property
    def degree(self) -> int | None:
        """Degree of a polynomial activation; None for any other."""
        return None

    @property
    def kinks(self) -> tuple[float, ...]:
        """Points where the first derivative jumps."""
        return ()

    def taylor(self, order: int) -> tuple[Fraction, ...] | None:
        r"""Rational Taylor coefficients at 0 up to ``order``, up to ONE common factor; None where irrational or absent.

        erf, for example, returns those of :math:`\tfrac{\sqrt\pi}{2}\,\mathrm{erf}`.
        """
        return None

    @property
    def spec(self) -> str:
        """The written form, ``name:key=value``, understood by ``parse_activation``."""
        return format_spec(self.name, self)
