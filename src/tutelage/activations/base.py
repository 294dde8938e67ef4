"""Activation: what a nonlinearity must say of itself so that everything else follows."""

from __future__ import annotations

import abc
from fractions import Fraction
from typing import ClassVar, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.activations import rounding
from tutelage.activations.facts import Independence, Parity, Reflection
from tutelage.activations.pair_geometry import (
    MeanMoments,
    Means,
    Pair,
    PairMoments,
    PlaneTerms,
)
from tutelage.activations.price import derivatives_of_dual, means_from_dual
from tutelage.base.errors import NotAvailableError
from tutelage.base.spec import format_spec
from tutelage.base.types import ArrayLike
from tutelage.base.value import Shown

ACTIVATIONS: dict[str, type[Activation]] = {}
"""Every registered class by the name, or ``module:Class``, that written forms call it."""


class Activation(Shown, abc.ABC):
    r"""A nonlinearity :math:`\sigma` with its dual kernel.

    Concrete activations are frozen dataclasses: hashable values, so compiled code is shared between equal ones.
    Writing one means giving ``__call__`` and ``dual``; everything else has a default. All arithmetic is written
    with ``jax.numpy`` (scalars in, scalars out; batching happens elsewhere).

    The facts from ``coefficients`` to ``kinks`` are declared, never guessed from values. What is not declared is not
    known: answers are then less sharp (a lower bound for a proven rank), and still right.
    """

    name: ClassVar[str]
    """The word that names the family on the command line, once it is registered."""

    @abc.abstractmethod
    def __call__(self, u: Array) -> Array:
        r""":math:`\sigma(u)`, elementwise."""

    @abc.abstractmethod
    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        r""":math:`\kappa = E[\sigma(u)\sigma(v)]` for Gaussian (u, v), means m and covariances q.

        Source: science 2. Must be smooth in its arguments wherever the moments exist.
        """

    def moments(self, pair: Pair, order: int = 2) -> PairMoments:
        r"""Tables :math:`k_{pq}` of pairs; by default exact derivatives of ``dual`` (Price, Stein).

        .. math:: k_{11} = \partial_{uv}\kappa,\; k_{20} = 2\partial_{uu}\kappa,\;
            k_{22} = \partial_{uv}^2\kappa,\; k_{31} = 2\partial_{uu}\partial_{uv}\kappa,\;
            k_{40} = 4\partial_{uu}^2\kappa

        ``order`` says which are wanted: 0 for k_00, 1 for k_11, k_20, k_02 too, 2 for all. Where all cost the same it
        may be ignored: unused tables are dropped by compilation. Override it where a closed form is cheaper or
        where ``dual`` is not smooth at parallel neurons.
        """

        def kernel(q: Array) -> Array:
            zero = jnp.zeros((), q.dtype)
            return self.dual(zero, zero, q[0], q[1], q[2])

        def derivatives(q: Array) -> tuple[Array, ...]:
            return kernel(q), jax.grad(kernel)(q), jax.hessian(kernel)(q)

        q = jnp.stack(jnp.broadcast_arrays(pair.q_uu, pair.q_uv, pair.q_vv), axis=-1)
        k, g, h = jnp.vectorize(derivatives, signature="(n)->(),(n),(n,n)")(q)
        return PairMoments(
            k00=k,
            k11=g[..., 1],
            k20=2 * g[..., 0],
            k02=2 * g[..., 2],
            k22=h[..., 1, 1],
            k31=2 * h[..., 0, 1],
            k13=2 * h[..., 2, 1],
            k40=4 * h[..., 0, 0],
        )

    def mean_moments(self, pair: Pair, order: int = 2) -> MeanMoments:
        r"""Tables of pairs with means, ``order`` as in :meth:`moments`; by default exact derivatives of ``dual``.

        .. math:: k_{pq} = \partial_{m_u}^p\partial_{m_v}^q\kappa,\quad k_{21} = 2\partial_{m_v}\partial_{uu}\kappa,\;
            k_{30} = 2\partial_{m_u}\partial_{uu}\kappa, \dots

        Source: science 9. For a function with kinks they must be finite at parallel and opposite neurons too.

        Raises
        ------
        NotAvailableError
            Declared kinks and no tables of one's own.
        """
        if self.kinks:
            raise NotAvailableError(
                f"mean_moments: expected tables with means of the kinked activation {self.spec!r}, got none; write it as "
                "Numerical(function, kinks=...), or define mean_moments"
            )
        return derivatives_of_dual(self.dual, pair, order)

    def neuron_means(self, m: Array, q: Array) -> tuple[Array, ...]:
        r""":math:`s_p = E[\sigma^{(p)}(u)]` for p = 0 ... 4 and u of means m and variances q; by default from ``dual``."""
        return means_from_dual(self, m, q)

    def plane_terms(self, W: ArrayLike, Z: ArrayLike, means: Means = None) -> PlaneTerms | None:
        """Blocks of the pairs whose k_22, k_31, k_13, k_40 ``moments`` leaves at 0; None when there are none by design.

        With the means of the rows of W and of Z (arrays (k,) and (l,)) they complement ``mean_moments``.
        """
        return None

    coefficients: tuple[float, ...] | None = None
    r"""Coefficients :math:`c_0, c_1, \dots` of a polynomial; None for any other function."""

    reflection: Reflection | None = None
    r"""How :math:`\sigma(-u)` follows from :math:`\sigma(u)`: ``ODD``, ``EVEN``, with lower terms, or None."""

    homogeneity: int | None = None
    r"""p where :math:`\sigma(cu) = c^p\sigma(u)` for all c > 0: 1 for ReLU and its kind, n for u^n."""

    translation: float | None = None
    r"""r where :math:`\sigma(u+b) = e^{rb}\sigma(u)`: a hidden bias then rescales the read-out (the exponential)."""

    independence: Independence = None
    """Which neurons are independent functions (:data:`~tutelage.activations.facts.Independence`)."""

    kinks: tuple[float, ...] = ()
    """Points where the first derivative jumps."""

    stackable: bool = False
    """Whether the tables are closed forms, elementwise in the pairs, and a kinked function's plane terms empty but for
    pairs that are close without being parallel: many networks' tables are then made in one call."""

    def taylor(self, order: int) -> tuple[Fraction, ...] | None:
        r"""Rational Taylor coefficients at 0 up to ``order``, up to ONE common factor; None where irrational or absent.

        erf, for example, returns those of :math:`\tfrac{\sqrt\pi}{2}\,\mathrm{erf}`. Either all orders from 1 on have them
        or none; order 0 alone says whether :math:`\sigma(0) = 0`. A constant that is no rational multiple of the
        rest is left out, as 0.
        """
        if self.coefficients is None:
            return None
        padded = (*self.coefficients, *(0.0 for _ in range(order + 1)))
        return tuple(Fraction(c) for c in padded[: order + 1])

    @final
    @property
    def degree(self) -> int | None:
        """Degree of a polynomial, 0 for the zero function; None for any other function."""
        if self.coefficients is None:
            return None
        return max((p for p, c in enumerate(self.coefficients) if c), default=0)

    @final
    @property
    def parity(self) -> Parity:
        """``"odd"``, ``"even"`` or None, as the reflection says."""
        return None if self.reflection is None else self.reflection.parity

    def quadrature_error(self, W: ArrayLike, Z: ArrayLike | None = None, means: Means = None) -> float:
        """Error of the tables of these neurons relative to their largest entries; 0 for closed forms."""
        return 0.0

    def own_square(self, q: Array, refine: int = 1) -> Array | None:
        r""":math:`k_{31} + 2k_{22} + k_{13} = 2\,dk_{11}/dq` of neurons of variance q (k,) with themselves, traceable.

        At long neurons the three terms cancel to a small part of each. None where nothing better than their sum is
        known. ``refine`` divides the step of a quadrature.
        """
        return None

    def terms(self, tables: PairMoments, W: np.ndarray, Z: np.ndarray) -> PairMoments:
        """What the rounding of each table is relative to, in NumPy: the sum of the absolute values of its terms.

        Arrays (..., k, l), (..., k, d) and (..., l, d) where ``stackable``.
        """
        return rounding.of_derivatives(tables, W, Z)

    def mean_terms(
        self, tables: MeanMoments, W: np.ndarray, Z: np.ndarray, means: tuple[np.ndarray, np.ndarray]
    ) -> MeanMoments:
        """The same of tables with means (..., k) and (..., l): what rounded covariances and means change in them."""
        return rounding.of_mean_derivatives(tables, W, Z, means)

    def table_errors(
        self, W: np.ndarray, Z: np.ndarray, means: Means = None
    ) -> PairMoments | MeanMoments | None:
        """Absolute errors of the tables of these neurons, rounding apart; None for closed forms."""
        return None

    longest: float = 1e75
    """Norm of a neuron beyond which a formula overflows on its way: with determinants, 1e300 at this norm."""

    def require_rows(self, rows: np.ndarray, who: str) -> None:
        """Refuse neurons (n, d) that are too long or too short for float64, or whose quadrature would not end."""
        rounding.require_lengths(rows, self, who)

    erf_scale: float | None = None
    """s where the function is erf(s u), whose slopes have closed means over any number of neurons (orthant integrals)."""

    of_covariances: bool = False
    """Whether tables ask for the covariances of a pair alone: its determinant and angle then are not computed."""

    quick_pairs: bool = False
    """Whether a pair's tables take a few microseconds: then more pairs than needed cost less than compiling again.

    Derivatives of ``dual`` take fifty times longer.
    """

    @final
    def written(self) -> str:
        """The name that written forms know this class by: its own if registered, else ``module:Class``."""
        family = type(self)
        names = [name for name, known in ACTIVATIONS.items() if known is family]
        return names[0] if names else f"{family.__module__}:{family.__qualname__}"

    @property
    def spec(self) -> str:
        """The written form, ``name:key=value`` or ``module:Class:key=value``, understood by ``parse_activation``."""
        return format_spec(self.written(), self)
