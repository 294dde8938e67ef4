"""How many samples a student of which width needs: 50 % points, and the error that nobody can be better than."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, portion, tracked
from tutelage.laws.distance import mean_and_error
from tutelage.quadratic import (
    bayes_optimal_error,
    critical_samples,
    recovery_threshold,
    shrinkage_mmse,
    statistical_dimension,
    width_thresholds,
)
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.student_width import StudentWidth

_ALLOWED = 0.05
"""Relative distance of a 50 % point from the statistical dimension that its next order explains; chance adds to it."""


def compute(study: StudentWidth, progress: Progress | None = None) -> xr.Dataset:
    """50 % points for every size and width, the errors of oracle shrinkage, and Bayes-optimal curves."""
    cases = list(enumerate(zip(study.sizes, study.widths, strict=True)))
    found = []
    for i, ((d, m), widths) in tracked(cases, portion(progress, 0.0, 0.9)):
        part = width_thresholds(d, m, widths, study.instances, study.seed)
        # Numbered points: sizes have different numbers of them.
        number = np.arange(part.sizes["point"])
        found.append(part.assign(case=("student_width", [i] * len(widths))).assign_coords(point=number))
    points = xr.concat(
        found, dim="student_width", join="outer", fill_value=-1, combine_attrs="drop_conflicts"
    )
    asked = [*study.pairs, (study.pairs[1][0], study.small)]
    oracle = [
        [_shrinkage_error(study, kappa, t, i, draw) for draw in range(study.draws)]
        for i, (kappa, t) in tracked(list(enumerate(asked)), portion(progress, 0.9, 1.0))
    ]
    kappa = study.pairs[1][0]
    alphas = np.linspace(0.0, 0.98 * recovery_threshold(kappa), 25)
    return points.assign(
        oracle=(("pair", "draw"), oracle),
        bayes=("alpha", [bayes_optimal_error(kappa, alpha).relative for alpha in alphas]),
    ).assign_coords(alpha=alphas, kappa=("pair", [p[0] for p in asked]), t=("pair", [p[1] for p in asked])).assign_attrs(
        sizes=[value for size in study.sizes for value in size], instances=study.instances
    )  # fmt: skip


def _shrinkage_error(study: StudentWidth, kappa: float, t: float, *place: int) -> float:
    """Squared error, over d, of the best eigenvalues on the eigenvectors of S + √t GOE: the oracle knows S."""
    d = study.dimension
    rng = np.random.default_rng(np.random.SeedSequence(entropy=study.seed, spawn_key=place))
    W, G = rng.standard_normal((round(kappa * d), d)), rng.standard_normal((d, d))
    S = W.T @ W / len(W)
    vectors = np.linalg.eigh(S + np.sqrt(t) * (G + G.T) / np.sqrt(2 * d))[1]
    best = np.sum(vectors * (S @ vectors), axis=0)
    return float((np.sum(S**2) - best @ best) / d)


def measure(study: StudentWidth, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """50 % points against δ(d, m_*, w) and n_c, and simulated errors against the Bayes-optimal ones."""
    cases = [_Case(study, dataset, i) for i in range(len(study.sizes))]
    growth = [case.growth for case in cases]
    least = min(growth, key=lambda pair: pair[0] / pair[1])
    below = min((case.below_n_c for case in cases), key=lambda pair: pair[0])
    oracle = dataset["oracle"].values
    relative = [
        mean_and_error(errors / shrinkage_mmse(kappa, t).value)
        for errors, (kappa, t) in zip(oracle, study.pairs, strict=False)
    ]
    worst = max(relative, key=lambda pair: abs(pair[0] - 1))
    limit = mean_and_error(oracle[-1] / (2 * study.small))
    return {
        "student-width.delta": Measured(0.0, max(case.worst for case in cases)),
        "student-width.growth": Measured(4.0, least[0] / least[1]),
        "student-width.narrow": Measured(0.0, *below),
        "student-width.bayes": Measured(1.0, *worst),
        "student-width.threshold": Measured(recovery_threshold(study.pairs[1][0]), *limit),
    }


class _Case:
    """The 50 % points of one size, narrowest student first, beside what its parameters predict."""

    def __init__(self, study: StudentWidth, dataset: xr.Dataset, case: int) -> None:
        self.d, self.m = study.sizes[case]
        part = dataset.isel(student_width=dataset["case"].values == case)
        self.half = part["half_point"].values
        # The profile interval of 95 % is four standard errors wide.
        self.error = (part["half_high"].values - part["half_low"].values) / 4
        self.delta = [
            statistical_dimension(self.d, self.m, student_width=w).value for w in study.widths[case]
        ]

    @property
    def worst(self) -> float:
        """Largest distance from δ, in units of what its next order and three standard errors explain together."""
        allowed = _ALLOWED * np.array(self.delta) + 3 * self.error
        return float(np.max(np.abs(self.half - self.delta) / allowed))

    @property
    def growth(self) -> tuple[float, float]:
        """What the widest student needs more than the narrowest, and its standard error."""
        return float(self.half[-1] - self.half[0]), float(np.hypot(self.error[-1], self.error[0]))

    @property
    def below_n_c(self) -> tuple[float, float]:
        """How far the 50 % point of the narrowest student lies below n_c, over n_c."""
        n_c = critical_samples(self.d, self.m)
        return float(1 - self.half[0] / n_c), float(self.error[0] / n_c)
