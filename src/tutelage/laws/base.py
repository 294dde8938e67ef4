"""Law: the vocabulary of every probability law here, in the manner of scipy.stats."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import elementwise

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.floating import usual_floats
from tutelage.base.value import Value
from tutelage.measure import Measure

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

Seed = int | np.random.Generator | np.random.SeedSequence | None
"""Anything ``numpy.random.default_rng`` takes."""

Size = int | tuple[int, ...]

NEGLIGIBLE = 1e-17
"""Tail mass that ``bulk`` may leave out: below half a unit in the last place of 1."""

_RESOLVED = 1000
"""Fewest float64 numbers to a standard deviation: cdf(ppf(p)) then is p to 2e-4."""

_NO_ATOMS = (np.empty(0), np.empty(0))


class Law(Value, abc.ABC):
    r"""A law :math:`\sum_i w_i\,\delta_{x_i} + \rho(x)\,dx` of mass one.

    A concrete law states its continuous part, its atoms and its moments; the rest of the vocabulary
    (``pdf logpdf cdf logcdf sf logsf ppf isf rvs mean median var std interval expect support atoms``) follows here.
    ``pdf`` is the density of the continuous part alone; atoms show in all others. ``cdf`` is continuous from the right:
    at an atom it includes it, so that at the left end of a support that holds an atom it is that atom's mass, and 1 at
    the right end. Arguments may be arrays of any shape.
    """

    mass: float = 1.0

    @abc.abstractmethod
    def density(self, x: np.ndarray) -> np.ndarray:
        """Density of the continuous part, zero outside the support (unchecked; ``pdf`` is the public
        door)."""

    @abc.abstractmethod
    def distribution(self, x: np.ndarray) -> np.ndarray:
        """Mass of the continuous part up to x (unchecked; ``cdf`` adds the atoms)."""

    @abc.abstractmethod
    def support(self) -> tuple[float, float]:
        """Smallest closed interval of mass one; its ends may be infinite."""

    @abc.abstractmethod
    def moment(self, order: int) -> float:
        """E x^order, order >= 0, in closed form."""

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions and masses of the atoms, ascending."""
        return _NO_ATOMS

    @property
    def share(self) -> float:
        """Mass of the continuous part."""
        return 1.0 - float(self.atoms()[1].sum())

    def panels(self) -> tuple[float, ...]:
        """Breakpoints, and more of them where one panel would not reach all the mass."""
        return self.breakpoints()

    def lumps(self) -> tuple[np.ndarray, np.ndarray]:
        """Atoms, and as further ones mass too close to a point for any panel to reach."""
        return self.atoms()

    @property
    def unseen(self) -> float:
        """Mass that one panel between each two breakpoints does not reach."""
        return 0.0

    def breakpoints(self) -> tuple[float, ...]:
        """Finite points between which the density is smooth; all but NEGLIGIBLE mass lies between the
        outermost."""
        return self.support()

    @property
    def origin(self) -> float:
        """Where the density may be infinite, if anywhere: distances from it are kept to all digits."""
        return 0.0

    def offset_density(self, y: np.ndarray) -> np.ndarray:
        """The density at origin + y."""
        return self.density(self.origin + y)

    def components(self) -> tuple[tuple[float, Law], ...]:
        """The law as a weighted sum of laws with smooth densities."""
        return ((1.0, self),)

    @property
    def error(self) -> float:
        """Estimated absolute error of ``cdf``; rounding for closed forms."""
        return 1e-14

    @usual_floats()
    def pdf(self, x: ArrayLike) -> Any:
        """Density of the continuous part at x; atoms are not in it (see ``atoms``)."""
        return self.density(real_array(x, self, "x"))[()]

    @usual_floats()
    def cdf(self, x: ArrayLike) -> Any:
        """P(X <= x)."""
        where = real_array(x, self, "x")
        points, weights = self.atoms()
        jumps = np.concatenate([[0.0], np.cumsum(weights)])
        value = self.distribution(where) + jumps[np.searchsorted(points, where, side="right")]
        return np.clip(value, 0.0, 1.0)[()]

    def sf(self, x: ArrayLike) -> Any:
        """P(X > x) = 1 - cdf(x), with the absolute accuracy of ``cdf``."""
        return (1.0 - np.asarray(self.cdf(x)))[()]

    def logpdf(self, x: ArrayLike) -> Any:
        """Logarithm of ``pdf``, -inf where that is 0."""
        return _log(self.pdf(x))

    def logcdf(self, x: ArrayLike) -> Any:
        """Logarithm of ``cdf``."""
        return _log(self.cdf(x))

    def logsf(self, x: ArrayLike) -> Any:
        """Logarithm of ``sf``."""
        return _log(self.sf(x))

    @usual_floats()
    def ppf(self, p: ArrayLike) -> Any:
        """Smallest x with cdf(x) >= p; at p = 0 the left end of the support."""
        p = probabilities(p, self)
        low, high = self.support()
        points, weights = self.atoms()
        after = np.cumsum(weights)
        # Below atom i the continuous part alone must reach p minus the atoms already passed.
        upto = self.distribution(points) + after
        passed = np.searchsorted(upto, p, side="left")
        before = np.concatenate([[0.0], after])[passed]
        here = np.append(points, np.inf)[passed]
        on_atom = np.zeros(p.shape, bool)
        if points.size:
            start = np.append(upto - weights, np.inf)
            on_atom = (p > start[passed]) & np.isfinite(here)
        x = np.where(on_atom, here, low if np.isfinite(low) else -np.inf)
        x[p == 1] = high
        inner = ~on_atom & (p > 0) & (p < 1)
        x[inner] = self._continuous_quantile((p - before)[inner])
        return x[()]

    def isf(self, q: ArrayLike) -> Any:
        """Smallest x with sf(x) <= q: ppf(1 - q), with the accuracy of 1 - q."""
        return self.ppf(1.0 - probabilities(q, self))

    def interval(self, confidence: ArrayLike) -> tuple[Any, Any]:
        """Ends of the interval that leaves (1 - confidence)/2 out on either side."""
        tail = (1.0 - probabilities(confidence, self)) / 2
        return self.ppf(tail), self.isf(tail)

    def _continuous_quantile(self, mass: np.ndarray) -> np.ndarray:
        """Where ``distribution`` reaches ``mass`` (n,), by Chandrupatla's bracketing method."""
        if not mass.size:
            return mass
        ends = self.breakpoints()
        low, high = np.full(mass.shape, ends[0]), np.full(mass.shape, ends[-1])
        short, over = self.distribution(high) <= mass, self.distribution(low) >= mass
        bracketed = ~short & ~over
        x = np.where(short, high, low)
        root = elementwise.find_root(
            lambda x, mass: self.distribution(x) - mass,
            (low[bracketed], high[bracketed]),
            args=(mass[bracketed],),
            tolerances={"xatol": 0, "xrtol": 4e-16, "fatol": 0, "frtol": 0},
        )
        x[bracketed] = root.x
        return x

    def rvs(self, size: Size | None = None, random_state: Seed = None) -> Any:
        """Independent samples of shape ``size``; ``random_state`` is anything ``numpy.random.default_rng``
        takes."""
        return self.sample(np.random.default_rng(random_state), () if size is None else size)[()]

    def sample(self, rng: np.random.Generator, size: Size) -> np.ndarray:
        """``rvs`` with a ready generator; by inversion unless the law knows better."""
        return np.asarray(self.ppf(rng.random(size)))

    def mean(self) -> float:
        """E x."""
        return self.moment(1)

    def var(self) -> float:
        """E (x - E x)^2: in closed form where there is one, never a difference of large moments."""
        mean, ends = self.mean(), self.breakpoints()
        width = ends[-1] - ends[0]
        return float(width**2 * self.measure().integrate(lambda x: ((x - mean) / width) ** 2, 1e-13).value)

    def expect(
        self,
        func: Callable[[np.ndarray], np.ndarray] | None = None,
        lb: float = -np.inf,
        ub: float = np.inf,
        conditional: bool = False,
    ) -> Any:
        r""":math:`E f(X)\,1[l \le X \le u]`, divided by P(l <= X <= u) where ``conditional``; f = x by default.

        ``func`` maps points (n,) to values (n,) or (..., n), where SciPy calls it point by point.

        Examples
        --------
        >>> from tutelage.laws import ChiSquare
        >>> round(float(ChiSquare(3).expect(np.sqrt)), 9)  # the mean length of a normal vector
        1.595769122
        """
        part = self.measure().restrict(lb, ub)
        value = part.integrate(func or (lambda x: x), 1e-12).value
        return (value / part.integrate(np.ones_like).value if conditional else value)[()]

    def std(self) -> float:
        """Square root of ``var``."""
        return float(np.sqrt(self.var()))

    def median(self) -> float:
        """ppf(1/2)."""
        return float(self.ppf(0.5))

    def measure(self) -> Measure:
        """The law as a Measure: atoms, density, support and mass, ready to integrate."""
        points, weights = self.lumps()
        ends = self.panels()
        if not ends:
            return Measure(points, weights)
        return Measure(
            points, weights, self.density, self.support(), self.mass, ends, self.distribution,
            self.origin, self.offset_density,
        )  # fmt: skip

    def plot(self, ax: Axes | None = None, **style: Any) -> Axes:
        """Density and atoms on matplotlib axes."""
        return self.measure().plot(ax, **style)

    def to_xarray(self, n_points: int = 400) -> xr.Dataset:
        """Atoms and density on a grid as an xarray Dataset."""
        dataset = self.measure().to_xarray(n_points)
        dataset.attrs["law"] = repr(self)
        return dataset

    def _repr_html_(self) -> str:
        summary = f"mean {self.mean():.6g}, standard deviation {self.std():.6g}"
        return f"<b>{self!r}</b>: {summary}{self.measure()._repr_html_()}"


