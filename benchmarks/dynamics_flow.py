"""Population flow (erf, d = k = 20, P = 420) to time 10⁴ against SciPy's Radau, BDF and LSODA: same field, same Jacobian.

Every solver runs at the same tolerances, once to compile and then twice; the better of the two counts, in seconds of the
processor, which other programs beside it move less than those of the clock. The error stands beside it: against Radau at
1e-12, relative to the distance at the start, the largest over 25 recorded times. ``at equal error`` divides the time by that
of tutelage at the error of the peer, interpolated in logarithms over the tolerances.
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
TOLERANCES = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
REPEATS = 2

TEACHER = sample_teacher("erf", d=20, k=20, seed=0)


def timed(solve, *arguments):
    begin = time.process_time()
    path = solve(*arguments)
    return time.process_time() - begin, path


with jax.enable_x64(True):
    place = setting(Problem(TEACHER), NoisyTeacher(1e-2), TEACHER, None, 1, 0, "benchmark")
    objective, start = cast(PopulationLoss, place.objective), place.thetas[0]
    reference = np.asarray(place.reference)
    scale = np.linalg.norm(start - reference)
    field = jax.jit(lambda y: -objective.gradient(reference + scale * y, None) / scale)
    y0 = (start - reference) / scale

    def ours(tolerance):
        path, _ = run_flow(objective, place.hessian, start, TIMES, reference, tolerance, tolerance / 100)
        return (path - reference) / scale

    def scipys(method, tolerance):
        return scipy.integrate.solve_ivp(
            lambda t, y: np.asarray(field(y)), (0.0, TIMES[-1]), y0, method=method, t_eval=TIMES,
            rtol=tolerance, atol=tolerance / 100, jac=lambda t, y: -place.hessian(reference + scale * y),
        ).y.T  # fmt: skip

    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, P = {TEACHER.n_params}"
    )
    begin = time.perf_counter()
    first, _ = timed(ours, TOLERANCES[0])
    print(f"first call: {first:.2f} s of the processor, {time.perf_counter() - begin:.2f} s of the clock")
    solvers = {"tutelage": ours} | {
        name: lambda tolerance, name=name: scipys(name, tolerance) for name in ("LSODA", "BDF", "Radau")
    }
    truth = scipys("Radau", 1e-12)
    found = {name: np.empty((len(TOLERANCES), 2)) for name in solvers}
    for row, tolerance in enumerate(TOLERANCES):
        for name, solve in solvers.items():
            spent, path = min((timed(solve, tolerance) for _ in range(REPEATS)), key=lambda pair: pair[0])
            error = np.max(np.linalg.norm(path - truth, axis=1))
            found[name][row] = spent, error
            print(f"{name:9s} tolerance {tolerance:.0e}: {spent:6.2f} s, error {error:.1e}", flush=True)
    order = np.argsort(found["tutelage"][:, 1])
    log_time, log_error = np.log(found["tutelage"][order]).T
    for name in ("LSODA", "BDF", "Radau"):
        spent, error = found[name].T
        same = np.exp(np.interp(np.log(error), log_error, log_time))
        ratios = ", ".join(f"{r:.2f} at {e:.0e}" for r, e in zip(spent / same, error, strict=True))
        print(f"{name} over tutelage at equal error: {ratios}")
