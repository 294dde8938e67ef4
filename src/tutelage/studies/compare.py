"""One shape, many activations: spectrum, rank, smallest and largest eigenvalue, time to learn."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study

if TYPE_CHECKING:
    import xarray as xr

EVERY = (
    "linear", "quadratic:alpha=0.5", "polynomial:coefficients=0,1,0.5,0.2", "erf", "tanh", "sin", "cos", "exp",
    "gelu", "relu", "leaky_relu:slope=0.1", "abs",
)  # fmt: skip
_FIRST_LOSS = 1e-6
"""The loss to reach, as a share of the one at the start."""


@dataclasses.dataclass(frozen=True)
class Compare(Study):
    """The Hessian of one random teacher per activation, with the same weights for all."""

    d: int = 8
    k: int = 8
    activations: tuple[str, ...] = ("linear", "quadratic:alpha=0.5", "erf", "sin", "relu")
    seed: int = 0

    name: ClassVar[str] = "compare"
    title: ClassVar[str] = "Activations compared: spectrum, rank, learning time"
    place: ClassVar[str] = "[C25] sections 3-5, (7), (14)"
    cost: ClassVar[float] = 3.0
    uses: ClassVar[tuple[str, ...]] = (
        "tutelage.activations", "tutelage.moments", "tutelage.population", "tutelage.operators", "tutelage.spectra",
        "tutelage.dynamics", "tutelage.rank",
    )  # fmt: skip
    formulas: ClassVar[tuple[str, ...]] = (
        "E ε(t) = (s²/2) Σ λ<sub>i</sub> e<sup>−2λ<sub>i</sub>t</sup>; learning time: E ε(t) = 10⁻⁶ E ε(0)",
    )
    words: ClassVar[str] = (
        "The same random weights, with different activations. Each line is one Hessian's eigenvalues in order. Where "
        "the line stops the others are zero: polynomial activations have fewer directions than "
        "parameters, the others use all of them. The lower the end of a line, the longer "
        "learning takes, by many orders of magnitude."
    )
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "compare.linear", "The linear network has d curved directions.", "[C25] section 3.2", "equal"
        ),
        Statement("compare.quadratic", "The quadratic network has N_eff of (14).", "[C25] (14)", "equal"),
        Statement("compare.erf", "The erf network has all P.", "[C25] section 5.1", "equal"),
        Statement(
            "compare.time",
            "The linear network learns first: share of the others that take longer.",
            "[C25] section 3.1, (7)",
            "equal",
            note="gradient flow to a millionth of the first loss, mean over isotropic starts",
        ),
    )

    @classmethod
    def full(cls) -> Compare:
        return cls(d=20, k=20, activations=EVERY)

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.dynamics import time_to_loss
        from tutelage.measure import Measure
        from tutelage.network import sample_teacher
        from tutelage.spectra import spectrum

        total = self.k * (self.d + 1)
        values, ranks, times = np.zeros((len(self.activations), total)), [], []
        for i, activation in enumerate(self.activations):
            found = spectrum(sample_teacher(activation, d=self.d, k=self.k, seed=self.seed))
            eigenvalues = found.eigenvalues[::-1]
            rank = found.rank if found.rank is not None else found.numerical_rank().rank
            values[i], kept = eigenvalues, eigenvalues[:rank]
            ranks.append(rank)
            times.append(time_to_loss(Measure(kept, np.ones(rank)), _FIRST_LOSS * kept.sum() / 2))
            if progress is not None:
                progress((i + 1) / len(self.activations))
        return xr.Dataset(
            {
                "eigenvalues": (("activation", "index"), values),
                "rank": (("activation",), ranks),
                "time": (("activation",), times),
            },
            coords={"activation": list(self.activations)},
            attrs={"d": self.d, "k": self.k},
        )

    def table(self, dataset: xr.Dataset) -> list[tuple[str, int, float, float, float]]:
        """(activation, rank, smallest non-zero and largest eigenvalue, learning time)."""
        rows = zip(
            self.activations, dataset["rank"].values, dataset["eigenvalues"].values, dataset["time"].values, strict=True
        )  # fmt: skip
        return [(name, int(r), float(v[int(r) - 1]), float(v[0]), float(t)) for name, r, v, t in rows]

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.rank.formulas import quadratic_count

        rank = {name.partition(":")[0]: row for name, *row in self.table(dataset)}
        expected = {
            "linear": self.d,
            "quadratic": quadratic_count(self.d, self.k),
            "erf": self.k * (self.d + 1),
        }
        found = {
            f"compare.{name}": Measured(int(count), rank[name][0] if name in rank else np.nan)
            for name, count in expected.items()
        }
        slower = [row[3] > rank["linear"][3] for name, row in rank.items() if name != "linear"]
        return found | {"compare.time": Measured(1.0, float(np.mean(slower)) if slower else np.nan)}
