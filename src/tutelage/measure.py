"""Measure: atoms and a density, with the total mass stored; the word spectra, laws and dynamics share."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sized
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tutelage.base import check, quadrature
from tutelage.base.errors import InputError
from tutelage.base.estimate import Draws, Estimate, Statistic
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value, html_of_tuple

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


class Integral(NamedTuple):
    """Value of an integral and an estimate of its absolute error, elementwise for vector-valued
    integrands."""

    value: Any
    error: Any

    _repr_html_ = html_of_tuple


@dataclasses.dataclass(frozen=True, eq=False)
class Measure(Value):
    r"""A positive measure on the line: :math:`\sum_i w_i\,\delta_{x_i} + \rho(x)\,dx`.

    Attributes
    ----------
    points : ndarray, shape (n,)
        Positions of the atoms, ascending.
    weights : ndarray, shape (n,)
        Their masses, non-negative.
    density : callable or None
        The absolutely continuous part, vectorised; zero outside ``support``.
    support : tuple of float
        Smallest interval that carries the measure.
    mass : float
        Total mass, atoms and density together.
    panels : tuple of float or None
        Finite ends between which the density is smooth, for quadrature; algebraic singularities may sit on
        them.
        By default the support. Mass beyond the outermost ones is neglected, so they lie where it is below
        1e-16.
    distribution : callable or None
        :math:`x \mapsto \int_{-\infty}^x \rho`, where a closed form or a table is at hand.
    origin, offset_density : float and callable, optional
        The density as a function of x - origin, where that keeps digits: beside a singularity at ``origin`` != 0.
    draws : Draws or None
        The independent estimates whose mean the atoms are, where the measure was sampled: what errors come from.
    """

    points: np.ndarray
    weights: np.ndarray
    density: Callable[[np.ndarray], np.ndarray] | None = None
    support: tuple[float, float] | None = None
    mass: float | None = None
    panels: tuple[float, ...] | None = None
    distribution: Callable[[np.ndarray], np.ndarray] | None = None
    origin: float = 0.0
    offset_density: Callable[[np.ndarray], np.ndarray] | None = None
    draws: Draws | None = None

    def __post_init__(self) -> None:
        points, weights = (
            np.zeros(0)
            if isinstance(x, Sized) and not len(x)
            else check.float_array(x, "Measure", name).reshape(-1)
            for x, name in ((self.points, "points"), (self.weights, "weights"))
        )
        check.same_length(points.size, weights.size, "Measure", "the numbers of points and weights")
        if (weights < 0).any():
            raise InputError("Measure: expected weights >= 0, got a negative one; a measure is positive")
        order = np.argsort(points, kind="stable")
        object.__setattr__(self, "points", points[order])
        object.__setattr__(self, "weights", weights[order])
        if self.support is None and points.size:
            object.__setattr__(self, "support", (float(points.min()), float(points.max())))
        if self.panels is None and self.density is not None and self.support is not None:
            object.__setattr__(self, "panels", tuple(float(end) for end in self.support))
        if self.mass is None:
            continuous = float(self._continuous(np.ones_like, 1e-10).value)
            object.__setattr__(self, "mass", float(weights.sum()) + continuous)

    def integrate(self, function: Callable[[np.ndarray], np.ndarray], tolerance: float = 1e-10) -> Integral:
        r""":math:`\int f\,d\mu`: atoms summed, the density by tanh-sinh quadrature on its panels.

        Parameters
        ----------
        function : callable
            Maps points of shape (n,) to values of shape (n,) or (..., n): a whole curve is one call.
        tolerance : float
            The step is halved until two successive values differ by less than ``tolerance * (1 + |value|)``.

        Returns
        -------
        Integral
            ``value`` and ``error`` of shape (...); the error is the last difference, which exceeds the true
            one by
            far where the density is smooth between its panels (each halving doubles the number of right
            digits).
            It is larger than asked where the finest step (1/512) was reached: look at it. Of a sampled measure, the
            standard error.

        Examples
        --------
        >>> semicircle = Measure([], [], lambda x: np.sqrt(4 - x * x) / (2 * np.pi), support=(-2.0, 2.0))
        >>> round(float(semicircle.integrate(lambda x: x**4).value), 12)
        2.0
        """
        if self.draws is not None:
            return Integral(*self.draws.integrals(function))
        atoms = np.asarray(function(self.points)) @ self.weights if self.points.size else 0.0
        if self.density is None:
            value = np.asarray(atoms)
            return Integral(value, np.zeros_like(value))
        value, error = self._continuous(function, tolerance)
        return Integral(value + atoms, error)

    def _continuous(self, function: Callable[[np.ndarray], np.ndarray], tolerance: float) -> Integral:
        if self.density is None:
            return Integral(np.asarray(0.0), np.asarray(0.0))
        total, value, error = 0.0, np.float64(0.0), np.float64(np.inf)
        for level in range(quadrature.COARSEST, quadrature.FINEST + 1):
            finer = level > quadrature.COARSEST
            nodes, weights = self._nodes(level, finer)
            total = total + np.asarray(function(nodes)) @ weights
            previous, value = value, np.asarray(total) * 0.5**level
            if finer:
                error = np.abs(value - previous)
                if np.all(error <= tolerance * (1 + np.abs(value))):
                    break
        return Integral(value, error)

    def _nodes(self, level: int, only_new: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Quadrature nodes of the density and their weights before the factor 2^-level."""
        panels = self._finite_panels() - self.origin
        offsets, weights = (
            part.ravel() for part in quadrature.nodes(panels[:-1], panels[1:], level, only_new)
        )
        nodes = self.origin + offsets
        if self.offset_density is not None:
            return nodes, weights * self.offset_density(offsets)
        return nodes, weights if self.density is None else weights * self.density(nodes)

    def _finite_panels(self) -> np.ndarray:
        if self.panels is None or not np.all(np.isfinite(self.panels)):
            raise InputError(
                f"Measure: expected finite panels to integrate the density on, got {self.panels}; "
                "pass panels=(low, ..., high) that hold all but a negligible mass"
            )
        return np.asarray(self.panels)

    def discretise(self, level: int = 5) -> Measure:
        """The same measure on quadrature nodes: atoms only, exact in the limit ``level`` -> infinity (step
        2^-level)."""
        level = check.integer(level, "Measure.discretise", "level")
        if self.density is None:
            return self
        nodes, weights = self._nodes(level)
        return Measure(
            np.concatenate([self.points, nodes]),
            np.concatenate([self.weights, 0.5**level * weights]),
            support=self.support,
            mass=self.mass,
        )

    def cdf(self, x: Any) -> Any:
        r""":math:`\mu((-\infty, x])`, vectorised; it reaches ``mass``, not 1.

        Of a sampled measure it is interpolated between the nodes (``Draws.distribution``), which are no eigenvalues.
        """
        where = np.asarray(x, dtype=np.float64)
        if self.draws is not None:
            return self.draws.distribution(where)[()]
        below = np.concatenate([[0.0], np.cumsum(self.weights)])
        value = below[np.searchsorted(self.points, where, side="right")]
        if self.distribution is not None:
            value = value + self.distribution(where)
        elif self.density is not None:
            value = value + np.vectorize(self._density_below, otypes=[float])(where)
        return value[()]

    def _density_below(self, x: float) -> float:
        return float(self.restrict(-np.inf, x)._continuous(np.ones_like, 1e-10).value)

    def restrict(self, low: float, high: float) -> Measure:
        """The part on [low, high], ends included; not normalized."""
        if not low <= high:
            raise InputError(f"Measure.restrict: expected low <= high, got {low} and {high}")
        kept = (self.points >= low) & (self.points <= high)
        points, weights = self.points[kept], self.weights[kept]
        if self.density is None:
            return Measure(points, weights)
        panels = self._finite_panels()
        if low <= panels[0] and high >= panels[-1] and kept.all():
            return self
        panels = np.unique(np.clip(panels, low, high))
        if panels.size < 2:
            return Measure(points, weights)
        ends = tuple(panels.tolist())
        return Measure(
            points,
            weights,
            self.density,
            ends[:: len(ends) - 1],
            None,
            ends,
            None,
            self.origin,
            self.offset_density,
        )

    def cdf_band(self, x: ArrayLike, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Between which values :meth:`cdf` lies: what the steps and the starts of a sampled measure leave open.

        The band holds at each x on its own in at least this share of samples; of an exact measure it has no width.
        """
        where = check.float_array(x, "Measure.cdf_band", "x")
        level = check.number(level, "Measure.cdf_band", "level", above=0.0)
        if self.draws is None:
            value = np.asarray(self.cdf(where))
            return value, value
        return self.draws.band(where, level)

    def estimate(self, statistic: Statistic) -> Estimate:
        """Any number made of points and weights, with its standard error where the measure was sampled.

        ``converged`` is False where the steps of the sampled rules are too few for it.

        >>> round(Measure([1.0, 3.0], [1.0, 1.0]).estimate(lambda points, weights: weights @ np.log(points)), 4)
        1.0986
        """
        if self.draws is not None:
            return self.draws.estimate(statistic)
        atoms = self.discretise(8)
        return Estimate(statistic(atoms.points, atoms.weights), 0.0, 1)

    def moment(self, order: int) -> float:
        r""":math:`\int x^n\,d\mu` (not divided by the mass); an Estimate where the measure was sampled."""
        order = check.integer(order, "Measure.moment", "order", minimum=0)
        if self.draws is not None:
            return self.draws.estimate(lambda points, weights: float(weights @ points**order))
        return float(self.integrate(lambda x: x**order).value)

    def scale(self, factor: float) -> Measure:
        """The image under x -> factor * x, factor > 0: the mass stays, positions move."""
        factor = check.number(factor, "Measure.scale", "factor", above=0)
        stretched = functools.partial(_stretched, factor)
        return Measure(
            self.points * factor,
            self.weights,
            stretched(self.density, factor),
            None if self.support is None else (self.support[0] * factor, self.support[1] * factor),
            self.mass,
            None if self.panels is None else tuple(end * factor for end in self.panels),
            stretched(self.distribution, 1.0),
            self.origin * factor,
            stretched(self.offset_density, factor),
            None if self.draws is None else self.draws.scaled(factor),
        )

    def to_xarray(self, n_points: int = 400) -> xarray.Dataset:
        """Atoms over ``atom``; the density, if any, on ``n_points`` of its panels over ``x``; mass and
        support as attrs."""
        import xarray

        dataset = xarray.Dataset({"point": ("atom", self.points), "weight": ("atom", self.weights)})
        if self.density is not None:
            grid = self._grid(check.integer(n_points, "Measure.to_xarray", "n_points", minimum=2))
            dataset = dataset.assign_coords(x=grid).assign(density=("x", self.density(grid)))
        dataset.attrs["mass"] = self.mass
        if self.support is not None:
            dataset.attrs["support"] = [float(end) for end in self.support]
        return dataset

    def _grid(self, n_points: int) -> np.ndarray:
        """Points inside the panels, denser at both ends where densities bend."""
        panels = self._finite_panels()
        angle = (np.arange(n_points) + 0.5) * np.pi / n_points
        return panels[0] + (panels[-1] - panels[0]) * (1 - np.cos(angle)) / 2

    def plot(self, ax: matplotlib.axes.Axes | None = None, **style: Any) -> matplotlib.axes.Axes:
        """Density as a line, atoms as bars of their mass on the same axis; returns the axes.

        A sampled measure, whose atoms mean nothing one by one, is drawn as its distribution function with its band.
        """
        from tutelage.base.canvas import axes_or_new

        ax = axes_or_new(ax)
        if self.draws is not None:
            grid = np.unique(self.points)
            ax.fill_between(grid, *self.cdf_band(grid), alpha=0.3, linewidth=0)
            ax.plot(grid, self.cdf(grid), **style)
            ax.set(xlabel="eigenvalue", ylabel="eigenvalues up to it")
            return ax
        if self.density is not None:
            grid = self._grid(600)
            ax.plot(grid, self.density(grid), **style)
        if self.points.size:
            ax.vlines(self.points, 0, self.weights, **style)
        ax.set_xlabel("eigenvalue")
        ax.set_ylabel("density and atom masses" if self.density is not None else "mass")
        return ax

    def __repr__(self) -> str:
        continuous = "" if self.density is None else ", with density"
        return f"Measure({self.points.size} atoms{continuous}, mass {self.mass:.6g})"

    def _repr_html_(self) -> str:
        support = "empty" if self.support is None else f"[{self.support[0]:.6g}, {self.support[1]:.6g}]"
        rows = {
            "mass": f"{self.mass:.6g}",
            "support": support,
            "atoms": f"{self.points.size}, carrying {self.weights.sum():.6g}",
            "density": "none" if self.density is None else "yes",
        }
        body = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows.items())
        return f"<table><caption>Measure</caption>{body}</table>"


@dataclasses.dataclass(frozen=True)
class _Stretched:
    """x -> function(x / factor) / jacobian: a value, so that measures can be pickled."""

    function: Callable[[np.ndarray], np.ndarray]
    factor: float
    jacobian: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.function(np.asarray(x) / self.factor) / self.jacobian


def _stretched(
    factor: float, function: Callable[[np.ndarray], np.ndarray] | None, jacobian: float
) -> _Stretched | None:
    return None if function is None else _Stretched(function, factor, jacobian)
