"""Effective parameters: exact Hessian ranks over a grid of sizes, beside (14) and the bounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study

if TYPE_CHECKING:
    import xarray as xr

    from tutelage.activations import Activation

FAMILIES = ("linear", "quadratic", "cubic", "odd_cubic", "cube", "erf", "quadratic_biased")
_EVERYWHERE = "the number of sizes (d, k) of the grid where it does; all of them or the claim fails"


@dataclasses.dataclass(frozen=True)
class EffectiveParameters(Study):
    """Exact generic ranks of linear, quadratic, cubic and erf networks; [C25] 3.2, 4, 5.1 and (14)."""

    d_max: int = 8
    k_max: int = 12
    alpha: float = 1.0
    scale: float = 1.0
    seed: int = 0

    name: ClassVar[str] = "effective_parameters"
    title: ClassVar[str] = "Effective parameters: exact ranks of the Hessian"
    place: ClassVar[str] = "[C25] 3.2, 4.1, 4.2, 5.1, (14), appendix B"
    cost: ClassVar[float] = 2.0
    uses: ClassVar[tuple[str, ...]] = ("tutelage.activations", "tutelage.rank")
    formulas: ClassVar[tuple[str, ...]] = (
        "(14): N<sub>eff</sub> = d(d+3)/2 − θ(d−k)[(d−k) + (d−k)(d−k+1)/2]",
        "degree n: N<sub>eff</sub> ≤ min(P, C(d+n, n) − 1)",
        "u³: min(kd, C(d+2, 3)), but 34 at (d, k) = (5, 7)",
        "u + u³: min(P, kd + min(k, d), C(d+2, 3) + d), but 39 at (5, 7)",
    )
    words: ClassVar[str] = (
        "The rank of the Hessian at the optimum counts the parameters that matter: directions in which the function "
        "changes. Floating point cannot count it safely (the smallest eigenvalues of an erf network reach 1e-12 of "
        "the largest), so every rank here is computed over prime fields, where there is no rounding.\n\n"
        "Colour is rank / P. Linear networks keep d numbers however wide they are; quadratic ones saturate at the "
        "dashed line k = d, as (14) says; cubic ones much later. For the error function every size is CERTIFIED "
        "to have full rank: a proof where the paper could only observe."
    )
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement("rank.linear", "Linear: the rank is d.", "[C25] 3.2", "equal", note=_EVERYWHERE),
        Statement(
            "rank.quadratic",
            "u + αu²: the rank is (14).",
            "[C25] (14), appendix B",
            "equal",
            note=_EVERYWHERE,
        ),
        Statement(
            "rank.bound",
            "Degree 3: the rank never exceeds min(P, C(d+3, 3) − 1).",
            "[C25] 4.2",
            "equal",
            note=f"u + u² + u³, u + u³ and u³ together; {_EVERYWHERE}",
        ),
        Statement(
            "rank.cubic",
            "u + u² + u³ meets that bound.",
            "[C25] 4.2",
            "equal",
            note=f"the paper gives the bound only; {_EVERYWHERE}",
        ),
        Statement(
            "rank.missing",
            "A polynomial with a missing power, u + u³, meets the bound for its degree: sum of ranks over the grid.",
            "ours",
            "equal",
            note="correction: min(P, kd + min(k, d), C(d+2, 3) + d), 39 at (5, 7)",
        ),
        Statement(
            "rank.cube",
            "u³: the rank is min(kd, C(d+2, 3)): sum over the grid.",
            "ours",
            "equal",
            note="correction: the Alexander-Hirschowitz exception, 34 instead of 35 at (5, 7)",
        ),
        Statement(
            "rank.erf",
            "erf: the rank is P at every size, certified in exact arithmetic.",
            "[C25] 5.1",
            "equal",
            note=f"the paper observes it; truncated rational series prove it; {_EVERYWHERE}",
        ),
        Statement(
            "rank.biases",
            "Biases add one effective parameter to quadratic networks.",
            "[C25] section 6",
            "equal",
            note=f"the paper expects it; {_EVERYWHERE}",
        ),
    )

    @classmethod
    def full(cls) -> EffectiveParameters:
        return cls(d_max=12, k_max=24)

    @property
    def activations(self) -> dict[str, Activation]:
        """The activation of each family."""
        from tutelage.activations import Erf, Linear, Polynomial, Quadratic

        quadratic = Quadratic(self.alpha)
        return {
            "linear": Linear(),
            "quadratic": quadratic,
            "cubic": Polynomial((0.0, 1.0, 1.0, 1.0)),
            "odd_cubic": Polynomial((0.0, 1.0, 0.0, 1.0)),
            "cube": Polynomial((0.0, 0.0, 0.0, 1.0)),
            "erf": Erf(self.scale),
            "quadratic_biased": quadratic,
        }

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.network import Architecture
        from tutelage.rank import effective_parameters

        shape = (self.d_max, self.k_max)
        data: dict[str, tuple] = {}
        for n, (family, activation) in enumerate(self.activations.items()):
            rank, certified = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
            proven = np.zeros(shape, dtype=bool)
            for d, k in np.ndindex(shape):
                architecture = Architecture((d + 1, k + 1, 1), activation, family == "quadratic_biased")
                result = effective_parameters(architecture, primes=2, seed=self.seed)
                rank[d, k], certified[d, k] = result.rank, result.lower_bound.value
                proven[d, k] = result.is_proven
                if progress is not None and k + 1 == self.k_max:
                    progress((n + (d + 1) / self.d_max) / len(FAMILIES))
            dims = ("d", "k")
            data |= {
                f"rank_{family}": (dims, rank),
                f"certified_{family}": (dims, certified),
                f"proven_{family}": (dims, proven),
            }
        coords = {"d": np.arange(1, self.d_max + 1), "k": np.arange(1, self.k_max + 1)}
        return xr.Dataset(data, coords=coords, attrs={"alpha": self.alpha, "scale": self.scale})

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.rank import formulas

        cells = self.d_max * self.k_max
        bound = self._grid(lambda d, k: min(k * (d + 1), formulas.polynomial_bound(d, 3)))
        forms = self._grid(lambda d, k: min(k * d, formulas.forms(d, 3)))
        quadratic = self._grid(formulas.quadratic_count if self.alpha else lambda d, k: d)
        n_params = self._grid(lambda d, k: k * (d + 1))
        rank = {family: dataset[f"rank_{family}"].values for family in FAMILIES}

        def everywhere(holds: np.ndarray) -> Measured:
            return Measured(cells, int(holds.sum()))

        below = np.all([rank[family] <= bound for family in ("cubic", "odd_cubic", "cube")], axis=0)
        return {
            "rank.linear": everywhere(rank["linear"] == self._grid(lambda d, k: d)),
            "rank.quadratic": everywhere(rank["quadratic"] == quadratic),
            "rank.bound": everywhere(below),
            "rank.cubic": everywhere(rank["cubic"] == bound),
            "rank.missing": Measured(
                bound.sum(), rank["odd_cubic"].sum(), corrected=self._grid(formulas.odd_cubic_count).sum()
            ),
            "rank.cube": Measured(
                forms.sum(),
                rank["cube"].sum(),
                corrected=self._grid(lambda d, k: formulas.power_count(d, k, 3)).sum(),
            ),
            "rank.erf": everywhere(dataset["certified_erf"].values == n_params),
            "rank.biases": everywhere(rank["quadratic_biased"] == quadratic + 1),
        }

    def _grid(self, count: Callable[[int, int], int]) -> np.ndarray:
        return np.array([[count(d, k) for k in range(1, self.k_max + 1)] for d in range(1, self.d_max + 1)])
