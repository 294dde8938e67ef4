"""Population flow (erf, d = k = 20, P = 420) to time 10⁴ against SciPy's Radau and BDF: same field, same Jacobian.

Every solver runs at the same tolerances, once to compile and then twice; the better of the two counts, and the error is
stated beside it: against SciPy's Radau at 1e-12, relative to the distance at the start, the largest over 25 recorded times.
"""

import platform
import time
from typing import cast

import jax
import numpy as np
import scipy.integrate

from tutelage import Problem, sample_teacher
from tutelage.dynamics import NoisyTeacher
from tutelage.dynamics.flow import run_flow
from tutelage.dynamics.setting import setting
from tutelage.population.objective import PopulationLoss

TIMES = np.geomspace(1e-2, 1e4, 25)
TOLERANCES = (1e-6, 1e-8)
REPEATS = 2

TEACHER = sample_teacher("erf", d=20, k=20, seed=0)


def timed(solve, *arguments):
    begin = time.perf_counter()
    path = solve(*arguments)
    return time.perf_counter() - begin, path


with jax.enable_x64(True):
    place = setting(Problem(TEACHER), NoisyTeacher(1e-2), TEACHER, None, 1, 0, "benchmark")
    objective, start = cast(PopulationLoss, place.objective), place.thetas[0]
    reference = np.asarray(place.reference)
    scale = np.linalg.norm(start - reference)
    field = jax.jit(lambda y: -objective.gradient(reference + scale * y, None) / scale)
    jacobian = jax.jit(lambda y: -jax.jacfwd(objective.smooth_gradient)(reference + scale * y))
    y0 = (start - reference) / scale

    def ours(tolerance):
        return (
            run_flow(objective, start, TIMES, reference, tolerance, tolerance / 100)[0] - reference
        ) / scale

    def scipys(method, tolerance):
        return scipy.integrate.solve_ivp(
            lambda t, y: np.asarray(field(y)), (0.0, TIMES[-1]), y0, method=method, t_eval=TIMES,
            rtol=tolerance, atol=tolerance / 100, jac=lambda t, y: np.asarray(jacobian(y)),
        ).y.T  # fmt: skip

    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, P = {TEACHER.n_params}"
    )
    solvers = {"tutelage": ours, "Radau": lambda t: scipys("Radau", t), "BDF": lambda t: scipys("BDF", t)}
    truth = scipys("Radau", 1e-12)
    for tolerance in TOLERANCES:
        best = {}
        for name, solve in solvers.items():
            first, _ = timed(solve, tolerance)
            best[name], path = min(
                (timed(solve, tolerance) for _ in range(REPEATS)), key=lambda pair: pair[0]
            )
            error = np.max(np.linalg.norm(path - truth, axis=1))
            print(
                f"{name:9s} tolerance {tolerance:.0e}: {best[name]:6.2f} s, error {error:.1e}; first call {first:.2f} s"
            )
        ratios = ", ".join(f"{name} {best[name] / best['tutelage']:.2f}" for name in ("Radau", "BDF"))
        print(f"ratio at tolerance {tolerance:.0e}: {ratios} (above 1: tutelage is faster)")
