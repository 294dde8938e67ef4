"""SGD steps a second against a scan written by hand, and the order parameters of k = 8 neurons to t = 100.

Both loops draw the same number of inputs and take the same gradient by automatic differentiation; the hand-written one is a
``jax.lax.scan`` of fixed length that draws inside, with nothing else in it. Seconds are those of the processor; the rate is that
of the second half of the steps, without what a run costs before its first, the ratio the median over turns.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np

from tutelage import GradientDescent, NoisyTeacher, Problem, sample_teacher, simulate
from tutelage.dynamics import predict_overlaps

STEPS, TURNS = 30_000, 7


def spent(run, *arguments):
    begin = time.process_time()
    run(*arguments)
    return time.process_time() - begin


def second_half(run):
    return spent(run, 2 * STEPS) - spent(run, STEPS)


for d, k, batch in ((50, 4, 1), (50, 4, 32), (200, 8, 8)):
    teacher = sample_teacher("erf", d=d, k=k, seed=0)
    problem, rule, start = Problem(teacher), GradientDescent(1e-4), NoisyTeacher(0.1)

    def ours(steps, problem=problem, rule=rule, start=start, batch=batch):
        simulate(problem, start, rule, steps=[steps], batch=batch)

    with jax.enable_x64(True):
        W, a = jnp.asarray(teacher.W), jnp.asarray(teacher.a)

        def loss(theta, X, W=W, a=a):
            residual = jax.scipy.special.erf(X @ theta[0].T) @ theta[1] - jax.scipy.special.erf(X @ W.T) @ a
            return 0.5 * jnp.mean(residual**2)

        @jax.jit
        def by_hand(theta, keys, batch=batch, d=d, loss=loss):
            def step(theta, key):
                X = jax.random.normal(key, (batch, d), dtype=jnp.float64)
                return jax.tree.map(lambda x, g: x - 1e-4 * g, theta, jax.grad(loss)(theta, X)), None

            return jax.lax.scan(step, theta, keys)[0]

        def scan(steps, by_hand=by_hand, begin=(W + 0.1, a + 0.1)):
            jax.block_until_ready(by_hand(begin, jax.random.split(jax.random.key(0), steps)))

        for run in (ours, scan):  # compiled
            run(STEPS), run(2 * STEPS)
        turns = np.array([(second_half(scan), second_half(ours)) for _ in range(TURNS)])
    hand, mine = np.median(turns, axis=0)
    ratio = np.median(turns[:, 0] / turns[:, 1])
    print(
        f"d={d} k={k} B={batch}: {STEPS / mine:.3g} steps a second, by hand {STEPS / hand:.3g}, ratio {ratio:.2f}"
    )

teacher, student = (sample_teacher("erf", d=100, k=8, seed=seed) for seed in (1, 5))
predict_overlaps(teacher, student, learning_rate=0.005, times=[0.0, 1.0])
seconds = spent(
    lambda: predict_overlaps(teacher, student, learning_rate=0.005, times=np.linspace(0, 100, 41))
)
print(f"order parameters, erf, k = 8, to t = 100: {seconds:.2f} s")
