"""Online SGD by its overlaps: one step, whole runs, and rates that are those of the spectrum."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tutelage import Network, Problem, sample_teacher
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.dynamics import (
    GradientDescent,
    NoisyTeacher,
    OnlineEquations,
    overlap_rates,
    predict_overlaps,
    simulate,
)
from tutelage.dynamics.four_points import erf_residual_products, slope_products


def _grid(d, count, reach=None):
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    if reach is not None:  # narrow bumps want the trapezoidal rule
        nodes = np.linspace(-reach, reach, count)
        weights = np.exp(-(nodes**2) / 2)
    x = np.array(np.meshgrid(*[nodes] * d, indexing="ij")).reshape(d, -1).T
    w = np.array(np.meshgrid(*[weights / weights.sum()] * d, indexing="ij")).reshape(d, -1).prod(axis=0)
    return x, w


def _value_and_slope(sigma, u):
    if sigma.erf_scale is not None:
        s = sigma.erf_scale
        return scipy.special.erf(s * u), 2 * s / math.sqrt(math.pi) * np.exp(-((s * u) ** 2))
    c = (*sigma.coefficients, 0.0)
    return c[1] * u + c[2] * u**2, c[1] + 2 * c[2] * u


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    "sigma",
    [
        "linear",
        "quadratic:alpha=0.5",
        "polynomial:coefficients=0,0,1",
        "polynomial:coefficients=0,0.3,1.2",
        "erf",
        "erf:scale=0.7071067811865476",
    ],
)
def test_one_step_has_exactly_this_mean_at_any_dimension(sigma, batch):
    teacher, student = sample_teacher(sigma, d=3, k=2, seed=1), sample_teacher(sigma, d=3, k=3, seed=5)
    eta, v = 0.02, 0.3
    equations = OnlineEquations(teacher, eta, batch, v)
    x, w = _grid(3, 81, reach=8.5) if sigma.startswith("erf") else _grid(3, 7)
    u, e = x @ student.W.T, student(x) - teacher(x)
    value, slope = _value_and_slope(student.activation, u)
    rows = (student.a * slope)[:, :, None] * x[:, None, :]
    flat = rows.reshape(len(x), -1)
    mean = ((w * e) @ flat).reshape(3, 3)
    square = np.einsum("iaja->ij", (flat.T * (w * (e**2 + v)) @ flat).reshape(3, 3, 3, 3))
    dQ, dM, da = equations.velocity(equations.of(student))
    step = square / batch + (1 - 1 / batch) * mean @ mean.T
    np.testing.assert_allclose(
        dQ, -(mean @ student.W.T + student.W @ mean.T) + eta * step, rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(dM, -mean @ teacher.W.T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(da, -(w * e) @ value, rtol=0, atol=1e-12)
    assert equations.loss(equations.of(student)) == pytest.approx(0.5 * w @ e**2, rel=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1 / math.sqrt(2)])
def test_four_point_moments_of_erf_are_those_of_a_quadrature(scale):
    sigma = f"erf:scale={scale}"
    teacher, student = sample_teacher(sigma, d=3, k=1, seed=1), sample_teacher(sigma, d=3, k=2, seed=5)
    x, w = _grid(3, 71, reach=7.0)
    Z, c = np.vstack([student.W, teacher.W]), np.concatenate([student.a, -teacher.a])
    _, slope = _value_and_slope(student.activation, x @ student.W.T)
    e = student(x) - teacher(x)
    expected = np.einsum("n,ni,nj->ij", w * e**2, slope, slope)
    np.testing.assert_allclose(erf_residual_products(scale, Z @ Z.T, c, 2)[0], expected, rtol=1e-9)
    four = np.einsum("n,ni,nj,np,nq->ijpq", w, slope, slope, slope, slope)
    np.testing.assert_allclose(slope_products(student.activation, student.W @ student.W.T), four, rtol=1e-9)


def test_slopes_of_degree_one_have_wicks_moments():
    student = sample_teacher("quadratic:alpha=0.7", d=3, k=3, seed=5)
    x, w = _grid(3, 5)
    slope = 1 + 1.4 * x @ student.W.T
    four = np.einsum("n,ni,nj,np,nq->ijpq", w, slope, slope, slope, slope)
    np.testing.assert_allclose(slope_products(student.activation, student.W @ student.W.T), four, rtol=1e-11)


@pytest.mark.parametrize(
    "sigma", ["erf", "quadratic:alpha=0.5", "linear", "polynomial:coefficients=0,0,1", "normal_cdf"]
)
def test_rates_at_the_fixed_point_are_those_of_the_spectrum(sigma):
    teacher = sample_teacher(sigma, d=8, k=3, seed=1)
    reduction = Problem(teacher).hessian(teacher).structure.reduction()
    inside = np.linalg.eigvalsh(reduction.block.dense())
    c = np.linalg.eigvalsh(reduction.copies[0].matrix)
    i, j = np.triu_indices(3)
    expected = np.sort(np.concatenate([inside, c[i] + c[j]]))
    np.testing.assert_allclose(overlap_rates(teacher), expected, rtol=0, atol=1e-11 * expected[-1])


def test_without_noise_the_equations_are_the_flow():
    teacher, student = sample_teacher("erf", d=4, k=2, seed=1), sample_teacher("erf", d=4, k=3, seed=5)
    equations = OnlineEquations(teacher, 0.0)
    gradient = Problem(teacher).gradient(student)
    W, a = gradient[:12].reshape(3, 4), gradient[12:]
    dQ, dM, da = equations.velocity(equations.of(student))
    np.testing.assert_allclose(dQ, -(W @ student.W.T + student.W @ W.T), atol=1e-14)
    np.testing.assert_allclose(dM, -W @ teacher.W.T, atol=1e-14)
    np.testing.assert_allclose(da, -a, atol=1e-14)
    assert equations.loss(equations.of(student)) == pytest.approx(Problem(teacher).loss(student), rel=1e-12)


def test_small_rates_follow_the_flow_and_frozen_layers_stay():
    teacher, start = sample_teacher("erf", d=5, k=2, seed=1), NoisyTeacher(0.1)
    flow = simulate(Problem(teacher), start, times=[1.0, 5.0], seed=3)
    curve = predict_overlaps(teacher, start, learning_rate=1e-6, times=[1.0, 5.0], seed=3)
    np.testing.assert_allclose(curve.loss, flow.loss, rtol=2e-5)
    frozen = predict_overlaps(
        Problem(teacher, trainable="W"), start, learning_rate=1e-3, steps=[0, 500], seed=3
    )
    np.testing.assert_array_equal(frozen.records["a"][1], frozen.records["a"][0])
    assert frozen.loss[1] < frozen.loss[0]


def _numbers(equations, student):
    """Loss and overlaps, those of Q once each."""
    Q, M, a = overlaps = equations.of(student)
    return np.concatenate([[equations.loss(overlaps)], Q[np.triu_indices(len(a))], M.reshape(-1), a])


def _stepped(equations, student, steps):
    """The mean motion added up step by step, as SGD steps, instead of integrated."""
    overlaps = equations.of(student)
    for _ in range(steps):
        moved = equations.velocity(overlaps)
        overlaps = tuple(x + equations.learning_rate * v for x, v in zip(overlaps, moved, strict=True))
    return overlaps


def _beside(sigma, d, rate, t, runs, *, inside=None, trainable=None, seed=2):
    """Distances of the mean of runs from the equations at t/3 and t, (2, numbers), their errors, and all runs.

    The overlaps at the start are those of ``inside`` inputs, the same at any d."""
    teacher, student = (sample_teacher(sigma, d=inside or d, k=k, seed=k - 2) for k in (2, 3))
    teacher, student = (
        Network(np.pad(n.W, ((0, 0), (0, d - n.d))), n.a, n.activation) for n in (teacher, student)
    )
    problem, eta = Problem(teacher, trainable=trainable, label_noise=0.01), rate / d
    steps = np.array([round(t / 3 / eta), round(t / eta)])
    layers = problem.layout(student).trained
    equations = OnlineEquations(teacher, eta, 1, 0.01, layers)
    run = simulate(
        problem, student, GradientDescent(eta), steps=steps, batch=1, runs=runs, seed=seed,
        record=lambda network: _numbers(equations, network),
    )  # fmt: skip
    curve = predict_overlaps(problem, student, learning_rate=eta, steps=steps)
    upper = np.triu_indices(3)
    expected = [
        np.concatenate([[loss], Q[upper], M.reshape(-1), a])
        for loss, Q, M, a in zip(curve.loss, *(curve.records[n] for n in "QMa"), strict=True)
    ]
    found = run.records["record"]
    return found.mean(axis=1) - expected, found.std(axis=1, ddof=1) / math.sqrt(runs), found


def _chance(numbers):
    """Of a mean as far from zero over all of these numbers (runs, p) together, by Hotelling's T² in their range."""
    variances, directions = np.linalg.eigh(np.cov(numbers.T))
    kept = variances > 1e-8 * variances[-1]
    n, p = len(numbers), int(kept.sum())
    square = n * np.sum((numbers.mean(axis=0) @ directions[:, kept]) ** 2 / variances[kept])
    return scipy.stats.f.sf(square * (n - p) / (p * (n - 1)), p, n - p)


