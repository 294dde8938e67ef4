"""What surrounds the optimum: critical points, spurious minima, one large step, a random start."""

from tutelage.landscape.collection import CriticalPoints, critical_points
from tutelage.landscape.critical import CriticalPoint
from tutelage.landscape.minima import Level, Minima, find_minima
from tutelage.landscape.one_step import LargeStep, large_step, simulate_large_step
from tutelage.landscape.orthonormal import orthonormal_relu_spectrum
from tutelage.landscape.random_start import (
    RandomStart,
    phase_retrieval_start,
    phase_retrieval_transition,
    simulate_phase_retrieval_start,
)

__all__ = [
    "CriticalPoint",
    "CriticalPoints",
    "LargeStep",
    "Level",
    "Minima",
    "RandomStart",
    "critical_points",
    "find_minima",
    "large_step",
    "orthonormal_relu_spectrum",
    "phase_retrieval_start",
    "phase_retrieval_transition",
    "simulate_large_step",
    "simulate_phase_retrieval_start",
]
