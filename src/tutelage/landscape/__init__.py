"""What surrounds the optimum: critical points, spurious minima, one large step, a random start."""

from tutelage.landscape.collection import CriticalPoints, critical_points
from tutelage.landscape.critical import CriticalPoint
from tutelage.landscape.minima import Level, Minima, find_minima
from tutelage.landscape.orthonormal import orthonormal_relu_spectrum

__all__ = [
    "CriticalPoint",
    "CriticalPoints",
    "Level",
    "Minima",
    "critical_points",
    "find_minima",
    "orthonormal_relu_spectrum",
]
