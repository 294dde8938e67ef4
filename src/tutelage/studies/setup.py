"""Fig. 1: the setup, drawn, with what makes it work: copied weights are an exact optimum."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class Setup(Study):
    """A student before its teacher: at the teacher's weights, at shuffled neurons, away; Couto et al. 2025, Fig. 1."""

    d: int = 5
    k: int = 4
    activations: tuple[str, ...] = ("erf",)
    seed: int = 10

    name: ClassVar[str] = "fig1"
    title: ClassVar[str] = "The setup: a student before its teacher"
    place: ClassVar[str] = "[C25] Fig. 1, (1)-(2)"
    cost: ClassVar[float] = 10.0
    uses: ClassVar[tuple[str, ...]] = ("tutelage.population", "tutelage.operators", "tutelage.moments")
    formulas: ClassVar[tuple[str, ...]] = (
        "f(x) = Σ<sub>i</sub> a<sub>i</sub> σ(w<sub>i</sub>·x),   ε = ½ E (f<sub>student</sub> − f<sub>teacher</sub>)²",
        "P = k(d + 1) parameters",
    )
    words: ClassVar[str] = (
        "Two networks of the same shape see the same random inputs. The teacher's weights are drawn once and fixed; the "
        "student is trained to give the same outputs. Because the shapes agree, one perfect solution is known in advance: "
        "a copy of the teacher's weights. (Swapping hidden neurons gives others.) Everything in this report is about "
        "what happens near such a solution, where the loss is a bowl whose shape is the Hessian."
    )
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "fig1.optimum",
            "At the teacher's weights the loss and its gradient vanish: largest entry.",
            "[C25] section 1.1, (1)-(2)",
            "at most",
            1e-14,
            "round-off: two dozen operations of 2e-16 each on numbers of order one",
        ),
        Statement(
            "fig1.permutation",
            "Swapping hidden neurons leaves the loss at zero: largest value.",
            "[C25] section 1.1",
            "at most",
            1e-14,
            "round-off: two dozen operations of 2e-16 each on numbers of order one",
        ),
        Statement(
            "fig1.curvature",
            "Near it the loss is ½ δᵀHδ: ratio at a displacement of 1e-4.",
            "[C25] section 2.1",
            "within",
            1e-2,
            "the next order is of relative size 1e-4; a hundred of it is allowed, a fiftieth of what a wrong ½ "
            "would do",
        ),
        Statement(
            "fig1.parameters",
            "The student has k(d + 1) parameters: size of its Hessian.",
            "[C25] section 1.1",
            "equal",
        ),
    )

    @classmethod
    def full(cls) -> Setup:
        return cls(activations=("linear", "quadratic:alpha=1.0", "erf"))

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.network import Network, sample_teacher
        from tutelage.population import Problem

        rows = []
        for i, activation in enumerate(self.activations):
            teacher = sample_teacher(activation, d=self.d, k=self.k, seed=self.seed)
            problem, order = Problem(teacher), np.roll(np.arange(self.k), 1)
            delta = 1e-4 * np.random.default_rng(self.seed).standard_normal(teacher.n_params)
            hessian = problem.hessian(teacher)
            rows.append(
                (
                    problem.loss(teacher),
                    float(np.max(np.abs(problem.gradient(teacher)))),
                    problem.loss(Network(teacher.W[order], teacher.a[order], activation)),
                    problem.loss(teacher.with_theta(teacher.theta + delta)),
                    float(delta @ hessian.matvec(delta) / 2),
                    hessian.n_params,
                )
            )
            if progress is not None:
                progress((i + 1) / len(self.activations))
        names = ("loss", "gradient", "permuted", "near", "quadratic_form", "n_params")
        data = {
            name: (("activation",), list(column))
            for name, column in zip(names, zip(*rows, strict=True), strict=True)
        }
        return xr.Dataset(
            data, coords={"activation": list(self.activations)}, attrs={"d": self.d, "k": self.k}
        )

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        ratio = dataset["near"].values / dataset["quadratic_form"].values
        return {
            "fig1.optimum": Measured(0.0, float(max(dataset["loss"].max(), dataset["gradient"].max()))),
            "fig1.permutation": Measured(0.0, float(dataset["permuted"].max())),
            "fig1.curvature": Measured(1.0, float(ratio[np.argmax(np.abs(ratio - 1))])),
            "fig1.parameters": Measured(self.k * (self.d + 1), int(dataset["n_params"].max())),
        }
