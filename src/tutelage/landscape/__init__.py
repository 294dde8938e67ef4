"""What surrounds the optimum: critical points, spurious minima, one large step, a random start."""

from tutelage.landscape.collection import CriticalPoints, critical_points
from tutelage.landscape.critical import CriticalPoint

__all__ = ["CriticalPoint", "CriticalPoints", "critical_points"]
