"""Quadratic network at d = 50, k = 100 (P = 5100): function space against the dense matrix.

Claim: at least 25 times faster. Peer: the same Hessian assembled and given to ``scipy.linalg.eigvalsh``; our own dense
path (two-stage where it exists) is timed beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from tutelage import hessian_at_optimum, sample_teacher, spectrum
from tutelage.store import provenance


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Wall time and result of one call."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def main(d: int = 50, k: int = 100) -> None:
    print({key: provenance()[key] for key in ("cpu", "threads")})
    teacher = sample_teacher("quadratic:alpha=0.7", d=d, k=k, seed=0)
    spectrum(teacher)  # compiles the moment tables
    ours, found = min((timed(lambda: spectrum(teacher)) for _ in range(5)), key=lambda pair: pair[0])
    dense, values = min(
        (timed(lambda: scipy.linalg.eigvalsh(hessian_at_optimum(teacher).dense())) for _ in range(3)),
        key=lambda pair: pair[0],
    )
    staged, _ = timed(lambda: spectrum(teacher, "dense"))
    worst = np.abs(found.eigenvalues - values).max() / values[-1]
    print(f"{found}: {ours:.2f} s")
    print(f"dense matrix and scipy eigvalsh: {dense:.1f} s, ratio {dense / ours:.0f} (claim: at least 25)")
    print(
        f"our dense path: {staged:.1f} s, ratio {staged / ours:.0f}; largest difference {worst:.1e} of λ_max"
    )


if __name__ == "__main__":
    main()
