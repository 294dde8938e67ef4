"""Fig. 7: the read-out block WWᵀ of the linear network's Hessian against Marchenko and Pastur's law."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study
from tutelage.studies.statistics import bootstrap, distance, mean_and_error
from tutelage.studies.teachers import teacher_weights

if TYPE_CHECKING:
    import xarray as xr

_PANELS = ("wide", "narrow")
_SHAPE = {"wide": "k > d", "narrow": "k < d"}


def _statements() -> tuple[Statement, ...]:
    result = []
    for panel in _PANELS:
        result += [
            Statement(
                f"fig7.zeros.{panel}",
                f"WWᵀ has max(k − d, 0) zero eigenvalues ({_SHAPE[panel]}).",
                "[C25] Fig. 7, appendix A",
                "equal",
                note="below 1e-10 of the largest, the same count for every teacher",
            ),
            Statement(
                f"fig7.mean.{panel}",
                f"The mean eigenvalue is 1 ({_SHAPE[panel]}).",
                "[C25] (15)",
                "within errors",
                4.0,
            ),
            Statement(
                f"fig7.second.{panel}",
                f"The mean squared eigenvalue is 1 + k/d + 1/d ({_SHAPE[panel]}).",
                "[C25] (15)",
                "within errors",
                4.0,
                note="the Marchenko-Pastur value 1 + k/d plus the exact finite-size term",
            ),
            Statement(
                f"fig7.limit.{panel}",
                f"Non-zero eigenvalues are near Marchenko-Pastur's law ({_SHAPE[panel]}): sup|F − F∞|.",
                "[C25] Fig. 7, (15)",
                "at most",
                0.05,
                "eigenvalues of one teacher hardly fluctuate, so that their mean law stays within half a step, "
                "1/(2 min(d, k)), of the limit",
            ),
        ]
    return (
        *result,
        Statement(
            "fig7.edges",
            "At forty times the size the extreme non-zero eigenvalues meet (1 ± √(k/d))²: largest deviation, in units "
            "of the scale of Tracy and Widom's law.",
            "[C25] (15)",
            "at most",
            6.3,
            "Tracy and Widom's law in its own scale has mean −1.2 and standard deviation 1.3: four of them below "
            "the mean",
        ),
    )


@dataclasses.dataclass(frozen=True)
class ReadoutBlock(Study):
    """Eigenvalues of H_aa for linear teachers; Couto et al. 2025, Fig. 7 and (15)."""

    sizes: tuple[tuple[int, int], tuple[int, int]] = ((10, 20), (30, 10))
    teachers: int = 3000
    large: int = 40
    seed: int = 2

    name: ClassVar[str] = "fig7"
    title: ClassVar[str] = "Read-out block: Marchenko and Pastur's law"
    place: ClassVar[str] = "[C25] Fig. 7, (10), (15)"
    uses: ClassVar[tuple[str, ...]] = ("tutelage.laws", "tutelage.studies.teachers")
    formulas: ClassVar[tuple[str, ...]] = (
        "H<sub>aa</sub> = W Wᵀ",
        "density of the non-zero part: √((x₊ − x)(x − x₋)) / (2π min(1, k/d) x),   x<sub>±</sub> = (1 ± √(k/d))²",
        "an atom of weight 1 − d/k at zero when k > d",
    )
    words: ClassVar[str] = (
        "The part of the Hessian that belongs to the read-out weights is the matrix of scalar products of the hidden "
        "neurons. For random neurons its eigenvalues follow a famous law of random matrices, Marchenko and Pastur's, "
        "shown in black over the measured bars.\n\n"
        "Left, more neurons than input dimensions: the neurons cannot be independent, so k − d eigenvalues are "
        "exactly zero (not drawn; the law has an atom there). Right, fewer neurons than dimensions: none is."
    )
    statements: ClassVar[tuple[Statement, ...]] = _statements()

    @classmethod
    def full(cls) -> ReadoutBlock:
        return cls(teachers=20000)

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.laws import MarchenkoPastur

        data: dict[str, tuple] = {}
        for part, (panel, (d, k)) in enumerate(zip(_PANELS, self.sizes, strict=True)):
            W, _ = teacher_weights(d, k, self.teachers, self.seed)
            values = np.linalg.eigvalsh(W @ W.transpose(0, 2, 1))
            big, _ = teacher_weights(self.large * d, self.large * k, 1, self.seed)
            x = np.linspace(1e-3, 1.05 * values.max(), 400)
            law = MarchenkoPastur(k / d, 1.0)
            data[f"eigenvalues_{panel}"] = (("teacher", f"index_{panel}"), values)
            data[f"large_{panel}"] = ((f"large_index_{panel}",), np.linalg.eigvalsh(big[0] @ big[0].T))
            data[f"grid_{panel}"] = ((f"x_{panel}",), x)
            data[f"law_pdf_{panel}"] = ((f"x_{panel}",), law.pdf(x))
            if progress is not None:
                progress((part + 1) / 2)
        return xr.Dataset(
            data, attrs={f"size_{p}": size for p, size in zip(_PANELS, self.sizes, strict=True)}
        )

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.laws import MarchenkoPastur

        found, deviations = {}, []
        for panel, (d, k) in zip(_PANELS, self.sizes, strict=True):
            values = dataset[f"eigenvalues_{panel}"].values
            zero = values < 1e-10 * values[:, -1:]
            counts = zero.sum(axis=1)
            n_zero = float(counts[0]) if np.all(counts == counts[0]) else np.nan
            nonzero = values[:, max(k - d, 0) :]
            # The atom of the law is left out on both sides: WᵀW carries the same non-zero eigenvalues without it.
            law = MarchenkoPastur(d / k, k / d) if k > d else MarchenkoPastur(k / d, 1.0)
            error = bootstrap(nonzero, lambda v, law=law: distance(v, law.cdf), 20)
            found[f"fig7.zeros.{panel}"] = Measured(max(k - d, 0), n_zero)
            found[f"fig7.mean.{panel}"] = Measured(1.0, *mean_and_error(values))
            found[f"fig7.second.{panel}"] = Measured(1 + (k + 1) / d, *mean_and_error(values**2))
            found[f"fig7.limit.{panel}"] = Measured(0.0, distance(nonzero, law.cdf), error)
            large = dataset[f"large_{panel}"].values
            low = large[max(large.size - self.large * d, 0)]
            for found_edge, sign in ((low, -1), (large[-1], 1)):
                edge, scale = _edge(self.large * d, self.large * k, sign)
                deviations.append(abs(found_edge - edge) / scale)
        found["fig7.edges"] = Measured(0.0, float(max(deviations)))
        return found


def _edge(d: int, k: int, sign: int) -> tuple[float, float]:
    r"""Edge of the spectrum of W Wᵀ and the size of its fluctuations (Johnstone 2001).

    :math:`(1 \pm \sqrt{k/d})^2` and :math:`|\sqrt k \pm \sqrt d|\,|1/\sqrt k \pm 1/\sqrt d|^{1/3}/d`: in that unit
    the distance of the extreme eigenvalue from the edge follows Tracy and Widom's law.
    """
    root_k, root_d = np.sqrt(k), np.sqrt(d)
    scale = abs(root_k + sign * root_d) * abs(1 / root_k + sign / root_d) ** (1 / 3) / d
    return float((1 + sign * root_k / root_d) ** 2), float(scale)
