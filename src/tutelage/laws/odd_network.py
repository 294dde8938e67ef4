"""Networks with an odd activation: d eigenvalues on top, k in the middle, (k - 1) d in a bulk that sinks like 1/k."""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.activations.pair_geometry import pair_geometry
from tutelage.base import check
from tutelage.base.compiled import COMPILATION
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.base.value import Value, html_of_tuple
from tutelage.laws.base import Law
from tutelage.laws.chi_square import ChiSquare
from tutelage.laws.coupled_root import CoupledRoot, coupled_roots
from tutelage.laws.marchenko_pastur import MarchenkoPastur
from tutelage.laws.mixture import Mixture
from tutelage.laws.network_law import NetworkLaw
from tutelage.laws.point_mass import PointMass


class OddConstants(NamedTuple):
    r"""Averages of an odd activation over z ~ N(0, 1)."""

    strength: float
    r""":math:`b_0^2 = (E\sigma')^2`, also :math:`c_1^2 = (E\sigma z)^2` by Stein."""
    level: float
    r""":math:`\nu_2 = E\sigma^2 - c_1^2`."""
    bulk: float
    r""":math:`\nu' = E\sigma'^2 - b_0^2`."""

    _repr_html_ = html_of_tuple


def odd_constants(activation: Activation | str) -> OddConstants:
    r"""The three numbers that the spectrum of a large network with an odd activation depends on.

    They are the kernels :math:`E[\sigma(u)\sigma(v)], E[\sigma'(u)\sigma'(v)]` of equal and of independent u, v.

    Raises
    ------
    InputError
        The activation is not odd, or linear.

    Examples
    --------
    >>> constants = odd_constants("sin")
    >>> bool(np.isclose(constants.strength, np.exp(-1)))
    True
    """
    sigma = as_activation(activation)
    if sigma.parity != "odd" or sigma.degree == 1:
        raise InputError(
            f"odd network: expected an odd nonlinear activation (erf, sin, tanh), got {sigma.spec}; "
            "LinearNetwork and QuadraticNetwork are the laws of those"
        )
    return _constants(sigma)


@functools.lru_cache(maxsize=64)
@float64
def _constants(sigma: Activation) -> OddConstants:
    square, slope_square, strength = map(float, _kernels(sigma))
    return OddConstants(strength, square - strength, slope_square - strength)


@functools.partial(jax.jit, static_argnums=0, compiler_options=COMPILATION)
def _kernels(sigma: Activation) -> tuple[jax.Array, jax.Array, jax.Array]:
    unit = jnp.eye(2)  # two neurons: equal to themselves, independent of each other
    tables = sigma.moments(pair_geometry(unit, unit), 1)
    return tables.k00[0, 0], tables.k11[0, 0], tables.k11[0, 1]


