"""1000 seeds of a small online SGD in one compiled call against a Python loop over seeds (extrapolated from 20)."""

import platform
import time

import numpy as np

from tutelage import Problem, sample_teacher
from tutelage.dynamics import GradientDescent, NoisyTeacher, simulate

PROBLEM = Problem(sample_teacher("erf", d=4, k=3, seed=1))
SETTING = {"rule": GradientDescent(0.1), "steps": np.array([0, 500]), "batch": 8}


def seconds(runs: int, repeats: int) -> float:
    simulate(PROBLEM, NoisyTeacher(0.1), runs=runs, seed=0, **SETTING)  # compiles
    start = time.perf_counter()
    for seed in range(repeats):
        simulate(PROBLEM, NoisyTeacher(0.1), runs=runs, seed=seed, **SETTING)
    return time.perf_counter() - start


together, looped = seconds(1000, 1), seconds(1, 20) * 50
print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
print(f"1000 seeds at once {together:.2f} s; a loop over compiled single runs {looped:.2f} s (20 runs × 50)")
print(f"ratio {looped / together:.1f}")