@pytest.mark.slow
@pytest.mark.parametrize(("sigma", "rate", "t"), [("erf", 0.5, 6.0), ("quadratic:alpha=0.5", 0.1, 3.0)])
def test_runs_of_five_hundred_inputs_follow_the_equations(sigma, rate, t):
    # Errors estimated from eight runs have seven degrees of freedom: the largest of 34 Student variables then reaches
    # 5.5 once in thirty times. The bias, of order 1/d below, is under 0.6 errors of forty runs; other seeds are beyond
    # three by chance once in ten times.
    distance, error, found = _beside(sigma, 500, rate, t, runs=40)
    z = distance / error
    assert np.abs(z).max() < 3.0
    assert np.mean(z**2) < 2.0  # all numbers of a run hang together
    assert found.shape[2] == 16


@pytest.mark.slow
def test_at_a_fixed_time_the_distance_from_the_equations_falls_like_one_over_d():
    (first, first_error, _), (second, second_error, _) = (
        _beside("erf", d, 0.5, 6.0, runs=1500, inside=5) for d in (16, 32)
    )

    def distinct(power):
        """Differences of the distances times d^power, in standard errors."""
        error = np.hypot(16**power * first_error, 32**power * second_error)
        return (16**power * first - 32**power * second) / error

    assert np.abs(first / first_error).max() > 20  # there is something that falls
    assert np.abs(distinct(1.0)).max() < 3.5 and np.mean(distinct(1.0) ** 2) < 2.0
    for wrong in (0.0, 0.5, 1.5):
        assert np.abs(distinct(wrong)).max() > 5.0


