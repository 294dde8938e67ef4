"""SGD of several outputs near the optimum: against Wick's theorem, quadratures of all inputs, samples and runs."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.special

from tutelage import Problem, empirical, sample_teacher
from tutelage.base.errors import NotAvailableError
from tutelage.dynamics import (
    GradientDescent,
    NoisyTeacher,
    StabilityWarning,
    noise_floor,
    predict_sgd,
    sgd_stability,
    simulate,
)

SIGMA = {
    "erf": (scipy.special.erf, lambda u: 2 / math.sqrt(math.pi) * np.exp(-(u**2))),
    "quadratic": (lambda u: u + 0.5 * u**2, lambda u: 1 + u),
    "linear": (lambda u: u, np.ones_like),
}
"""σ and σ'."""


def _jacobians(teacher, X):
    """∇f of every output, (n, outputs, P), by its definition."""
    u, m = X @ teacher.W.T, teacher.n_outputs
    sigma, slope = (f(u) for f in SIGMA[teacher.activation.name])
    inner = (teacher.a * slope[:, None, :])[..., None] * X[:, None, None, :]
    outer = np.eye(m)[:, :, None] * sigma[:, None, None, :]
    return np.concatenate([inner.reshape(len(X), m, -1), outer.reshape(len(X), m, -1)], axis=2)


def _losses(J, weights, displacement, eta, batch, steps):
    """½ tr HS along the map as it is defined, in all parameters."""
    H = np.einsum("n,noi,noj->ij", weights, J, J, optimize=True)
    S, found = np.outer(displacement, displacement), []
    for _ in range(steps):
        found.append(0.5 * np.trace(H @ S))
        between = np.einsum("noi,ij,npj->nop", J, S, J, optimize=True)
        fourth = np.einsum("n,nop,noi,npj->ij", weights, between, J, J, optimize=True)
        S = S - eta * (H @ S + S @ H) + eta**2 * ((1 - 1 / batch) * H @ S @ H + fourth / batch)
    return found


@pytest.mark.parametrize(
    ("sigma", "d", "k", "m"), [("erf", 3, 2, 2), ("quadratic:alpha=0.5", 3, 2, 3), ("linear", 3, 4, 2)]
)
def test_steps_are_those_of_a_quadrature_over_all_inputs(sigma, d, k, m):
    teacher = sample_teacher(sigma, d=d, k=k, seed=1, outputs=m)
    if teacher.activation.degree is None:
        nodes = np.linspace(-7.0, 7.0, 61)
        weights = np.exp(-(nodes**2) / 2)
    else:
        nodes, weights = np.polynomial.hermite_e.hermegauss(6)
    X = np.array(np.meshgrid(*[nodes] * d, indexing="ij")).reshape(d, -1).T
    w = np.array(np.meshgrid(*[weights / weights.sum()] * d, indexing="ij")).reshape(d, -1).prod(axis=0)
    kept = w > 1e-16 * w.max()
    displacement = 1e-3 * np.random.default_rng(1).standard_normal(teacher.n_params)
    eta = 0.5 * float(sgd_stability(teacher, batch=2))
    expected = _losses(_jacobians(teacher, X[kept]), w[kept], displacement, eta, 2, 3)
    curve = predict_sgd(teacher, displacement, learning_rate=eta, batch=2, steps=[0, 1, 2])
    np.testing.assert_allclose(curve.loss, expected, rtol=1e-8)


def test_batches_of_samples_follow_the_map_of_their_gradients():
    teacher = sample_teacher("erf", d=3, k=2, seed=3, outputs=2)
    X = np.random.default_rng(0).standard_normal((9, 3))
    displacement = 1e-3 * np.arange(1.0, teacher.n_params + 1)
    expected = _losses(_jacobians(teacher, X), np.full(9, 1 / 9), displacement, 0.1, 2, 3)
    data = empirical.Problem.from_teacher(teacher, X)
    curve = predict_sgd(data, displacement, learning_rate=0.1, batch=2, steps=[0, 1, 2])
    np.testing.assert_allclose(curve.loss, expected, rtol=1e-8)


def _wick(teacher, batch):
    """H and the noise of a step of a linear network as matrices on S in the range of H: gradients are L_o x."""
    d, m = teacher.d, teacher.n_outputs
    L = np.stack(
        [
            np.vstack([np.kron(a[:, None], np.eye(d)), np.kron(np.eye(m)[:, [o]], teacher.W)])
            for o, a in enumerate(teacher.a)
        ]
    )
    H = np.einsum("oid,ojd->ij", L, L)
    values, vectors = scipy.linalg.eigh(H)
    U = vectors[:, values > 1e-10 * values[-1]]
    L, H, p = np.einsum("ir,oid->ord", U, L), U.T @ H @ U, U.shape[1]

    def noise(S):
        between = np.einsum("oid,ij,pje->opde", L, S, L)
        traces = np.einsum("opdd->op", between)[:, :, None, None] * np.eye(d)
        fourth = np.einsum("oid,opde,pje->ij", L, between + between.swapaxes(2, 3) + traces, L)
        return (1 - 1 / batch) * H @ S @ H + fourth / batch

    basis = np.eye(p * p).reshape(-1, p, p)
    return H, np.stack([noise(E).reshape(-1) for E in basis], axis=1)