@dataclasses.dataclass(frozen=True)
class OddNetwork(NetworkLaw):
    r"""Law of all P = k(d + 1) eigenvalues for an odd activation, :math:`d, k \to \infty` at a fixed ratio.

    With :math:`b_0 = E\sigma',\ \nu_2 = E\sigma^2 - b_0^2,\ \nu' = E\sigma'^2 - b_0^2`, z ~ N(0, 1), and s the singular
    values of W, whose squares follow Marchenko and Pastur's law:

    - ``top``, d of them, and ``middle``, k: the upper and the lower root of
      :math:`\begin{pmatrix} b_0^2|a|^2 & b_0^2|a|s \\ b_0^2|a|s & b_0^2s^2+\nu_2\end{pmatrix}` for every s; besides,
      d - k at :math:`b_0^2|a|^2` when d > k, and k - d at :math:`\nu_2` when k > d;
    - ``bulk``, (k - 1) d: :math:`\nu' a_i^2`, that is :math:`k\lambda/\nu' \sim \chi^2_1`, which sinks like 1/k.

    :math:`|a|^2` is 1 in the limit; that of one network may be given. It varies by :math:`\sqrt{2/k}` between teachers,
    and a linear network's law (:class:`LinearNetwork`) averages over it. Predictions from given weights:
    :class:`OddGroups`. Science 8a; rms error of the top roots 0.078, 0.045, 0.027 at d = k = 20, 40, 80 (erf).

    Parameters
    ----------
    activation : Activation or str
        Odd, not linear.
    d, k : int
        Input dimension and width.
    length : float
        :math:`|a|^2`.

    Examples
    --------
    >>> law = OddNetwork("erf", d=30, k=60)
    >>> law.rank == 60 * 31, bool(law.top.support()[0] > law.middle.support()[1])
    (True, True)
    """

    activation: Activation
    d: int
    k: int
    length: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "activation", as_activation(self.activation))
        object.__setattr__(self, "length", check.number(self.length, "OddNetwork", "length", above=0))
        odd_constants(self.activation)

    @property
    def rank(self) -> int:
        return self.k * (self.d + 1)

    @functools.cached_property
    def constants(self) -> OddConstants:
        """Those of the activation."""
        return odd_constants(self.activation)

    @functools.cached_property
    def top(self) -> Law:
        """Law of the d uppermost ones."""
        return coupled_groups(self.d, self.k, self.constants.strength, self.constants.level, self.length)[0]

    @functools.cached_property
    def middle(self) -> Law:
        """Law of the k below them."""
        return coupled_groups(self.d, self.k, self.constants.strength, self.constants.level, self.length)[1]

    @functools.cached_property
    def bulk(self) -> ChiSquare:
        """Law of the (k - 1) d others."""
        return ChiSquare(1, self.constants.bulk * self.length / self.k)

    @functools.cached_property
    def composition(self) -> Mixture:
        """The three groups."""
        counts = np.array([self.d, self.k, (self.k - 1) * self.d])
        return Mixture((self.top, self.middle, self.bulk), (counts / self.rank).tolist())


@dataclasses.dataclass(frozen=True, eq=False)
class OddGroups(Value):
    r"""The groups of :class:`OddNetwork` predicted from given weights, each descending.

    The bulk is d times the k - 1 lower eigenvalues of :math:`\nu'\mathrm{diag}(a^2) + b_0^2aa^T`, which is sharper
    than the limit.

    Parameters
    ----------
    W, a : ndarray, shape (k, d) and (k,)
    activation : Activation or str

    Examples
    --------
    >>> groups = OddGroups(np.eye(2, 3), np.ones(2), "erf")
    >>> groups.top.size, groups.middle.size, groups.bulk.size
    (3, 2, 3)
    """

    W: np.ndarray
    a: np.ndarray
    activation: Activation | str

    @functools.cached_property
    def _coupled(self) -> tuple[np.ndarray, np.ndarray]:
        k, d = self.W.shape
        strength, level, _ = odd_constants(self.activation)
        length = float(self.a @ self.a)
        squared = np.linalg.svd(self.W, compute_uv=False) ** 2
        upper, lower = coupled_roots(squared, strength, level, length)
        top = np.concatenate([upper, np.full(max(d - k, 0), strength * length)])
        return np.sort(top)[::-1], np.sort(np.concatenate([lower, np.full(max(k - d, 0), level)]))[::-1]

    @property
    def top(self) -> np.ndarray:
        """The d upper roots."""
        return self._coupled[0]

    @property
    def middle(self) -> np.ndarray:
        """The k lower roots."""
        return self._coupled[1]

    @functools.cached_property
    def bulk(self) -> np.ndarray:
        """The (k - 1) d others."""
        strength, _, spread = odd_constants(self.activation)
        small = np.linalg.eigvalsh(spread * np.diag(self.a**2) + strength * np.outer(self.a, self.a))[:-1]
        return np.repeat(small[::-1], self.W.shape[1])

    @functools.cached_property
    def lower(self) -> np.ndarray:
        """Middle and bulk together, descending: all but the first d."""
        return np.sort(np.concatenate([self.middle, self.bulk]))[::-1]


def coupled_groups(d: int, k: int, strength: float, level: float, length: float) -> tuple[Law, Law]:
    """Limit laws of the d upper and the k lower roots over the singular values of W (k, d), and the rest beside them."""
    few, many = sorted((d, k))
    squares = MarchenkoPastur(few / many, max(1.0, k / d))  # the non-zero ones
    upper, lower = (CoupledRoot(squares, strength, level, length, side) for side in (True, False))
    top = Mixture((upper, PointMass(strength * length)), (few / d, 1 - few / d))
    middle = Mixture((lower, PointMass(level)), (few / k, 1 - few / k))
    return top, middle