def test_the_mean_of_linear_runs_is_exactly_the_sum_of_steps_at_any_dimension():
    # Linear in Q and M where the read-out is frozen: no bias of the fluctuations is left, and the factor d + 2 is exact.
    d, rate, t, runs = 3, 0.2, 2.0, 1000
    distance, error, found = _beside("linear", d, rate, t, runs, trainable="W")
    assert np.abs(distance / error)[-1].max() > 5.0  # what the equations leave out by not stepping
    teacher, student = (sample_teacher("linear", d=d, k=k, seed=k - 2) for k in (2, 3))
    equations = OnlineEquations(teacher, rate / d, 1, 0.01, ("W",))
    Q, M, a = _stepped(equations, student, round(t / (rate / d)))
    last = np.concatenate([[equations.loss((Q, M, a))], Q[np.triu_indices(3)], M.reshape(-1)])
    numbers = found[-1][:, : last.size] - last
    assert np.abs(numbers.mean(axis=0) / error[-1, : last.size]).max() < 3.0
    assert _chance(numbers) > 0.01


def test_what_has_no_closed_form_says_which_have():
    with pytest.raises(NotAvailableError, match=r"erf\(su\) or c1 u \+ c2 u\^2.*any widths.*got|got tanh"):
        predict_overlaps(sample_teacher("tanh", 3, 2), NoisyTeacher(0.1), learning_rate=0.1, steps=[0])
    with pytest.raises(NotAvailableError, match="got polynomial"):
        predict_overlaps(
            sample_teacher("polynomial:coefficients=0,1,0,1", 3, 2),
            NoisyTeacher(0.1),
            learning_rate=0.1,
            steps=[0],
        )
    teacher = Network([[1.0]], [1.0], "linear")
    with pytest.raises(InputError, match="label_noise >= 0"):
        predict_overlaps(teacher, NoisyTeacher(0.1), learning_rate=0.1, steps=[0], label_noise=-1.0)
    with pytest.raises(InputError, match="population Problem"):
        predict_overlaps(np.eye(2), NoisyTeacher(0.1), learning_rate=0.1, steps=[0])
