"""spectrum() against SciPy's eigvalsh of the same size: erf, d = k = 10 to 50, and d = 59, k = 50 (P = 3000).

Claim: at P = 110, 420, 930, 2550 the whole call takes at most 2.5, 1.3, 1.15, 1.15 times ``scipy.linalg.eigvalsh`` of the
finished matrix (processor seconds, medians of runs in turns). At P = 3000 building the Hessian and solving it costs at most
1.15 times that, and below 0.8 where the two-stage routine of SciPy's own library is used. Also measured: where that
routine starts to win (the constant TWO_STAGE_FROM) and the rate behind the time estimates of ``explain_method``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import scipy.linalg

from turns import medians
from tutelage import hessian_at_optimum, sample_teacher, spectrum
from tutelage.spectra.lapack import symmetric_eigenvalues, two_stage_available
from tutelage.store import provenance


def best_of(*functions: Callable[[], object], repeats: int = 3) -> list[float]:
    """Shortest wall time of each, the functions taking turns so that a busy moment hits all of them."""
    times = [float("inf")] * len(functions)
    for _ in range(repeats):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            times[i] = min(times[i], time.perf_counter() - start)
    return times


def small(claims: dict[int, float]) -> None:
    """d = k neurons, none of whose eigenvalues needs extended precision."""
    for k, claim in claims.items():
        teacher = sample_teacher("erf", d=k, k=k, seed=0)
        matrix = hessian_at_optimum(teacher).dense()
        method = spectrum(teacher).method  # compiles, and says that nothing is refined
        ours, peer = medians(
            lambda teacher=teacher: spectrum(teacher),
            lambda matrix=matrix: scipy.linalg.eigvalsh(matrix),
            repeats=9,
            calls=max(1, 200 // k**2 * 20),
        )
        print(
            f"P = {len(matrix)}: {method} {1e3 * ours:.3f} ms, eigvalsh {1e3 * peer:.3f} ms, "
            f"ratio {ours / peer:.2f} (claim: at most {claim})"
        )


def main(d: int = 59, k: int = 50, sizes: tuple[int, ...] = (500, 1000, 1500, 2000, 3000)) -> None:
    print({key: provenance()[key] for key in ("cpu", "threads")})
    print(f"two-stage routine found: {two_stage_available()}")
    small({10: 2.5, 20: 1.3, 30: 1.15, 50: 1.15})
    teacher = sample_teacher("erf", d=d, k=k, seed=0)
    matrix = hessian_at_optimum(teacher).dense()
    spectrum(teacher)  # compiles the moment tables
    for n in sizes:
        part = matrix[:n, :n]
        plain, staged = best_of(
            lambda part=part: symmetric_eigenvalues(part.copy(), two_stage=False),
            lambda part=part: symmetric_eigenvalues(part.copy(), two_stage=True),
        )
        rate = 4 / 3 * n**3 / min(plain, staged) / 1e9
        print(
            f"n = {n}: evd {plain:.3f} s, two-stage {staged:.3f} s, ratio {staged / plain:.2f}, {rate:.0f} GF/s"
        )
    ours, dense, peer = best_of(
        lambda: spectrum(teacher),
        lambda: spectrum(hessian_at_optimum(teacher), "dense"),
        lambda: scipy.linalg.eigvalsh(matrix),
    )
    print(f"scipy.linalg.eigvalsh of the finished matrix, size {matrix.shape[0]}: {peer:.2f} s")
    print(f"spectrum(teacher), by method {spectrum(teacher).method}: {ours:.2f} s, ratio {ours / peer:.2f}")
    print(
        f"spectrum(..., 'dense'), matrix and all: {dense:.2f} s, ratio {dense / peer:.2f} (claim: at most 1.15)"
    )


if __name__ == "__main__":
    main()
