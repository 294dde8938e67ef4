"""Convergence of the population flow: 1/t² with its constant, exponential with its rate, and runs on finite data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class RecoveryRates(Study):
    """Algebraic and exponential cases (d, m_*, m), a large-n run and one below threshold."""

    algebraic: tuple[tuple[int, int, int], ...] = ((4, 1, 8), (6, 3, 12), (8, 2, 5))
    exponential: tuple[tuple[int, int], ...] = ((3, 3), (4, 6), (5, 12))
    last_time: float = 2e5
    d: int = 6
    width: int = 2
    large_n: int = 100_000
    seed: int = 1

    name: ClassVar[str] = "recovery-rates"
    title: ClassVar[str] = "How fast does the quadratic student learn?"
    place: ClassVar[str] = "[S20] abstract: time-convergence rate for many samples"
    cost: ClassVar[float] = 4.0
    words: ClassVar[str] = (
        "With many samples the loss follows the population flow. A teacher with fewer neurons than inputs is approached like "
        "1/t², with a constant that depends on the sizes alone: flat directions of the Hessian are not tangent to the "
        "minimum. A teacher of full rank is approached exponentially, at the rate of the flow linearised at it.\n\n"
        "The second row shows the local exponent and the local rate of the curves above it; the claims read them off the last "
        "step recorded (shaded). Bottom: below the threshold the run fits its data as well, and does not generalise."
    )
    formulas: ClassVar[tuple[str, ...]] = (
        "E(t) → (D − m_*)(m_*+2) / (32 (D+2) t²), D = min(d, m)",
        "E(t) ~ exp(−4λt), λ the smallest eigenvalue of Δ ↦ A_*G(Δ) + G(Δ)A_*",
    )
    uses: ClassVar[tuple[str, ...]] = ("tutelage.quadratic", "tutelage.network", "tutelage.weights")
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "recovery-rates.constant",
            "For m_* < d the constant of 1/t² is met within 1 % in every case (largest relative deviation)",
            "ours",
            "at most",
            0.01,
            "the next order of the expansion is of relative size 1/(λt), below 1e-3 at the last time; the "
            "integrator's tolerance is 1e-8",
        ),
        Statement(
            "recovery-rates.exponent",
            "For m_* < d the loss falls like t⁻² (exponent farthest from 2 at the last time)",
            "[S20] abstract, rate",
            "within",
            0.02,
            "the next order of the expansion is of relative size 1/(λt): twice what the constant is allowed",
        ),
        Statement(
            "recovery-rates.narrow",
            "A student narrower than d (m_* < m < d) has the constant of D = m, not of d",
            "ours",
            "within relative",
            0.01,
            "as for the constant above",
        ),
        Statement(
            "recovery-rates.exponential",
            "For m_* >= d the loss falls exponentially at the rate 4λ within 1 % (largest relative deviation)",
            "ours",
            "at most",
            0.01,
            "over 300 time constants of the loss a direction only 3 % faster has fallen behind by e⁻⁹",
        ),
        Statement(
            "recovery-rates.samples",
            "Gradient descent on many samples follows the population flow: mean distance of log E below 5 % up to t = 10",
            "[S20] abstract, large number of samples",
            "at most",
            0.05,
            "n = 10⁵ determines the 21 entries of A to √(21/n) = 1.4 %; log E is quadratic in them: 3 %, and its "
            "growth over the run",
        ),
        Statement(
            "recovery-rates.fit",
            "Below threshold (n = N_eff) the run fits its data: relative training loss below 1e-4",
            "[S20] abstract",
            "at most",
            1e-4,
            "fitting means a training loss that vanishes; 1e-4 of that of a student that answers zero is four "
            "decades down",
        ),
        Statement(
            "recovery-rates.generalise",
            "The same run does not generalise: relative generalisation error above 0.1 %",
            "[S20] abstract",
            "at least",
            1e-3,
            "ten times the training loss allowed above",
        ),
    )

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.quadratic import (
            exponential_rate,
            matrix_flow,
            matrix_of,
            sample_quadratic_teacher,
            sample_start,
        )
        from tutelage.quadratic.rates import late_time_constant

        report = progress or (lambda _: None)
        steps = len(self.algebraic) + len(self.exponential) + 2
        times = np.concatenate([[0.0], np.geomspace(0.1, self.last_time, 60)])
        power = []
        for i, (d, m_star, m) in enumerate(self.algebraic):
            teacher = sample_quadratic_teacher(d, m_star, self.seed)
            power.append(
                matrix_flow(teacher, matrix_of(sample_start(m, d, self.seed)), times, rtol=1e-8).loss
            )
            report((i + 1) / steps)
        scaled = np.linspace(0.0, 300.0, 121)
        decay = []
        for i, (d, m_star) in enumerate(self.exponential):
            teacher = sample_quadratic_teacher(d, m_star, self.seed)
            start = matrix_of(sample_start(d + 2, d, self.seed))
            run = matrix_flow(teacher, start, scaled / exponential_rate(teacher), rtol=1e-8, atol=1e-150)
            decay.append(run.loss)
            report((len(self.algebraic) + i + 1) / steps)
        finite = self._finite_data()
        report(1.0)
        return xr.Dataset(
            {
                "algebraic": (("case", "time"), np.array(power)),
                "level": ("case", [late_time_constant(*case) for case in self.algebraic]),
                "exponential": (("full_case", "scaled_time"), np.array(decay)),
            },
            coords={
                "time": times,
                "scaled_time": scaled,
                "case": [f"d={d}, m*={r}, m={m}" for d, r, m in self.algebraic],
                "full_case": [f"d={d}, m*={r}" for d, r in self.exponential],
            },
        ).merge(finite)

    def _finite_data(self) -> xr.Dataset:
        """Descent on many samples beside the population flow, and the flow on N_eff samples."""
        import xarray as xr

        from tutelage.inputs import GaussianInputs
        from tutelage.quadratic import (
            matrix_descent,
            matrix_flow,
            matrix_of,
            sample_inputs,
            sample_quadratic_teacher,
            sample_start,
        )
        from tutelage.quadratic.losses import empirical_energy, population_energy
        from tutelage.quadratic.thresholds import effective_parameters_frozen

        teacher = sample_quadratic_teacher(self.d, self.width, self.seed)
        start = matrix_of(sample_start(2 * self.d, self.d, self.seed))
        many = GaussianInputs().sample(self.large_n, self.d, self.seed)
        sampled = matrix_descent(teacher, start, np.arange(0.0, 10.5, 0.5), 0.05, many)
        flow = matrix_flow(teacher, start, sampled.times)
        X = sample_inputs(effective_parameters_frozen(self.d, self.width), self.d, self.seed)
        late = np.concatenate([[0.0], np.geomspace(0.1, 1000.0, 40)])
        few = matrix_flow(teacher, start, late, X, rtol=1e-8)
        return xr.Dataset(
            {
                "sampled": ("mark", sampled.population),
                "flow": ("mark", flow.population),
                "few_loss": ("late", few.loss / empirical_energy(teacher.matrix, X)),
                "few_error": ("late", few.population / population_energy(teacher.matrix)),
            },
            coords={"mark": sampled.times, "late": late},
        )

    @classmethod
    def full(cls) -> Self:
        return cls(
            algebraic=((4, 1, 8), (6, 3, 12), (8, 2, 16), (10, 4, 20), (8, 2, 5)),
            exponential=((3, 3), (4, 6), (5, 12), (6, 6)),
        )

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.quadratic.rates import late_decay, late_time_constant

        late = [late_decay(dataset.time.values, loss) for loss in dataset.algebraic.values]
        constants = [late_time_constant(d, r, m) for d, r, m in self.algebraic]
        deviations = [abs(found.constant / c - 1) for found, c in zip(late, constants, strict=True)]
        exponent = max((found.exponent for found in late), key=lambda e: abs(e - 2))
        narrow = next(i for i, (d, _, m) in enumerate(self.algebraic) if m < d)
        # In units of the predicted rate, time is `scaled_time`: the rate read off must be 1.
        rates = [late_decay(dataset.scaled_time.values, loss).rate for loss in dataset.exponential.values]
        apart = np.mean(np.abs(np.log(dataset.sampled.values / dataset.flow.values)))
        return {
            "recovery-rates.constant": Measured(0.0, max(deviations)),
            "recovery-rates.exponent": Measured(2.0, exponent),
            "recovery-rates.narrow": Measured(constants[narrow], late[narrow].constant),
            "recovery-rates.exponential": Measured(0.0, max(abs(rate - 1) for rate in rates)),
            "recovery-rates.samples": Measured(0.0, float(apart)),
            "recovery-rates.fit": Measured(0.0, float(dataset.few_loss[-1])),
            "recovery-rates.generalise": Measured(1e-3, float(dataset.few_error[-1])),
        }
