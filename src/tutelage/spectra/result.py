"""Spectrum: eigenvalues with integer multiplicities, error bars and the method that produced them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.numerical_rank import NumericalRank
from tutelage.base.value import Value
from tutelage.measure import Measure

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

    from tutelage.laws.network_law import NetworkLaw
    from tutelage.network import Network

_SAFETY = 10.0
"""An eigenvalue counts as non-zero when it exceeds ten times its own error bar."""
_SHOWN = 1e-7
"""Error bars above this share of the largest eigenvalue are printed with it."""

_CURVE = 300
"""Points at which a law is drawn over a spectrum."""


class Quantiles(Protocol):
    """A law that can be laid over a spectrum."""

    def isf(self, q: Any) -> Any: ...


@dataclasses.dataclass(frozen=True, eq=False)
class Spectrum(Value):
    r"""Eigenvalues :math:`\lambda_1 \le \lambda_2 \le \dots` with multiplicities, and how they were obtained.

    Attributes
    ----------
    values : ndarray, shape (n,)
        Ascending; one entry per block of equal eigenvalues that the structure proves equal.
    multiplicities : ndarray of int, shape (n,)
        They sum to ``n_params`` unless only a part of the spectrum was asked for.
    n_params : int
        P, the size of the matrix.
    method : str
        What produced the values, for example ``"symmetry+function_space"``.
    errors : ndarray, shape (n,)
        Bound (LAPACK, extended precision) or estimate (Lanczos, densities) of each value's absolute error.
    rank : int or None
        The rank, where a structural upper bound is met by eigenvalues above ten error bars; never a mere count.
    network : Network or None
        Whose Hessian at the optimum, under standard normal inputs, this is the spectrum of; ``plot(law=True)`` asks it.

    Examples
    --------
    >>> Spectrum([0.0, 2.0], [3, 1], n_params=4, method="dense").eigenvalues
    array([0., 0., 0., 2.])
    """

    values: np.ndarray
    multiplicities: np.ndarray
    n_params: int
    method: str
    errors: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(1))
    rank: int | None = None
    network: Network | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self) -> None:
        values = check.float_array(self.values, "Spectrum", "values").reshape(-1)
        multiplicities = check.float_array(self.multiplicities, "Spectrum", "multiplicities").reshape(-1)
        errors = check.float_array(self.errors, "Spectrum", "errors").reshape(-1)
        counts = multiplicities.astype(np.int64)
        if (multiplicities != counts).any() or counts.min() < 1:
            raise InputError("Spectrum: expected positive integer multiplicities; drop empty blocks")
        if errors.size != 1:
            check.same_length(errors.size, values.size, "Spectrum", "values and errors")
        elif values.size != 1:
            errors = np.full(values.shape, errors[0])
        check.integer(self.n_params, "Spectrum", "n_params")
        check.text(self.method, "Spectrum", "method")
        if self.rank is not None:
            check.integer(self.rank, "Spectrum", "rank", minimum=0)
        check.same_length(values.size, multiplicities.size, "Spectrum", "values and multiplicities")
        total = multiplicities.sum()
        if total > self.n_params:
            raise InputError(
                f"Spectrum: expected multiplicities summing to at most P = {self.n_params}, "
                f"got {total}; check n_params"
            )
        order = values.argsort(kind="stable")
        object.__setattr__(self, "values", values[order])
        object.__setattr__(self, "multiplicities", counts[order])
        object.__setattr__(self, "errors", errors[order])

    def named(self, network: Network) -> Spectrum:
        """The same, of this network."""
        return self.unchecked(**{**vars(self), "network": network})

    @classmethod
    def unchecked(cls, **fields: object) -> Spectrum:
        """A spectrum of these fields, all of them, as the constructor would leave them: for the results of LAPACK."""
        found = object.__new__(cls)
        vars(found).update(fields)
        return found

    @property
    def is_complete(self) -> bool:
        """Whether all P eigenvalues are here (Lanczos returns only the ends)."""
        return int(self.multiplicities.sum()) == self.n_params

    @property
    def eigenvalues(self) -> np.ndarray:
        """Every eigenvalue as often as it occurs, ascending: shape (P,) where the spectrum is complete."""
        total = int(self.multiplicities.sum())
        check.fits_in_memory(
            8.0 * total, "Spectrum.eigenvalues", f"the expanded list of {total} eigenvalues",
            f"{int(0.9 * check.available_bytes() / 8)} of them", "use values with multiplicities, or measure()",
        )  # fmt: skip
        return np.repeat(self.values, self.multiplicities)

    def measure(self, normalized: bool = False) -> Measure:
        """Atoms at the values, weighted by multiplicity (mass P) or, normalized, by its share (mass 1)."""
        weights = self.multiplicities.astype(np.float64)
        return Measure(self.values, weights / weights.sum() if normalized else weights)

    def trace(self) -> float:
        r""":math:`\sum_i m_i \lambda_i`."""
        return float(self.multiplicities @ self.values)

    def frobenius_norm(self) -> float:
        r""":math:`(\sum_i m_i \lambda_i^2)^{1/2}`."""
        return float(np.sqrt(self.multiplicities @ self.values**2))

    def numerical_rank(self) -> NumericalRank:
        """The number of eigenvalues above ten error bars, the tolerance used, and the gap around it.

        The gap is the smallest counted magnitude over the largest uncounted one (or its error bar, if larger).
        """
        size, floor = np.abs(self.values), _SAFETY * self.errors
        counted = size > floor
        rank = int(self.multiplicities[counted].sum())
        below = np.maximum(size, self.errors)[~counted]
        smallest = float(size[counted].min()) if counted.any() else 0.0
        largest = float(below.max()) if below.size else 0.0
        tolerance = float(floor[~counted].max()) if below.size else float(floor.max())
        return NumericalRank(rank, tolerance, smallest, largest, "eigenvalues of the Hessian")

    def min_positive(self) -> float:
        """The smallest eigenvalue above ten error bars: the rate of the slowest mode."""
        counted = self.values[self.values > _SAFETY * self.errors]
        if not counted.size:
            raise InputError(
                "Spectrum.min_positive: expected a positive eigenvalue, got none above its error bar"
            )
        return float(counted[0])

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON: eigenvalues (distinct), multiplicities, errors, n_params, rank, method."""
        estimate = self.numerical_rank()
        return {
            "eigenvalues": self.values.tolist(),
            "multiplicities": self.multiplicities.tolist(),
            "errors": self.errors.tolist(),
            "n_params": self.n_params,
            "rank": self.rank,
            "numerical_rank": {
                "rank": estimate.rank,
                "tolerance": estimate.tolerance,
                "gap": estimate.gap if np.isfinite(estimate.gap) else None,
            },
            "method": self.method,
        }

    def to_xarray(self) -> xarray.Dataset:
        """Values, multiplicities and errors along the dimension ``block``."""
        import xarray

        columns = {"value": self.values, "multiplicity": self.multiplicities, "error": self.errors}
        attributes = {"n_params": self.n_params, "method": self.method}
        if self.rank is not None:
            attributes["rank"] = self.rank
        return xarray.Dataset({name: ("block", column) for name, column in columns.items()}, attrs=attributes)

    def plot(self, ax: Axes | None = None, law: Quantiles | bool | None = None, **style: Any) -> Axes:
        """Eigenvalues from the largest down against their index, on logarithmic axes; the title counts the zeros.

        ``law`` is laid over them: True for the one that is known for the network (``laws.law_of``), a law of
        ``tutelage.laws``, or any frozen law of scipy.stats. A law of a network's non-zero eigenvalues covers the first
        ``law.rank`` of them, any other all P. An InputError says where no law is known.
        ``style`` is matplotlib's, for the line. Returns the axes, those of a new figure unless ``ax`` is given.
        """
        from tutelage.base.canvas import axes_or_new

        over = self._known_law() if law is True else law or None
        ax = axes_or_new(ax)
        keep = self.values > self.errors
        values, counts = self.values[keep][::-1], self.multiplicities[keep][::-1]
        ends = np.cumsum(counts)
        # Each block is a horizontal run from its first to its last index: two points, whatever the multiplicity.
        index, height = np.stack([ends - counts + 1, ends], axis=1).ravel(), np.repeat(values, 2)
        error = np.repeat(self.errors[keep][::-1], 2)
        (line,) = ax.plot(index, height, ".-", **({"markersize": 3, "linewidth": 0.8} | style))
        ax.fill_between(
            index,
            np.maximum(height - error, height * 1e-3),
            height + error,
            color=line.get_color(),
            alpha=0.3,
            linewidth=0,
        )
        ax.set(
            xscale="log", yscale="log", xlabel="index, from the largest", ylabel="eigenvalue of the Hessian"
        )
        hidden = int(self.multiplicities[~keep].sum())
        title = f"P = {self.n_params}, {self.method}" + (f", {hidden} at zero" if hidden else "")
        ax.set_title(title if len(ax.lines) == 1 else "")  # of one spectrum, it would be wrong over several
        if over is not None:
            self._lay_over(ax, over)
        return ax

    def _known_law(self) -> NetworkLaw:
        from tutelage.laws import law_of

        if self.network is None:
            raise InputError(
                "Spectrum.plot: expected the spectrum of a network at its optimum for law=True, got one of another matrix; "
                "pass the law, for example law=tutelage.laws.LinearNetwork(d, k)"
            )
        return law_of(self.network)

    def _lay_over(self, ax: Axes, law: Quantiles) -> None:
        """The i-th largest of n draws lies at about the quantile 1 - (i - 1/2)/n."""
        n = int(getattr(law, "rank", self.n_params))
        index = np.unique(np.rint(np.geomspace(1, n, _CURVE)))
        height = np.asarray(law.isf((index - 0.5) / n))
        ax.plot(index[height > 0], height[height > 0], color="black", linewidth=1, label=type(law).__name__)
        ax.legend()

    def __repr__(self) -> str:
        low, high = (self.values[0], self.values[-1]) if self.values.size else (np.nan, np.nan)
        rank = "" if self.rank is None else f", rank {self.rank}"
        part = "" if self.is_complete else f", {int(self.multiplicities.sum())} of them"
        return (
            f"Spectrum(P={self.n_params}{part}, {self.values.size} distinct in [{low:.6g}, {high:.6g}]"
            f"{self._large_error()}{rank}, method={self.method!r})"
        )

    def _large_error(self) -> str:
        """The largest error bar, where it reaches the digits that are shown of the largest eigenvalue."""
        worst = float(self.errors.max(initial=0.0))
        return f" ± {worst:.1g}" if worst > _SHOWN * np.abs(self.values).max(initial=0.0) else ""

    def _repr_html_(self) -> str:
        shown = np.unique(np.linspace(0, self.values.size - 1, min(self.values.size, 10)).astype(int))
        rows = "".join(
            f"<tr><td>{self.values[i]:.10g}</td><td>{self.multiplicities[i]}</td><td>{self.errors[i]:.1e}</td></tr>"
            for i in shown[::-1]
        )
        head = "<tr><th>eigenvalue</th><th>multiplicity</th><th>error</th></tr>"
        rank = "" if self.rank is None else f", rank = {self.rank}"
        title = f"<b>Spectrum</b>: P = {self.n_params}{rank}{self._large_error()}, <code>{self.method}</code>"
        return f"{title}<table>{head}{rows}</table>"
