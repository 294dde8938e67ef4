"""The Hessian of a finite sample against the population's: rank, edges, and the 1/√n between them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study
from tutelage.studies.statistics import mean_and_error

if TYPE_CHECKING:
    import xarray as xr

SLOPE_FROM = 120
"""The error's slope is fitted over n from here on."""


@dataclasses.dataclass(frozen=True)
class SampledHessian(Study):
    """Sampled Hessians of a quadratic teacher for growing samples; Couto et al. 2025, section 2, (3)-(5)."""

    alpha: float = 1.0
    d: int = 8
    k: int = 5
    samples: tuple[int, ...] = (8, 16, 24, 32, 35, 40, 60, 120, 500, 2000, 8000, 32000)
    repeats: int = 8
    seed: int = 9

    name: ClassVar[str] = "sampled"
    title: ClassVar[str] = "A finite sample's Hessian against the exact one"
    place: ClassVar[str] = "[C25] section 2, (3)-(5)"
    cost: ClassVar[float] = 3.5
    uses: ClassVar[tuple[str, ...]] = (
        "tutelage.population",
        "tutelage.operators",
        "tutelage.empirical",
        "tutelage.rank",
    )
    formulas: ClassVar[tuple[str, ...]] = (
        "H<sub>n</sub> = (1/n) Σ<sub>ν</sub> ∇f(x<sub>ν</sub>) ∇f(x<sub>ν</sub>)ᵀ",
        "rank H<sub>n</sub> = min(n, N<sub>eff</sub>)",
        "‖H<sub>n</sub> − H‖ ∝ 1/√n",
    )
    words: ClassVar[str] = (
        "In practice the Hessian is measured on a data set. Each new example adds one curved direction until their number "
        "reaches the effective number of parameters N_eff; after that, more data add no direction and only sharpen the "
        "numbers (upper left). The error of the whole matrix falls like one over the square root of the number of "
        "examples (lower left), while the smallest non-zero eigenvalue, which decides how long learning takes, "
        "starts out much too small and approaches the exact one from below (upper right). Lower right: the error's slope "
        "between neighbouring n, and shaded the window over which it is judged."
    )
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "sampled.rank",
            "The sampled Hessian has rank min(n, N_eff): share of samples where it has.",
            "[C25] section 2, (3)-(5)",
            "equal",
            note="singular values of the Jacobian, which are the roots of the eigenvalues and far above round-off where those "
            "are not; N_eff of equation (14)",
        ),
        Statement(
            "sampled.slope",
            "Its error falls like 1/√n: slope of log relative Frobenius error against log n.",
            "[C25] section 2",
            "within",
            0.1,
            "eight repeats know the error at one n to less than 10 %, and five n over a factor of 270 the slope to "
            "0.02: five of these",
            note="n from 120 on, mean over repeats",
        ),
        Statement(
            "sampled.largest",
            "At the largest n the largest eigenvalue is the exact one.",
            "[C25] section 2",
            "within relative",
            0.06,
            "√(1/n) = 0.006 at the largest n, times about ten for the heavy tails of squared Gaussians, is 0.06 for one sample "
            "and 0.02 for the mean of eight: three of these",
        ),
        Statement(
            "sampled.smallest",
            "At the largest n the smallest non-zero eigenvalue is the exact one.",
            "[C25] section 2",
            "within relative",
            0.06,
            "√(1/n) = 0.006 at the largest n, times about ten for the heavy tails of squared Gaussians, is 0.06 for one sample "
            "and 0.02 for the mean of eight: three of these",
        ),
        Statement(
            "sampled.below",
            "With n = N_eff examples it is smaller than the exact one: ratio.",
            "ours",
            "at most",
            0.5,
            "the smallest eigenvalue of a square random matrix is smaller by the order of its size, 35; one half "
            "is far above that",
        ),
    )

    @classmethod
    def full(cls) -> SampledHessian:
        return cls(repeats=20)

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.empirical import Problem
        from tutelage.inputs import GaussianInputs
        from tutelage.network import sample_teacher
        from tutelage.population import hessian_at_optimum

        teacher = sample_teacher(f"quadratic:alpha={self.alpha!r}", d=self.d, k=self.k, seed=self.seed)
        exact = hessian_at_optimum(teacher).dense()
        values = np.empty((len(self.samples), self.repeats, teacher.n_params))
        errors, ranks = np.empty(values.shape[:2]), np.empty(values.shape[:2], dtype=int)
        for i, n in enumerate(self.samples):
            for r in range(self.repeats):
                X = GaussianInputs().sample(n, self.d, [self.seed, n, r])
                hessian = Problem.from_teacher(teacher, X).hessian(teacher)
                sampled, ranks[i, r] = hessian.dense(), np.linalg.matrix_rank(hessian.factor_rows())
                values[i, r] = np.linalg.eigvalsh(sampled)[::-1]
                errors[i, r] = np.linalg.norm(sampled - exact) / np.linalg.norm(exact)
            if progress is not None:
                progress((i + 1) / len(self.samples))
        return xr.Dataset(
            {
                "eigenvalues": (("n", "repeat", "index"), values),
                "error": (("n", "repeat"), errors),
                "rank": (("n", "repeat"), ranks),
                "exact": (("index",), np.linalg.eigvalsh(exact)[::-1]),
            },
            coords={"n": list(self.samples)},
            attrs={"n_eff": self.n_eff},
        )

    @property
    def n_eff(self) -> int:
        """Equation (14) for this shape."""
        from tutelage.rank.formulas import quadratic_count

        return int(quadratic_count(self.d, self.k))

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        values, exact = dataset["eigenvalues"].values, dataset["exact"].values
        n, n_eff = np.array(self.samples), self.n_eff
        late = n >= SLOPE_FROM
        slope = np.polyfit(np.log(n[late]), np.log(dataset["error"].values.mean(axis=1)[late]), 1)[0]
        smallest = values[:, :, n_eff - 1]
        critical = smallest[np.argmin(np.abs(n - n_eff))]
        return {
            "sampled.rank": Measured(
                1.0, float(np.mean(dataset["rank"].values == np.minimum(n, n_eff)[:, None]))
            ),
            "sampled.slope": Measured(-0.5, float(slope)),
            "sampled.largest": Measured(float(exact[0]), *mean_and_error(values[-1, :, 0])),
            "sampled.smallest": Measured(1.0, *mean_and_error(smallest[-1] / exact[n_eff - 1])),
            "sampled.below": Measured(0.0, *mean_and_error(critical / exact[n_eff - 1])),
        }
