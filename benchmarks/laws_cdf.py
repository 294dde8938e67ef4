"""Claim: the cdf of the linear network's law at 10 000 points is a table away from adaptive quadrature point by point.

Peer: scipy.integrate.quad of chi-square against the Marchenko-Pastur density, the square roots substituted away.
"""

from __future__ import annotations

import platform
import time

import numpy as np
import scipy
import scipy.integrate
import scipy.stats

from tutelage.laws import FiniteLinearNetwork, LinearNetwork

D, K, POINTS, PEER_POINTS = 10, 20, 10_000, 200


def peer(x: float) -> float:
    """P(chi^2_k/k + MP(d/k, k/d) <= x) for k >= d."""
    chi, ratio = scipy.stats.chi2(K, scale=1 / K), D / K
    middle, radius = (1 + ratio) / ratio, 2 / np.sqrt(ratio)

    def integrand(angle: float) -> float:
        y = middle - radius * np.cos(angle)
        return (radius * np.sin(angle)) ** 2 / (2 * np.pi * y) * chi.cdf(x - y)

    return scipy.integrate.quad(integrand, 0, np.pi, epsabs=1e-11, limit=200)[0]


def main() -> None:
    x = np.linspace(0.3, 9, POINTS)
    start = time.perf_counter()
    values = LinearNetwork(D, K).cdf(x)  # the table is built here
    ours = time.perf_counter() - start
    start = time.perf_counter()
    FiniteLinearNetwork(D, K).cdf(x)
    finite = time.perf_counter() - start
    some = np.linspace(0, POINTS - 1, PEER_POINTS).astype(int)
    start = time.perf_counter()
    expected = np.array([peer(point) for point in x[some]])
    per_point = (time.perf_counter() - start) / PEER_POINTS
    print(
        f"machine   {platform.processor() or platform.machine()}, {platform.system()}; SciPy {scipy.__version__}"
    )
    print(f"ours      LinearNetwork({D}, {K}).cdf at {POINTS} points: {ours:.3f} s, table included")
    print(f"          FiniteLinearNetwork({D}, {K}).cdf: {finite:.3f} s, tables included")
    print(f"peer      scipy.integrate.quad: {1e3 * per_point:.2f} ms a point ({PEER_POINTS} measured)")
    print(f"agreement {np.abs(expected - values[some]).max():.1e}")
    print(f"ratio     {per_point * POINTS / ours:.0f} times faster at {POINTS} points")


if __name__ == "__main__":
    main()
