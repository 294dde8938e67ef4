"""Fig. 6: the hidden-layer block of the linear network's Hessian, one eigenvalue |a|² many times over."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study
from tutelage.studies.statistics import KOLMOGOROV_1E3, bootstrap, kolmogorov, mean_and_error
from tutelage.studies.teachers import teacher_weights

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class HiddenBlock(Study):
    """Eigenvalues of H_ww for linear teachers; Couto et al. 2025, Fig. 6 and appendix A."""

    d: int = 10
    k: int = 20
    teachers: int = 5000
    dense_teachers: int = 10
    seed: int = 1

    name: ClassVar[str] = "fig6"
    title: ClassVar[str] = "Hidden-layer block: one eigenvalue, d times"
    place: ClassVar[str] = "[C25] Fig. 6, (9), appendix A"
    uses: ClassVar[tuple[str, ...]] = ("tutelage.laws", "tutelage.studies.teachers", "tutelage.population")
    formulas: ClassVar[tuple[str, ...]] = (
        "H<sub>ww</sub> = a aᵀ ⊗ I<sub>d</sub>: eigenvalue |a|² with multiplicity d, zero with multiplicity d(k − 1)",
        "|a|² ~ χ²<sub>k</sub>/k: mean 1, variance 2/k",
    )
    words: ClassVar[str] = (
        "The part of the Hessian that belongs to the hidden layer alone is as degenerate as a matrix can be: one "
        "number, the squared length of the read-out vector |a|², repeated once per input dimension, and zeros. "
        "Over random teachers that number follows a chi-square law (black line over the measured bars).\n\n"
        "It tells how the read-out sets the curvature of the whole hidden layer: teachers with a longer read-out are "
        "learned faster in every input direction at once."
    )
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "fig6.multiplicity",
            "The non-zero eigenvalue of H_ww is |a|², with multiplicity d.",
            "[C25] Fig. 6, (9)",
            "equal",
            note="dense blocks; equality to 1e-10 relative, the same count for every teacher",
        ),
        Statement(
            "fig6.zeros",
            "The other d(k − 1) eigenvalues of H_ww are zero.",
            "[C25] Fig. 6, (9)",
            "equal",
            note="below 1e-10 of |a|²",
        ),
        Statement(
            "fig6.law",
            "|a|² follows χ²_k/k: Kolmogorov's √n·sup|F − F₀|.",
            "[C25] section 3.1, Fig. 6",
            "at most",
            KOLMOGOROV_1E3,
            "the 0.1 % point of Kolmogorov's law",
            note="predicted is the median of Kolmogorov's law",
        ),
        Statement("fig6.mean", "The mean of |a|² is 1.", "[C25] Fig. 6", "within errors", 4.0),
        Statement("fig6.variance", "The variance of |a|² is 2/k.", "[C25] Fig. 6", "within errors", 4.0),
    )

    @classmethod
    def full(cls) -> HiddenBlock:
        return cls(teachers=40000, dense_teachers=40)

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.laws import ChiSquare
        from tutelage.network import Network
        from tutelage.population import hessian_at_optimum

        W, a = teacher_weights(self.d, self.k, self.teachers, self.seed, progress=progress)
        blocks = np.array(
            [
                np.linalg.eigvalsh(hessian_at_optimum(Network(W[i], a[i], "linear")).blocks()["W", "W"])
                for i in range(self.dense_teachers)
            ]
        )
        readout = np.sum(a**2, axis=1)
        x = np.linspace(1e-3, readout.max() * 1.05, 300)
        return xr.Dataset(
            {
                "readout": (("teacher",), readout),
                "dense": (("dense_teacher", "parameter"), blocks),
                "grid": (("x",), x),
                "law_pdf": (("x",), ChiSquare(self.k, 1 / self.k).pdf(x)),
            },
            attrs={"d": self.d, "k": self.k},
        )

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.laws import ChiSquare

        readout, dense = dataset["readout"].values, dataset["dense"].values
        wanted = readout[: len(dense), None]
        counts = np.isclose(dense, wanted, rtol=1e-10, atol=0).sum(axis=1)
        zeros = (np.abs(dense) < 1e-10 * wanted).sum(axis=1)
        law = ChiSquare(self.k, 1 / self.k)
        return {
            "fig6.multiplicity": Measured(self.d, _common(counts)),
            "fig6.zeros": Measured(self.d * (self.k - 1), _common(zeros)),
            "fig6.law": Measured(0.83, kolmogorov(readout, law.cdf)),
            "fig6.mean": Measured(1.0, *mean_and_error(readout)),
            "fig6.variance": Measured(2 / self.k, float(readout.var()), bootstrap(readout, np.var)),
        }


def _common(counts: np.ndarray) -> float:
    """The count all teachers share; NaN (which fails every test) when they differ."""
    return float(counts[0]) if np.all(counts == counts[0]) else float("nan")
