"""Appendix A.3: eigenvectors of the linear network's Hessian in closed form."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class Eigenvectors(Study):
    """Closed eigenvectors against dense matrices at three shapes; Couto et al. 2025, appendix A.3."""

    sizes: tuple[tuple[int, int], ...] = ((6, 12), (12, 6), (8, 8))
    seed: int = 7

    name: ClassVar[str] = "appendix-a3"
    title: ClassVar[str] = "Eigenvectors of the linear network"
    place: ClassVar[str] = "[C25] appendix A.3, (8)-(10)"
    uses: ClassVar[tuple[str, ...]] = ("tutelage.spectra", "tutelage.population", "tutelage.operators")
    formulas: ClassVar[tuple[str, ...]] = (
        "W = Σ s<sub>i</sub> y<sub>i</sub> v<sub>i</sub>ᵀ:   eigenvector (a v<sub>i</sub>ᵀ, s<sub>i</sub> y<sub>i</sub>)"
        " / √(|a|² + s<sub>i</sub>²),   eigenvalue |a|² + s<sub>i</sub>²",
        "for q orthogonal to all rows of W:   (a qᵀ, 0)/|a|,   eigenvalue |a|²",
    )
    words: ClassVar[str] = (
        "For the linear network not only the curvatures but also the directions are known in closed form. Each curved "
        "direction changes the hidden weights along the read-out vector and, in the right proportion, the read-out "
        "itself. The figure shows one network's eigenvectors as columns, in order of their eigenvalues: the hidden part on "
        "the left side of the dashed line, the read-out part on the right; only the first d columns belong to curved "
        "directions and they alone are drawn."
    )
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "a3.residual",
            "The closed vectors are eigenvectors: largest |Hv − λv| over λ_max, with dense H.",
            "[C25] appendix A.3, (8)-(10)",
            "at most",
            1e-13,
            "round-off of P = 84 operations of 2e-16 each, and a factor of five",
        ),
        Statement(
            "a3.orthogonal",
            "They are orthonormal: largest entry of |VᵀV − I|.",
            "[C25] appendix A.3",
            "at most",
            1e-13,
            "round-off of P = 84 operations of 2e-16 each, and a factor of five",
        ),
        Statement(
            "a3.count",
            "There are d of them with non-zero eigenvalue at every shape: largest deviation from d.",
            "[C25] appendix A.3",
            "equal",
        ),
    )

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.network import sample_teacher
        from tutelage.population import hessian_at_optimum
        from tutelage.spectra import linear_eigensystem

        data: dict[str, tuple] = {}
        for i, (d, k) in enumerate(self.sizes):
            teacher = sample_teacher("linear", d=d, k=k, seed=self.seed)
            system = linear_eigensystem(teacher.W, teacher.a)
            vectors, values = system.vectors(), system.spectrum().eigenvalues
            data[f"hessian_{i}"] = ((f"p_{i}", f"q_{i}"), hessian_at_optimum(teacher).dense())
            data[f"vectors_{i}"] = ((f"p_{i}", f"rank_{i}"), vectors[:, ::-1])
            data[f"values_{i}"] = ((f"rank_{i}",), values[::-1])
        return xr.Dataset(data, attrs={"sizes": [list(size) for size in self.sizes]})

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        residual, orthogonal, count = [], [], []
        for i, (d, _) in enumerate(self.sizes):
            H, V, values = (dataset[f"{name}_{i}"].values for name in ("hessian", "vectors", "values"))
            residual.append(np.max(np.linalg.norm(H @ V - V * values, axis=0)) / values[0])
            orthogonal.append(np.max(np.abs(V.T @ V - np.eye(values.size))))
            count.append(abs(int((values > 1e-10 * values[0]).sum()) - d))
        return {
            "a3.residual": Measured(0.0, float(max(residual))),
            "a3.orthogonal": Measured(0.0, float(max(orthogonal))),
            "a3.count": Measured(0, max(count)),
        }
