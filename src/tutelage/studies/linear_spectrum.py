"""Fig. 2: the linear network's Hessian spectrum against its law, for k > d and for k < d."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study
from tutelage.studies.statistics import (
    KOLMOGOROV_1E3,
    bootstrap,
    distance,
    kolmogorov,
    mean_and_error,
    one_per_teacher,
)
from tutelage.studies.teachers import linear_eigenvalues, teacher_weights

if TYPE_CHECKING:
    import xarray as xr

_PANELS = ("wide", "narrow")
_FACTORS = (1, 2, 4, 8)
"""Multiples of the first size at which the two laws are compared: three doublings."""
_SHAPE = {"wide": "k > d", "narrow": "k < d"}


def _of_panel(panel: str) -> list[Statement]:
    shape = _SHAPE[panel]
    return [
        Statement(
            f"fig2.rank.{panel}",
            f"The linear Hessian has exactly d non-zero eigenvalues ({shape}).",
            "[C25] section 3.2",
            "equal",
            note="dense matrices of a few teachers, cut at 1e-10 of the largest eigenvalue",
        ),
        Statement(
            f"fig2.sum.{panel}",
            f"They are |a|² plus the eigenvalues of WᵀW ({shape}): largest relative deviation from dense matrices.",
            "[C25] section 3.1, appendix A",
            "at most",
            1e-12,
            "round-off of a dense eigenvalue routine: P · 2e-16 = 7e-14 at P = 310, and a factor of ten",
        ),
        Statement(
            f"fig2.mean.{panel}",
            f"Their mean over teachers is 1 + k/d ({shape}).",
            "[C25] Fig. 2",
            "within errors",
            4.0,
            note="exact at any size; standard error by teacher",
        ),
        Statement(
            f"fig2.variance.{panel}",
            f"Their variance is 2/k + (k/d)(1 + 1/d) ({shape}).",
            "[C25] Fig. 2, (15)",
            "within errors",
            4.0,
            note="exact at any size; bootstrap by teacher",
        ),
        Statement(
            f"fig2.finite.{panel}",
            f"One eigenvalue per teacher follows the exact finite-size law ({shape}): Kolmogorov's √n·sup|F − F₀|.",
            "[C25] Fig. 2",
            "at most",
            KOLMOGOROV_1E3,
            "the 0.1 % point of Kolmogorov's law",
            note="predicted is the median of Kolmogorov's law",
        ),
        Statement(
            f"fig2.limit.{panel}",
            f"Eigenvalues follow the limit law at the figure's size ({shape}): distance sup|F − F∞|.",
            "[C25] Fig. 2, (15)",
            "within errors",
            4.0,
            note="correction: the exact distance of the finite-size law; bootstrap by teacher",
        ),
    ]


def _statements() -> tuple[Statement, ...]:
    return (
        *(statement for panel in _PANELS for statement in _of_panel(panel)),
        Statement(
            "fig2.atom",
            "When k < d, d − k of the eigenvalues are exactly |a|².",
            "[C25] section 3.1",
            "equal",
            note="every teacher; equality to 1e-9",
        ),
        Statement(
            "fig2.convergence",
            "The limit law's error falls like 1/size: slope of log ∫|F − F∞| against log size.",
            "[C25] section 3.1",
            "within",
            0.1,
            "spectral laws have an expansion in 1/size, so that the term after the first moves the slope by the "
            "order of 1/d = 1/10 at the smallest size",
            note="the paper only says 'asymptotically'",
        ),
    )


@dataclasses.dataclass(frozen=True)
class LinearSpectrum(Study):
    """Eigenvalues of many linear teachers at two shapes; Couto et al. 2025, Fig. 2."""

    sizes: tuple[tuple[int, int], tuple[int, int]] = ((10, 20), (30, 10))
    teachers: int = 3000
    dense_teachers: int = 8
    seed: int = 0

    name: ClassVar[str] = "fig2"
    title: ClassVar[str] = "The linear network's spectrum and its law"
    place: ClassVar[str] = "[C25] Fig. 2, (8)-(10), (15)"
    uses: ClassVar[tuple[str, ...]] = ("tutelage.laws", "tutelage.studies.teachers", "tutelage.population")
    cost: ClassVar[float] = 4.0
    formulas: ClassVar[tuple[str, ...]] = (
        "non-zero eigenvalues: λ = |a|² + eig(WᵀW), d of them",
        "k ≥ d: λ ~ χ²<sub>k</sub>/k ⊕ MP(d/k, k/d)   (⊕: sum of independent draws)",
        "k &lt; d: λ ~ (k/d) [χ²<sub>k</sub>/k ⊕ MP(k/d, 1)] + (1 − k/d) χ²<sub>k</sub>/k",
        "mean 1 + k/d, variance 2/k + (k/d)(1 + 1/d)   (exact at every size)",
    )
    words: ClassVar[str] = (
        "A linear network has k(d+1) parameters but only d curved directions around its optimum; along all others "
        "the loss is flat. This figure shows how strongly the d directions are curved, over thousands of random teachers "
        "(bars), beside the paper's law for large networks (black) and the exact law at this very size (red, dashed).\n\n"
        "Left, hidden layer wider than the input (k > d): one broad hump. Right, narrower (k < d): d − k of "
        "the eigenvalues are exactly |a|², the others lie above it. The panels below show how "
        "far the measured distribution is from the limit law: the small deviation is the finite size, as "
        "the dashed exact law shows, and it shrinks as networks grow.\n\n"
        "Bottom: how fast. The area between the two laws is computed at four sizes (shaded); between neighbouring ones "
        "the slope of its logarithm comes to −1."
    )
    statements: ClassVar[tuple[Statement, ...]] = _statements()

    @classmethod
    def full(cls) -> LinearSpectrum:
        return cls(teachers=20000, dense_teachers=30)

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        data: dict[str, tuple] = {}
        for part, (panel, (d, k)) in enumerate(zip(_PANELS, self.sizes, strict=True)):
            W, a = teacher_weights(d, k, self.teachers, self.seed)
            values = linear_eigenvalues(W, a)
            data[f"eigenvalues_{panel}"] = (("teacher", f"index_{panel}"), values)
            data[f"readout_{panel}"] = (("teacher",), np.sum(a**2, axis=1))
            data[f"dense_{panel}"] = (
                ("dense_teacher", f"parameter_{panel}"),
                _dense(W[: self.dense_teachers], a[: self.dense_teachers]),
            )
            for name, curve in _curves(d, k, float(values.max())).items():
                data[f"{name}_{panel}"] = ((f"x_{panel}",), curve)
            if progress is not None:
                progress((part + 1) / 2)
        data["law_distance"] = (("factor",), _law_distances(*self.sizes[0]))
        return xr.Dataset(
            data,
            coords={"factor": list(_FACTORS)},
            attrs={f"size_{p}": size for p, size in zip(_PANELS, self.sizes, strict=True)},
        )

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.laws import FiniteLinearNetwork, LinearNetwork

        found = {}
        for panel, (d, k) in zip(_PANELS, self.sizes, strict=True):
            values = dataset[f"eigenvalues_{panel}"].values
            limit, finite = LinearNetwork(d, k), FiniteLinearNetwork(d, k)
            found |= _structure(panel, d, dataset)
            found[f"fig2.mean.{panel}"] = Measured(1 + k / d, *mean_and_error(values))
            found[f"fig2.variance.{panel}"] = Measured(
                2 / k + (k / d) * (1 + 1 / d), float(values.var()), bootstrap(values, np.var)
            )
            found[f"fig2.finite.{panel}"] = Measured(0.83, kolmogorov(one_per_teacher(values), finite.cdf))
            grid = np.linspace(values.min() * 0.8, values.max() * 1.1, 400)
            gap = float(np.max(np.abs(finite.cdf(grid) - limit.cdf(grid))))
            found[f"fig2.limit.{panel}"] = Measured(
                0.0,
                distance(values, limit.cdf),
                bootstrap(values, lambda v, law=limit: distance(v, law.cdf), 30),
                gap,
            )
        d, k = self.sizes[1]
        same = np.isclose(
            dataset["eigenvalues_narrow"].values, dataset["readout_narrow"].values[:, None], rtol=1e-9, atol=0
        ).sum(axis=1)
        found["fig2.atom"] = Measured(d - k, float(same.min() if same.min() == same.max() else np.nan))
        found["fig2.convergence"] = Measured(-1.0, _exponent(dataset["law_distance"].values))
        return found


def _structure(panel: str, d: int, dataset: xr.Dataset) -> dict[str, Measured]:
    """Rank and the sum rule, from dense Hessians."""
    dense = dataset[f"dense_{panel}"].values
    largest = dense[:, -1]
    counts = (dense > 1e-10 * largest[:, None]).sum(axis=1)
    rank = counts.min() if counts.min() == counts.max() else np.nan
    wanted = dataset[f"eigenvalues_{panel}"].values[: len(dense)]
    n = wanted.shape[1]
    deviation = np.max(np.abs(dense[:, -n:] - wanted) / largest[:, None])
    return {
        f"fig2.rank.{panel}": Measured(d, float(rank)),
        f"fig2.sum.{panel}": Measured(0.0, float(deviation)),
    }


def _dense(W: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Eigenvalues of the whole Hessian, without using any of its structure."""
    from tutelage.network import Network
    from tutelage.population import hessian_at_optimum

    return np.array(
        [
            np.linalg.eigvalsh(hessian_at_optimum(Network(w, b, "linear")).dense())
            for w, b in zip(W, a, strict=True)
        ]
    )


