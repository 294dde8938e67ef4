"""The population Hessian against autodiff of the population loss, sampling, and its own laws."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage import Network, Problem, empirical, hessian_at_optimum, sample_teacher, spectrum
from tutelage.base.errors import InputError, NoHessianError
from tutelage.population import loss_and_gradient

SMOOTH = ("linear", "quadratic:alpha=0.7", "erf", "erf:scale=0.5")
ALL = (*SMOOTH, "relu", "leaky_relu:slope=0.1", "abs", "sin", "polynomial:coefficients=0,1,-0.3,0.2")


def autodiff_hessian(student, teacher):
    """jax.hessian of the expanded population loss, in θ order."""
    k, d = student.W.shape

    def loss(theta):
        W, a = theta[: k * d].reshape(k, d), theta[k * d :]
        return loss_and_gradient.loss(student.activation, {"W": W, "a": a}, teacher.layers)

    with jax.enable_x64(True):
        return np.asarray(jax.hessian(loss)(jax.numpy.asarray(student.theta)))


@pytest.mark.parametrize("activation", SMOOTH)
def test_hessian_equals_autodiff_of_the_population_loss_at_and_away_from_the_optimum(activation):
    teacher = sample_teacher(activation, d=4, k=3, seed=1)
    student = sample_teacher(activation, d=4, k=5, seed=2)
    problem = Problem(teacher)
    for here in (teacher, student):
        expected = autodiff_hessian(here, teacher)
        assert np.abs(problem.hessian(here).dense() - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("activation", ALL)
def test_hessian_lies_within_the_standard_error_of_a_large_sample(activation):
    teacher = sample_teacher(activation, d=3, k=2, seed=3)
    student = sample_teacher(activation, d=3, k=3, seed=4)
    n_batches, n = 40, 4000
    smooth = activation not in ("relu", "leaky_relu:slope=0.1", "abs")
    # The curvature of a kink is a delta: samples never see it, so kinked activations are judged on the outer part.
    population = Problem(teacher).hessian(student)
    population = population if smooth else population.outer
    deviations = []
    for seed in (5, 6, 7):  # the entries of one sample are correlated: three samples settle the median
        samples = []
        for x in np.random.default_rng(seed).standard_normal((n_batches, n, 3)):
            hessian = empirical.Problem.from_teacher(teacher, x).hessian(student)
            samples.append((hessian if smooth else hessian.outer).dense())
        error = np.std(samples, axis=0, ddof=1) / np.sqrt(n_batches)
        deviations.append(np.abs(np.mean(samples, axis=0) - population.dense()) / (error + 1e-12))
    assert np.max(deviations) < 5.0  # 3 x 144 correlated entries: 5 standard errors
    assert np.median(deviations) < 1.2


@pytest.mark.parametrize("activation", ALL)
def test_product_trace_norm_and_views_agree_with_the_dense_form(activation):
    teacher = sample_teacher(activation, d=4, k=3, seed=6)
    student = sample_teacher(activation, d=4, k=5, seed=7)
    rng = np.random.default_rng(0)
    for here in (teacher, student):
        operator = Problem(teacher).hessian(here)
        dense = operator.dense()
        V = rng.standard_normal((operator.n_params, 3))
        scale = np.abs(dense).max()
        assert np.array_equal(dense, dense.T)
        assert np.abs(operator.matmat(V) - dense @ V).max() < 1e-12 * scale
        assert np.abs(operator.as_scipy() @ V[:, 0] - dense @ V[:, 0]).max() < 1e-12 * scale
        assert operator.trace() == pytest.approx(np.trace(dense), rel=1e-12)
        assert operator.frobenius_norm() == pytest.approx(np.linalg.norm(dense), rel=1e-12)
        blocks = operator.blocks()
        WW, Wa, aa = blocks["W", "W"], blocks["W", "a"], blocks["a", "a"]
        rebuilt = np.block([[WW, Wa], [Wa.T, aa]])
        assert np.array_equal(rebuilt, dense)
        if operator.functional is not None:
            parts = operator.outer.dense() + operator.functional.dense()
            assert np.abs(parts - dense).max() < 1e-13 * scale


@pytest.mark.parametrize("activation", ("erf", "relu", "quadratic:alpha=0.7"))
@pytest.mark.parametrize("at_optimum", (True, False))
def test_symmetry_reduction_keeps_the_spectrum(activation, at_optimum):
    teacher = sample_teacher(activation, d=9, k=2, seed=8)
    student = teacher if at_optimum else sample_teacher(activation, d=9, k=3, seed=9)
    operator = Problem(teacher).hessian(student)
    reduction = operator.structure.reduction()
    rank = 2 if at_optimum else 5
    (copies,) = reduction.copies
    assert copies.multiplicity == 9 - rank
    assert reduction.block.size == student.k * rank + student.k
    repeated = np.repeat(np.linalg.eigvalsh(copies.matrix), copies.multiplicity)
    values = np.sort(np.concatenate([np.linalg.eigvalsh(reduction.block.dense()), repeated]))
    expected = np.linalg.eigvalsh(operator.dense())
    assert np.abs(values - expected).max() < 1e-12 * expected.max()


def test_no_reduction_where_the_rows_span_everything():
    assert hessian_at_optimum(sample_teacher("erf", d=3, k=4)).structure.reduction() is None


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_frozen_layers_are_rows_and_columns_left_out(seed):
    d, k = 3, 2  # one shape, compiled once
    teacher = sample_teacher("erf", d, k, seed=seed)
    student = sample_teacher("erf", d, k, seed=seed + 1)
    whole = Problem(teacher).hessian(student)
    dense, n = whole.dense(), k * d
    for layers, kept in ((("W",), slice(0, n)), (("a",), slice(n, None))):
        problem = Problem(teacher, trainable=layers)
        part = problem.hessian(student)
        assert np.abs(part.dense() - dense[kept, kept]).max() <= 1e-15 * np.abs(dense).max()
        v = np.linspace(-1, 1, part.n_params)
        assert np.allclose(part.matvec(v), dense[kept, kept] @ v, atol=1e-13)
        assert np.allclose(problem.gradient(student), Problem(teacher).gradient(student)[kept], atol=1e-15)


@pytest.mark.parametrize("angle", [10.0**-p for p in range(1, 17, 3)] + [0.0])
@pytest.mark.parametrize("activation", ("relu", "erf", "abs"))
def test_hessian_is_continuous_at_aligned_and_opposite_neurons(activation, angle):
    direction = np.array([0.6, 0.8, 0.0])
    normal = np.array([0.0, 0.0, 1.0])
    for sign in (1.0, -1.0):
        near = sign * (np.cos(angle) * direction + np.sin(angle) * normal)
        at = hessian_at_optimum(Network([direction, near], [1.0, 2.0], activation)).dense()
        limit = hessian_at_optimum(Network([direction, sign * direction], [1.0, 2.0], activation)).dense()
        assert np.all(np.isfinite(at))
        assert np.abs(at - limit).max() <= 3 * angle * np.abs(limit).max() + 1e-13


def test_a_zero_neuron_under_a_kink_has_no_hessian():
    network = Network([[0.0, 0.0], [1.0, 0.0]], [1.0, 1.0], "relu")
    with pytest.raises(NoHessianError, match="neuron"):
        hessian_at_optimum(network)


def test_zero_neuron_is_fine_for_smooth_activations():
    assert np.isfinite(hessian_at_optimum(Network([[0.0, 0.0]], [1.0], "erf")).dense()).all()


def test_a_dense_form_that_does_not_fit_is_refused_with_sizes(monkeypatch):
    monkeypatch.setattr("tutelage.base.check.available_bytes", lambda: 10_000)
    with pytest.raises(InputError, match=r"P = 105 .* largest feasible: P = 2"):
        hessian_at_optimum(sample_teacher("erf", d=20, k=5)).dense()


def test_kinked_neurons_at_random_carry_no_plane_vectors():
    """A neuron is parallel to itself; listing that pair would copy the weights several times over."""
    network = sample_teacher("relu", d=5000, k=4, seed=0)
    operator = hessian_at_optimum(network)
    assert operator.plane is None
    assert operator.structure.reduction().block.size == 4 * 4 + 4


@pytest.mark.parametrize("angle", [1e-2, 1e-9, 0.0])
def test_close_kinked_neurons_of_many_inputs_keep_their_planes(angle):
    W = np.random.default_rng(0).normal(size=(3, 12))
    normal = W[2] - (W[2] @ W[0]) / (W[0] @ W[0]) * W[0]
    W[1] = W[0] + angle * np.linalg.norm(W[0]) / np.linalg.norm(normal) * normal
    wide = Network(W, [1.0, -0.5, 0.3], "relu")
    found, whole = spectrum(wide), spectrum(hessian_at_optimum(wide), "dense")
    assert np.abs(found.eigenvalues - whole.eigenvalues).max() <= 1e-13 * whole.values[-1]
