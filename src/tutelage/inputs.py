"""GaussianInputs: the input law, the one place that forms moments of pre-activations and the one that draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations.pair_geometry import Pair, pair_geometry
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.methods import quick
from tutelage.base.precision import float64
from tutelage.base.roots import Root, identity_root
from tutelage.base.types import Array, ArrayLike
from tutelage.base.value import html_table

Seed: TypeAlias = int | Sequence[int] | np.random.Generator
"""What NumPy makes a generator of, or one."""

_INDEFINITE = 1e-12
"""Largest negative eigenvalue of a covariance taken for round-off, relative to its largest."""

_ASYMMETRY = 1e-12
"""Largest |Σ - Σᵀ| taken for round-off, relative to the largest entry."""


class GaussianInputs(eqx.Module):
    r"""x ~ N(μ, Σ); ``GaussianInputs()`` is N(0, I) in any number of dimensions, the law of both papers.

    Parameters
    ----------
    mean : array_like, shape (d,), optional
        μ; a mean of zeros is no mean.
    covariance : array_like, shape (d, d), optional
        Σ, symmetric and semidefinite; the identity by default.
    factor : array_like, shape (d, q), optional
        F with Σ = F Fᵀ, in place of Σ.

    Raises
    ------
    InputError
        Σ not symmetric, with an eigenvalue below −1e-12 of its largest, sizes that do not match, Σ and R together.

    Examples
    --------
    >>> GaussianInputs(covariance=[[4.0, 0.0], [0.0, 1.0]]).pair(np.eye(2), np.eye(2)).q_uv
    array([[4., 0.],
           [0., 1.]])
    """

    mean: Array | None
    root: Root | None

    def __init__(
        self,
        mean: ArrayLike | None = None,
        covariance: ArrayLike | None = None,
        *,
        factor: ArrayLike | None = None,
    ):
        who = "GaussianInputs"
        if covariance is not None and factor is not None:
            raise InputError(f"{who}: expected a covariance or its factor, got both; pass one")
        self.root = (
            None if factor is None else _root_of_factor(check.float_array(factor, who, "factor", ndim=2))
        )
        if covariance is not None:
            self.root = _root(check.float_array(covariance, who, "covariance", ndim=2), who)
        self.mean = None
        if mean is not None:
            mu = check.float_array(mean, who, "mean", ndim=1)
            if self.root is not None:
                d = len(self.root.vectors)
                check.same_length(mu.size, d, who, "the lengths of mean and covariance")
            elif not mu.any():
                self.root = identity_root(mu.size)
            self.mean = mu if mu.any() else None

    @classmethod
    def of_root(cls, mean: Array | None, root: Root | None) -> GaussianInputs:
        """The law with this mean and this root of its covariance, taken as they are."""
        law = object.__new__(cls)
        object.__setattr__(law, "mean", mean)
        object.__setattr__(law, "root", root)
        return law

    @property
    def d(self) -> int | None:
        """Number of inputs; None where the law is N(0, I) in any number of dimensions."""
        known = self.mean if self.root is None else self.root.vectors
        return None if known is None else known.shape[0]

    @property
    def is_standard(self) -> bool:
        """Whether this is N(0, I)."""
        return self.mean is None and (self.root is None or self.root.is_identity())

    @property
    def is_degenerate(self) -> bool:
        """Whether Σ is singular, so that the inputs leave some directions out."""
        return self.root is not None and any(space.value == 0 for space in self.root.eigenspaces())

    @property
    def covariance(self) -> np.ndarray | None:
        """Σ (d, d); None where it is the identity in any number of dimensions."""
        if self.root is None:
            return None if self.mean is None else np.eye(self.mean.shape[0])
        return self.root.covariance()

    @quick
    def standardised(self, layers: Mapping[str, Array]) -> dict[str, Array]:
        r"""The layers of the same network as one of z, :math:`x = \mu + Rz`: :math:`(WR, b + W\mu)`, linear in θ.

        Layers may have axes in front, (..., k, d). Source: science 9b.
        """
        moved = dict(layers)
        if "W" in layers:
            moved["W"] = self._standardised(layers["W"])
            means = self._means(layers["W"], layers.get("b"))
            if means is not None:
                moved["b"] = means
        return moved

    def pulled_back(self, gradient: Mapping[str, Array]) -> dict[str, Array]:
        r"""The gradient by the layers from that by :meth:`standardised` ones: :math:`\partial_w = R\,\partial_{\hat w} +
        \mu\,\partial_{\hat b}` (its transpose)."""
        moved = dict(gradient)
        if "W" in gradient:
            moved["W"] = self._standardised(gradient["W"])
            if self.mean is not None:
                moved["W"] = moved["W"] + gradient["b"][..., None] * self.mean
        return moved

    @float64
    def pair(
        self, W: Array, Z: Array, b: Array | None = None, b_Z: Array | None = None, determinants: bool = True
    ) -> Pair:
        """Means and second moments of u = W x + b and v = Z x + b_Z: the only place that forms them.

        Parameters
        ----------
        W, Z : array, shape (k, d) and (l, d)
        b, b_Z : array, shape (k,) and (l,), optional
        determinants : bool
            Whether determinants and angles are asked for; NaN without.

        Returns
        -------
        Pair
            The means are None where both vanish by design.
        """
        pair = pair_geometry(self._standardised(W), self._standardised(Z), determinants)
        m_u, m_v = self._means(W, b), self._means(Z, b_Z)
        if m_u is None and m_v is None:
            return pair
        m_u = jnp.zeros(W.shape[0]) if m_u is None else m_u
        m_v = jnp.zeros(Z.shape[0]) if m_v is None else m_v
        return pair._replace(m_u=m_u[:, None], m_v=m_v[None, :])

    def sample(self, n: int, d: int | None = None, seed: Seed = 0) -> np.ndarray:
        """Independent inputs, shape (n, d); ``d`` is needed where the law is N(0, I) in any number of dimensions.

        The first rows do not depend on n; tables of different d are independent.
        """
        d = self._dimension(d)
        check.fits_in_memory(
            16.0 * n * d,
            "sample",
            f"a table of {n} x {d} inputs",
            f"{0.9 * check.available_bytes() / (16 * d):.3g} inputs",
            "draw fewer",
        )
        own = isinstance(seed, np.random.Generator)
        rng = seed if own else np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(d,)))
        normal = rng.standard_normal((n, d))
        return np.asarray(self._place(normal))

    def draw(self, key: jax.Array, n: int, d: int | None = None) -> jax.Array:
        """The same in JAX, traceable: float64, so in 64-bit mode."""
        return jnp.asarray(self._place(jax.random.normal(key, (n, self._dimension(d)), dtype=jnp.float64)))

    @quick
    def _standardised(self, W: Array) -> Array:
        """Rows W R: the weights on z."""
        return W if self.root is None else self.root.rows(W)

    @quick
    def _means(self, W: Array, b: Array | None) -> Array | None:
        if self.mean is None:
            return b
        return W @ self.mean if b is None else W @ self.mean + b

    def _dimension(self, d: int | None) -> int:
        if self.d is None and d is None:
            raise InputError(
                "GaussianInputs: expected the number of inputs d, got none; N(0, I) has any number"
            )
        return self.d or d or 0

    def _place(self, z: Array) -> Array:
        x = self._standardised(z)
        return x if self.mean is None else x + self.mean

    def _repr_html_(self) -> str:
        size = "any" if self.d is None else str(self.d)
        mean = "0" if self.mean is None else f"norm {np.linalg.norm(self.mean):.6g}"
        standard = self.is_standard or self.root is None
        spread = "the identity" if standard else f"R Rᵀ, R {(self.d, self.d)}"
        return html_table(type(self).__name__, {"d": size, "mean": mean, "covariance": spread})

    def __repr__(self) -> str:
        if self.d is None:
            return "GaussianInputs()"
        return f"GaussianInputs(d={self.d}{', standard' if self.is_standard else ''})"


def _root(covariance: np.ndarray, who: str) -> Root:
    """From the eigenvectors; the identity gives itself."""
    if covariance.shape[0] != covariance.shape[1]:
        raise InputError(f"{who}: expected a square covariance, got shape {covariance.shape}")
    asymmetry = float(np.abs(covariance - covariance.T).max())
    if asymmetry > _ASYMMETRY * float(np.abs(covariance).max()):
        raise InputError(
            f"{who}: expected a symmetric covariance, got |Σ - Σᵀ| up to {asymmetry:.3g}; pass (Σ + Σᵀ)/2 if meant"
        )
    if np.array_equal(covariance, np.eye(len(covariance))):
        return identity_root(len(covariance))
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -_INDEFINITE * values[-1]:
        raise InputError(
            f"{who}: expected a semidefinite covariance, got the eigenvalue {values[0]:.3g} beside {values[-1]:.3g}; "
            "a covariance has none below zero"
        )
    return Root(0.0, vectors, np.sqrt(np.maximum(values, 0.0)))


def _root_of_factor(factor: np.ndarray) -> Root:
    """Of Σ = F Fᵀ from the singular vectors of F (d, q)."""
    if factor.shape[0] == factor.shape[1] and np.array_equal(factor, np.eye(len(factor))):
        return identity_root(len(factor))
    vectors, values, _ = np.linalg.svd(factor, full_matrices=False)
    return Root(0.0, vectors, values)