@pytest.mark.parametrize(("d", "k", "m"), [(3, 2, 2), (2, 4, 2), (4, 2, 3)])
@pytest.mark.parametrize("batch", [1, 5])
def test_linear_networks_have_the_limit_and_the_floor_of_wicks_theorem(d, k, m, batch):
    teacher, v = sample_teacher("linear", d=d, k=k, seed=2, outputs=m), 0.3
    H, noise = _wick(teacher, batch)
    eye = np.eye(len(H))
    drift = np.kron(H, eye) + np.kron(eye, H)
    limit = sgd_stability(teacher, batch=batch)
    top = np.max(scipy.linalg.eigvals(noise, drift).real)
    assert float(limit) == pytest.approx(1 / top, rel=1e-9) and not limit.approximate
    eta = 0.4 * float(limit)
    S = np.linalg.solve(drift - eta * noise, eta * v / batch * H.reshape(-1)).reshape(H.shape)
    floor = noise_floor(teacher, learning_rate=eta, batch=batch, label_noise=v)
    assert float(floor) == pytest.approx(0.5 * np.trace(H @ S), rel=1e-9)
    assert floor.small_rate == pytest.approx(eta * v / (4 * batch) * np.trace(H), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sigma", "d", "k", "batch", "share"),
    [("linear", 3, 4, 1, 0.4), ("erf", 3, 2, 1, 0.4), ("erf", 3, 2, 4, 0.5), ("quadratic", 4, 2, 2, 0.3)],
)
def test_curves_and_floors_are_those_of_real_networks(sigma, d, k, batch, share):
    teacher, v, runs = sample_teacher(sigma, d=d, k=k, seed=0, outputs=2), 1e-6, 2000
    eta = share * float(sgd_stability(teacher, batch=batch))
    steps, start, problem = [0, 4, 40, 300], NoisyTeacher(3e-4), Problem(teacher, label_noise=v)
    run = simulate(problem, start, GradientDescent(eta), steps=steps, batch=batch, runs=runs, seed=1)
    predicted = predict_sgd(problem, start, learning_rate=eta, batch=batch, steps=steps)
    assert np.all(np.abs(run.loss - predicted.loss) < 3 * run.std / math.sqrt(runs))
    floor = float(noise_floor(problem, learning_rate=eta, batch=batch))
    late = predict_sgd(problem, start, learning_rate=eta, batch=batch, steps=[10**6])
    assert late.loss[0] == pytest.approx(floor, rel=1e-6)


def test_runs_warn_with_the_limit_of_their_batches():
    teacher = sample_teacher("erf", d=5, k=2, seed=0, outputs=2)
    limit = sgd_stability(teacher, batch=1)
    assert float(limit) < 0.5 * limit.full_batch
    go = dict(start=NoisyTeacher(1e-3), steps=[0, 1], batch=1)
    simulate(Problem(teacher), rule=GradientDescent(0.99 * limit.value), **go)
    with pytest.warns(StabilityWarning, match=f"not below {limit.value:.6g}"):
        simulate(Problem(teacher), rule=GradientDescent(1.01 * limit.value), **go)


@pytest.mark.parametrize(
    ("sigma", "d", "k", "more"), [("relu", 3, 2, {}), ("erf", 3, 2, {"biases": "normal"}), ("erf", 9, 9, {})]
)
def test_what_is_no_quadrature_is_refused(sigma, d, k, more):
    teacher = sample_teacher(sigma, d=d, k=k, outputs=2, **more)
    with pytest.raises(NotAvailableError, match="of several outputs, no biases, no kinks"):
        sgd_stability(teacher, batch=1)


def test_every_output_has_its_own_label_noise():
    teacher = sample_teacher("erf", d=3, k=2, seed=0, outputs=3)
    noisy, v = Problem(teacher, label_noise=0.2), 0.2
    assert noisy.loss(teacher) == pytest.approx(3 * v / 2, rel=1e-12)
    X = np.random.default_rng(0).standard_normal((40_000, 3))
    data = empirical.Problem.from_teacher(teacher, X, label_noise=v, seed=1)
    assert abs(data.loss(teacher) - noisy.loss(teacher)) < 4 * 1.5 * v * math.sqrt(2 / (3 * len(X)))
