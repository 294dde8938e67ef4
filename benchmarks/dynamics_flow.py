"""Population flow (erf, d = k = 20, P = 420) to time 10⁴ against SciPy's Radau and BDF: same field, same Jacobian.

Every solver runs at several tolerances; errors are against SciPy's Radau a thousand times tighter, relative to the
distance at the start, the largest over 25 recorded times. ``equal accuracy`` interpolates log time in log error.
"""

import platform
import time

import jax
import numpy as np
import scipy.integrate

from tutelage import Problem, sample_teacher
from tutelage.dynamics import NoisyTeacher
from tutelage.dynamics.flow import run_flow
from tutelage.dynamics.setting import setting

TIMES = np.geomspace(1e-2, 1e4, 25)
TOLERANCES = (1e-6, 1e-8, 1e-10)
TARGET = 1e-8

TEACHER = sample_teacher("erf", d=20, k=20, seed=0)


def timed(solve, *arguments):
    begin = time.perf_counter()
    path = solve(*arguments)
    return time.perf_counter() - begin, path


with jax.enable_x64(True):
    place = setting(Problem(TEACHER), NoisyTeacher(1e-2), TEACHER, None, 1, 0, "benchmark")
    objective, start, reference = place.objective, place.thetas[0], place.reference
    scale = np.linalg.norm(start - reference)
    field = jax.jit(lambda y: -objective.gradient(reference + scale * y, None) / scale)
    jacobian = jax.jit(lambda y: -jax.jacfwd(objective.expanded_gradient)(reference + scale * y))
    y0 = (start - reference) / scale
    compile_scipy, _ = timed(lambda: (jax.block_until_ready(field(y0)), jax.block_until_ready(jacobian(y0))))

    def ours(tolerance):
        return (run_flow(objective, start, TIMES, reference, tolerance, tolerance / 100)[0] - reference) / scale

    def scipys(method, tolerance):
        return scipy.integrate.solve_ivp(
            lambda t, y: np.asarray(field(y)), (0.0, TIMES[-1]), y0, method=method, t_eval=TIMES,
            rtol=tolerance, atol=tolerance / 100, jac=lambda t, y: np.asarray(jacobian(y)),
        ).y.T  # fmt: skip

    truth = scipys("Radau", 1e-13)
    first, _ = timed(ours, TOLERANCES[0])
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, P = {TEACHER.n_params}")
    solvers = {"tutelage": ours, "Radau": lambda t: scipys("Radau", t), "BDF": lambda t: scipys("BDF", t)}
    equal = {}
    for name, solve in solvers.items():
        rows = [timed(solve, tolerance) for tolerance in TOLERANCES]
        seconds = np.array([row[0] for row in rows])
        errors = np.array([np.max(np.linalg.norm(row[1] - truth, axis=1)) for row in rows])
        order = np.argsort(errors)
        equal[name] = np.exp(np.interp(np.log(TARGET), np.log(errors[order]), np.log(seconds[order])))
        for tolerance, second, error in zip(TOLERANCES, seconds, errors, strict=True):
            print(f"{name:9s} tolerance {tolerance:.0e}: {second:6.2f} s, error {error:.1e}")
        if name == "tutelage":
            print(f"{name:9s} compiled once in {first - seconds[0]:.1f} s (SciPy's two functions {compile_scipy:.1f} s)")
    print(", ".join(f"{name} {value:.2f} s" for name, value in equal.items()), f"at error {TARGET:.0e}")
    print(f"ratio to Radau {equal['Radau'] / equal['tutelage']:.2f}, to BDF {equal['BDF'] / equal['tutelage']:.2f}")
