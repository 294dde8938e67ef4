"""Fig. 7: the read-out block WWᵀ of the linear network's Hessian against Marchenko and Pastur's law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.laws import MarchenkoPastur
from tutelage.laws.distance import distance_and_error, mean_and_error
from tutelage.studies.claim import Measured
from tutelage.studies.shared.teachers import common, teacher_weights

if TYPE_CHECKING:
    from tutelage.studies.readout_block import ReadoutBlock

_PANELS = ("wide", "narrow")


def compute(study: ReadoutBlock, progress: Progress | None = None) -> xr.Dataset:
    """Eigenvalues of W Wᵀ at both shapes, and of one large matrix of each."""
    data: dict[str, tuple] = {}
    for panel, (d, k) in tracked(list(zip(_PANELS, study.sizes, strict=True)), progress):
        W, _ = teacher_weights(d, k, study.teachers, study.seed)
        values = np.linalg.eigvalsh(W @ W.transpose(0, 2, 1))
        big, _ = teacher_weights(study.large * d, study.large * k, 1, study.seed)
        x = np.linspace(1e-3, 1.05 * values.max(), 400)
        law = MarchenkoPastur(k / d, 1.0)
        data[f"eigenvalues_{panel}"] = (("teacher", f"index_{panel}"), values)
        data[f"large_{panel}"] = ((f"large_index_{panel}",), np.linalg.eigvalsh(big[0] @ big[0].T))
        data[f"grid_{panel}"] = ((f"x_{panel}",), x)
        data[f"law_pdf_{panel}"] = ((f"x_{panel}",), law.pdf(x))
    return xr.Dataset(data, attrs={f"size_{p}": size for p, size in zip(_PANELS, study.sizes, strict=True)})


def measure(study: ReadoutBlock, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Zeros, moments, law and edges of W Wᵀ."""
    found, deviations = {}, []
    for panel, (d, k) in zip(_PANELS, study.sizes, strict=True):
        values = dataset[f"eigenvalues_{panel}"].values
        zero = values < 1e-10 * values[:, -1:]
        nonzero = values[:, max(k - d, 0) :]
        # The atom of the law is left out on both sides: WᵀW carries the same non-zero eigenvalues without it.
        law = MarchenkoPastur(d / k, k / d) if k > d else MarchenkoPastur(k / d, 1.0)
        found[f"fig7.zeros.{panel}"] = Measured(max(k - d, 0), common(zero.sum(axis=1)))
        found[f"fig7.mean.{panel}"] = Measured(1.0, *mean_and_error(values))
        found[f"fig7.second.{panel}"] = Measured(1 + (k + 1) / d, *mean_and_error(values**2))
        found[f"fig7.limit.{panel}"] = Measured(0.0, *distance_and_error(nonzero, law.cdf, 20))
        large = dataset[f"large_{panel}"].values
        low = large[max(large.size - study.large * d, 0)]
        for found_edge, sign in ((low, -1), (large[-1], 1)):
            edge, scale = _edge(study.large * d, study.large * k, sign)
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
