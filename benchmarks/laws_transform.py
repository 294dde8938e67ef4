"""Claim: the cdf of a law given by its transform, at 10 000 points, is a table away from quadrature point by point.

Peer: scipy.integrate.quad over the density, solved anew at every point that quad asks for, the edges substituted away.
"""

from __future__ import annotations

import platform
import time

import numpy as np
import scipy
import scipy.integrate

from tutelage.laws import DeepLinear, SampledFixedWidth, SampledHessian, TangentKernel
from tutelage.laws.transform import TransformLaw
from tutelage.spectra import Spectrum
from tutelage.teachers import sample_teacher

POINTS, PEER_POINTS = 10_000, 2

LAWS: tuple[TransformLaw, ...] = (
    DeepLinear([60, 80, 60]),
    SampledHessian(Spectrum(np.geomspace(0.2, 2, 40), np.full(40, 5), 200, "dense"), 400),
    TangentKernel("erf", 100, 150, 60),
    SampledFixedWidth(sample_teacher("sigmoid", 300, 2, 1), 900),
)


def peer(law: TransformLaw, x: float) -> float:
    """Mass of the continuous part up to x, which lies in the first piece."""
    low, high = law.pieces[0]
    end = np.arccos(1 - 2 * (x - law.origin - low) / (high - low))

    def integrand(angle: float) -> float:
        y = low + (high - low) * (1 - np.cos(angle)) / 2
        return float(law.solve(np.array([y]))[0]) * (high - low) / 2 * np.sin(angle)

    return scipy.integrate.quad(integrand, 0, end, epsabs=1e-9, limit=200)[0]


def main() -> None:
    print(
        f"machine {platform.processor() or platform.machine()}, {platform.system()}; SciPy {scipy.__version__}"
    )
    for law in LAWS:
        start = time.process_time()
        low, high = (law.origin + end for end in law.pieces[0])
        x = np.linspace(low, high, POINTS)
        values = law.distribution(x)  # pieces and table are built here
        ours = time.process_time() - start
        some = np.linspace(0.3, 0.8, PEER_POINTS) * POINTS
        start = time.process_time()
        expected = np.array([peer(law, x[int(i)]) for i in some])
        per_point = (time.process_time() - start) / PEER_POINTS
        gap = np.abs(expected - values[some.astype(int)]).max()
        print(
            f"{type(law).__name__:15} {ours:.2f} s of processor time for {POINTS} points; quad {per_point:.2f} s a point "
            f"({PEER_POINTS} measured), agreement {gap:.1e}: {per_point * POINTS / ours:.0f} times faster"
        )


if __name__ == "__main__":
    main()
