"""A predicted curve at P ≈ 10⁶ (erf, d = k = 1000) against 10⁴ full-batch steps (extrapolated from 3)."""

import platform
import time

import jax
import numpy as np

from tutelage import hessian_at_optimum, sample_teacher
from tutelage.dynamics import GradientDescent, NoisyTeacher, lanczos_loss, log_steps
from tutelage.population import loss_and_gradient

TEACHER = sample_teacher("erf", d=1000, k=1000, seed=0)
START = NoisyTeacher(1e-3).displacement(TEACHER.n_params, 0)
STEPS, PRODUCTS, TIMED = 10_000, 120, 3

operator = hessian_at_optimum(TEACHER)
operator.matvec(START)  # compiles
begin = time.perf_counter()
curve = lanczos_loss(operator, START, steps=log_steps(STEPS), rule=GradientDescent(0.5), products=PRODUCTS)
predicted = time.perf_counter() - begin
assert curve.bounds is not None
lower, upper = curve.bounds

with jax.enable_x64(True):
    student = TEACHER.with_theta(TEACHER.theta + START)
    gradient = jax.jit(loss_and_gradient.gradient, static_argnums=0)
    arguments = (TEACHER.activation, student.W, student.a, TEACHER.W, TEACHER.a)
    jax.block_until_ready(gradient(*arguments))
    begin = time.perf_counter()
    for _ in range(TIMED):
        jax.block_until_ready(gradient(*arguments))
    step = (time.perf_counter() - begin) / TIMED
print(
    f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, P = {TEACHER.n_params}"
)
print(
    f"predicted: {predicted:.1f} s, {PRODUCTS} products, largest gap of the bounds "
    f"{np.max((upper - lower) / upper):.1e} of the loss, {np.max((upper - lower) / upper[0]):.1e} of the start"
)
print(
    f"trained: {step:.3f} s a population gradient, {step * STEPS:.0f} s for {STEPS} (extrapolated from {TIMED})"
)
print(f"ratio {step * STEPS / predicted:.0f}")