def _log(value: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(value)


def require_resolved(who: str, centre: float, width: float) -> None:
    """Refuse a law so narrow that the numbers around its centre cannot tell its values apart."""
    if width < _RESOLVED * np.spacing(abs(centre)):
        raise InputError(
            f"{who}: expected a width of at least {_RESOLVED * np.spacing(abs(centre)):.1g} at {centre:g}, where numbers of "
            f"double precision are {np.spacing(abs(centre)):.1g} apart, got {width:.1g}; move the law towards 0"
        )


def real_array(value: ArrayLike, law: Law, name: str) -> np.ndarray:
    """A float64 array of any shape; infinite is fine, NaN and complex are not."""
    who = type(law).__name__
    check.unmasked(value, who, name)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"{who}: expected {name} to be a rectangular array, got {error}") from None
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"{who}: expected real numbers for {name}, got dtype {array.dtype}; pass an array of floats"
        )
    array = array.astype(np.float64)
    if np.isnan(array).any():
        raise InputError(f"{who}: expected numbers for {name}, got NaN; remove it")
    return array


def probabilities(p: ArrayLike, law: Law) -> np.ndarray:
    """Checked arguments of a quantile."""
    array = real_array(p, law, "p")
    if ((array < 0) | (array > 1)).any():
        raise InputError(
            f"{type(law).__name__}.ppf: expected probabilities in [0, 1], got {array.min()} to {array.max()}"
        )
    return array


def moment_order(order: int, law: Law) -> int:
    """A checked order of a moment."""
    return check.integer(order, f"{type(law).__name__}.moment", "order", minimum=0)