def _curves(d: int, k: int, top: float, points: int = 300) -> dict[str, np.ndarray]:
    """The two laws on a grid, for the figure."""
    from tutelage.laws import FiniteLinearNetwork, LinearNetwork

    x = np.linspace(1e-3, 1.05 * top, points)
    limit, finite = LinearNetwork(d, k), FiniteLinearNetwork(d, k)
    return {
        "grid": x,
        "limit_pdf": limit.pdf(x),
        "limit_cdf": limit.cdf(x),
        "finite_pdf": finite.pdf(x),
        "finite_cdf": finite.cdf(x),
    }


def _law_distances(d: int, k: int) -> list[float]:
    """∫|F − F∞| between the exact and the limit law at growing multiples of a size."""
    from tutelage.laws import FiniteLinearNetwork, LinearNetwork

    areas = []
    for factor in _FACTORS:
        limit, finite = LinearNetwork(factor * d, factor * k), FiniteLinearNetwork(factor * d, factor * k)
        grid = np.linspace(0.0, float(limit.ppf(1 - 1e-7)), 1500)
        areas.append(float(np.trapezoid(np.abs(finite.cdf(grid) - limit.cdf(grid)), grid)))
    return areas


def _exponent(areas: np.ndarray) -> float:
    """Slope of log area against log size."""
    return float(np.polyfit(np.log(_FACTORS), np.log(areas), 1)[0])
