"""Activation: what a nonlinearity must say of itself so that everything else follows."""

from __future__ import annotations

import abc
from fractions import Fraction
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp

from tutelage.activations.pairs import Pair, PairMoments, PlaneTerms
from tutelage.base.spec import format_spec

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

    def moments(self, pair: Pair, order: int = 2) -> PairMoments:
        r"""Tables :math:`k_{pq}` of pairs; by default exact derivatives of ``dual`` (Price, Stein).

        .. math:: k_{11} = \partial_{uv}\kappa,\; k_{20} = 2\partial_{uu}\kappa,\;
            k_{22} = \partial_{uv}^2\kappa,\; k_{31} = 2\partial_{uu}\partial_{uv}\kappa,\;
            k_{40} = 4\partial_{uu}^2\kappa

        ``order`` says which are wanted: 0 for k_00, 1 for k_11, k_20, k_02 too, 2 for all. Where all cost the same it
        may be ignored: unused tables are dropped by compilation. Override it where a closed form is cheaper or
        where ``dual`` is not smooth at parallel neurons.
        """

        def kernel(q: Any) -> Any:
            zero = jnp.zeros((), q.dtype)
            return self.dual(zero, zero, q[0], q[1], q[2])

        def derivatives(q: Any) -> Any:
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

    def plane_terms(self, W: Any, Z: Any) -> PlaneTerms | None:
        """Blocks of the pairs whose k_22, k_31, k_13, k_40 ``moments`` leaves at 0; None when there are none by design."""
        return None

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

    @property
    def quick_pairs(self) -> bool:
        """Whether a pair's tables take a few microseconds: then more pairs than needed cost less than compiling again.

        Derivatives of ``dual`` take fifty times longer.
        """
        return False

    def taylor(self, order: int) -> tuple[Fraction, ...] | None:
        r"""Rational Taylor coefficients at 0 up to ``order``, up to ONE common factor; None where irrational or absent.

        erf, for example, returns those of :math:`\tfrac{\sqrt\pi}{2}\,\mathrm{erf}`.
        """
        return None

    @property
    def spec(self) -> str:
        """The written form, ``name:key=value``, understood by ``parse_activation``."""
        return format_spec(self.name, self)


class Elementary(Activation):
    """An activation whose tables are elementary functions, so that the SAME formula runs in other arithmetics.

    ``tables(q_uu, q_uv, q_vv, xp)`` may be called with mpmath numbers and ``xp=mpmath.mp``, with python-flint balls
    and ``xp=arithmetic.arb_functions()``, or with arrays and ``xp=jax.numpy``. ``moments`` is that call in JAX, with the
    determinant from the vectors.
    """

    @property
    def quick_pairs(self) -> bool:
        return True

    @abc.abstractmethod
    def tables(self, q_uu: Any, q_uv: Any, q_vv: Any, xp: Any, determinant: Any = None) -> PairMoments:
        """k_00 ... k_40 of centred (u, v).

        Parameters
        ----------
        q_uu, q_uv, q_vv : number or array
        xp : namespace with ``sqrt exp atan2 pi``
        determinant : number or array, optional
            q_uu q_vv - q_uv^2; formed from the three others when absent (exact arithmetic needs no better).
        """

    def moments(self, pair: Pair, order: int = 2) -> PairMoments:
        tables = self.tables(pair.q_uu, pair.q_uv, pair.q_vv, jnp, pair.determinant)
        shape, dtype = pair.q_uv.shape, pair.q_uv.dtype
        return PairMoments(*(jnp.broadcast_to(jnp.asarray(t, dtype), shape) for t in tables))
