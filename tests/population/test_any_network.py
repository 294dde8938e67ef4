"""Biases, input laws and several outputs: every block against brute quadrature in the plane and autodiff of the loss."""

import dataclasses

import jax
import numpy as np
import pytest

from tutelage import GaussianInputs, Network, Problem, eigensystem, sample_teacher, spectrum
from tutelage.base.errors import AllocationError, InputError, NoHessianError
from tutelage.input_families import estimated, power_law, spiked
from tutelage.population import loss_and_gradient

CLOSED = (
    "linear", "quadratic:alpha=0.7", "polynomial:coefficients=0.2,1,-0.3,0.1", "erf", "erf:scale=0.7", "normal_cdf",
    "gelu", "sin", "cos", "exp", "gaussian_bump", "relu", "leaky_relu:slope=0.1", "abs", "tanh", "silu",
)  # fmt: skip
MEAN, FACTOR = np.array([0.3, -0.5]), np.array([[1.0, 0.0], [0.4, 0.7]])
# (outputs, hidden biases, output bias, inputs that are not standard)
KINDS = ((1, True, True, False), (2, True, True, True), (1, False, False, True), (3, False, True, False))


def network(activation, d, k, m=1, b=True, c=True, seed=0):
    rng = np.random.default_rng(seed)
    W, a = rng.standard_normal((k, d)) / np.sqrt(d / 2), rng.standard_normal((m, k))
    hidden, out = rng.standard_normal(k), rng.standard_normal(m)
    return Network(W, a, activation, hidden if b else None, out if c else None)


def laws(d, seed=5):
    """Input laws by name: any, few distinct eigenvalues, spikes, a singular one."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.standard_normal((d, d)))[0]
    mean, third = 0.4 * rng.standard_normal(d), d // 3
    of = lambda values: (basis * values) @ basis.T  # noqa: E731
    three = np.repeat([0.5, 1.0, 3.0], [third, third, d - 2 * third])
    half = np.repeat([0.0, 1.0], [d // 2, d - d // 2])
    return {
        "mean": GaussianInputs(mean), "three": GaussianInputs(mean, symmetric(of(three))),
        "three without mean": GaussianInputs(None, symmetric(of(three))),
        "spikes": spiked(d, [3.0, 1.5], 2, seed=seed, mean=mean), "singular": GaussianInputs(mean, symmetric(of(half))),
    }  # fmt: skip


def symmetric(matrix):
    return (matrix + matrix.T) / 2


def law_of(law):
    return {"mean": MEAN, "factor": FACTOR} if law else {}


@pytest.mark.parametrize("kind", KINDS[1:2])
@pytest.mark.parametrize("activation", ("erf", "relu"))
def test_loss_gradient_and_both_parts_are_those_of_brute_quadrature(check_plane, activation, kind):
    m, b, c, law = kind
    check_plane(network(activation, 2, 3, m, b, c, 2), network(activation, 2, 2, m, b, c, 1), **law_of(law))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", CLOSED)
def test_every_activation_is_that_of_brute_quadrature(check_plane, activation, kind):
    m, b, c, law = kind
    # Quadrature tables have their own error, about 1e-12.
    tolerance = 1e-10 if activation in ("tanh", "silu") else 1e-12
    # Averages of exponentials of long neurons lie further out than the oracle's grid.
    scale = 0.3 if activation == "exp" else 1.0
    pair = (network(activation, 2, k, m, b, c, seed) for k, seed in ((3, 2), (2, 1)))
    check_plane(
        *(dataclasses.replace(one, W=scale * one.W) for one in pair),
        tolerance=tolerance,
        **law_of(law),
    )


@pytest.mark.slow
@pytest.mark.parametrize("activation", ("relu", "leaky_relu:slope=0.1", "abs"))
@pytest.mark.parametrize("second", [(1.0, 1.0), (2.0, -0.3), (-1.0, -1.0), (-1.5, 0.4)])
def test_kinked_neurons_on_one_line_of_directions_are_right_wherever_their_biases_put_the_kinks(
    check_plane, activation, second
):
    """Equal, parallel, opposite with the same kink, opposite with a slab between: (scale of w, scale of b)."""
    w, b = np.array([0.8, 0.6]), 0.5
    rows, biases = [w, second[0] * w, [-0.3, 1.1]], [b, second[1] * b, 0.2]
    student = Network(rows, [1.0, -0.7, 0.4], activation, biases, 0.3)
    teacher = Network([w, [0.5, -0.9]], [0.6, 1.0], activation, [-0.2, 0.1])
    check_plane(student, teacher, tolerance=1e-11)


@pytest.mark.parametrize("activation", ("relu", "abs"))
@pytest.mark.parametrize("sign", (1.0, -1.0))
def test_hessian_is_continuous_where_kinked_neurons_with_biases_become_parallel(activation, sign):
    w, normal = np.array([0.6, 0.8, 0.0]), np.array([0.0, 0.0, 1.0])
    for other in (0.5 * sign, -0.2):  # the same kink, and another one

        def hessian(angle, other=other):
            near = sign * (np.cos(angle) * w + np.sin(angle) * normal)
            return Problem(Network([w, near], [1.0, 2.0], activation, [0.5, other])).hessian

        limit = Network([w, sign * w], [1.0, 2.0], activation, [0.5, other])
        at_limit = Problem(limit).hessian(limit).dense()
        for angle in (1e-2, 1e-5, 1e-8, 1e-12):
            near = sign * (np.cos(angle) * w + np.sin(angle) * normal)
            student = Network([w, near], [1.0, 2.0], activation, [0.5, other])
            at = Problem(student).hessian(student).dense()
            assert np.abs(at - at_limit).max() <= 5 * angle * np.abs(at_limit).max() + 1e-12


@pytest.mark.parametrize("kind", KINDS[1:2])
@pytest.mark.parametrize("activation", ("erf", "quadratic:alpha=0.7"))
def test_hessian_is_autodiff_of_the_loss_at_and_away_from_the_optimum(activation, kind):
    m, b, c, law = kind
    teacher, student = network(activation, 4, 3, m, b, c, 1), network(activation, 4, 4, m, b, c, 2)
    inputs = laws(4)["mean" if law else "three without mean"]
    problem = Problem(teacher, inputs)
    for here in (teacher, student):

        def loss(theta, here=here):
            layers = inputs.standardised(here.layout.split(theta))
            return loss_and_gradient.loss(teacher.activation, layers, inputs.standardised(teacher.layers))

        with jax.enable_x64(True):
            expected = np.asarray(jax.jit(jax.hessian(loss))(jax.numpy.asarray(here.theta)))
        assert np.abs(problem.hessian(here).dense() - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", ("erf", "relu"))
def test_product_trace_norm_and_blocks_are_those_of_the_dense_form(activation, kind):
    m, b, c, law = kind
    teacher, student = network(activation, 4, 3, m, b, c, 1), network(activation, 4, 4, m, b, c, 2)
    problem = Problem(teacher, laws(4)["mean"] if law else GaussianInputs())
    for here in (teacher, student):
        operator = problem.hessian(here)
        dense, V = operator.dense(), np.random.default_rng(0).standard_normal((operator.size, 2))
        scale = np.abs(dense).max()
        assert np.array_equal(dense, dense.T)
        assert np.abs(operator.matmat(V) - dense @ V).max() < 1e-12 * scale
        assert operator.trace() == pytest.approx(np.trace(dense), rel=1e-12)
        assert operator.frobenius_norm() == pytest.approx(np.linalg.norm(dense), rel=1e-12)
        if operator.functional is not None:
            assert np.abs(operator.outer.dense() + operator.functional.dense() - dense).max() < 1e-13 * scale


@pytest.mark.parametrize("law", ("none", *laws(3)))
@pytest.mark.parametrize("activation", ("erf", "relu", "quadratic:alpha=0.7"))
@pytest.mark.parametrize("m", (1, 4))
def test_reduction_and_eigensystem_keep_the_spectrum_at_and_away_from_the_optimum(activation, law, m):
    d = 21
    teacher, student = network(activation, d, 2, m, seed=1), network(activation, d, 2, m, seed=2)
    problem = Problem(teacher, GaussianInputs() if law == "none" else laws(d)[law])
    for here in (teacher, student):
        operator = problem.hessian(here)
        dense, reduction = operator.dense(), operator.structure.reduction()
        expected = np.linalg.eigvalsh(dense)
        scale = np.abs(expected).max()
        assert reduction.block.size < operator.size
        found, system = spectrum(operator), eigensystem(operator)
        vectors, values = system.vectors(), np.repeat(system.values, system.multiplicities)
        assert found.method.startswith("symmetry")
        assert np.abs(found.eigenvalues - expected).max() < 1e-12 * scale
        assert np.abs((vectors * values) @ vectors.T - dense).max() < 1e-12 * scale
        assert np.abs(vectors.T @ vectors - np.eye(operator.size)).max() < 1e-11


def test_sizes_of_the_reduction_are_those_of_the_formulas():
    """(d − r) copies of C = H_bb beside k(r + 2) + 1; two spikes with a mean: r = k + 2 + 1."""
    d, k = 24, 3
    teacher = network("erf", d, k)
    plain = Problem(teacher).hessian(teacher)
    reduction = plain.structure.reduction()
    (copies,) = reduction.copies
    assert (copies.multiplicity, reduction.block.size) == (d - k, k * (k + 2) + 1)
    assert np.abs(copies.matrix - plain.blocks()["b", "b"]).max() < 1e-15
    law = spiked(d, 5.0, 2, mean=np.ones(d))
    reduction = Problem(teacher, law).hessian(teacher).structure.reduction()
    r = k + 2 + 1
    assert reduction.block.size == k * r + 2 * k + 1 and reduction.copies[0].multiplicity == d - r


def test_several_outputs_reduce_by_the_rank_of_the_read_out():
    teacher = network("erf", 9, 3, 6, b=False, c=False)
    operator = Problem(teacher).hessian(teacher)
    reduction = operator.structure.reduction()
    assert reduction.block.size == 3 * 3 + 3 * 3 and operator.size == 45
    kappa = reduction.copies[1]
    assert kappa.multiplicity == 3 and np.abs(kappa.matrix - operator.tables.k00).max() < 1e-15


def test_linear_eigenvalues_of_several_outputs_are_all_sums():
    teacher = network("linear", 4, 5, 3, b=False, c=False)
    sums = np.linalg.eigvalsh(teacher.a @ teacher.a.T)[:, None] + np.linalg.eigvalsh(teacher.W.T @ teacher.W)
    found = spectrum(teacher).eigenvalues[-12:]
    assert np.abs(found - np.sort(sums.ravel())).max() < 1e-13 * sums.max()


@pytest.mark.parametrize("mean", (None, [1.0, 0.0, -0.5, 0.2]))
def test_the_linear_network_sees_the_second_moment_alone(mean):
    inputs = power_law(4, exponent=1.5, mean=mean)
    moment = inputs.covariance + (0.0 if mean is None else np.outer(mean, mean))
    teacher = sample_teacher("linear", 4, 6, seed=3)
    root = np.linalg.cholesky(moment)
    inner = root.T @ (teacher.a @ teacher.a * np.eye(4) + teacher.W.T @ teacher.W) @ root
    found = spectrum(Problem(teacher, inputs)).eigenvalues[-4:]
    assert np.abs(found - np.linalg.eigvalsh(inner)).max() < 1e-13 * found[-1]


@pytest.mark.parametrize("layers", (("W",), ("b",), ("a", "c"), ("W", "a"), ("b", "c"), ("W", "b", "a", "c")))
@pytest.mark.parametrize("m", (1, 3))
def test_frozen_layers_are_rows_and_columns_left_out(layers, m):
    teacher, student = network("erf", 7, 2, m, seed=1), network("erf", 7, 2, m, seed=2)
    inputs = spiked(7, 2.0, 1, mean=np.linspace(-1, 1, 7))
    whole = Problem(teacher, inputs)
    dense, gradient = whole.hessian(student).dense(), whole.gradient(student)
    kept = np.concatenate([np.arange(len(gradient))[student.layout.slices[name]] for name in layers])
    problem = Problem(teacher, inputs, trainable=layers)
    operator = problem.hessian(student)
    part = dense[np.ix_(kept, kept)]
    assert np.abs(operator.dense() - part).max() <= 1e-13 * np.abs(dense).max()
    assert np.abs(problem.gradient(student) - gradient[kept]).max() <= 1e-14
    assert (
        np.abs(spectrum(operator).eigenvalues - np.linalg.eigvalsh(part)).max() < 1e-12 * np.abs(dense).max()
    )


@pytest.mark.parametrize(
    "activation", ("linear", "quadratic:alpha=0.7", "polynomial:coefficients=0.2,1,-0.3,0.1")
)
@pytest.mark.parametrize("layers", ("b", "c", "bc"))
def test_function_space_of_polynomials_has_all_that_biases_reach(activation, layers):
    teacher = network(activation, 3, 9, 1, "b" in layers, "c" in layers)
    for problem in (Problem(teacher), Problem(teacher, laws(3)["mean"])):
        operator = problem.hessian(teacher)
        factor = operator.structure.factor
        rows, dense = factor.rows(), operator.dense()
        assert rows.shape == (factor.size, operator.size)
        assert np.abs(rows.T @ rows - dense).max() < 1e-13 * np.abs(dense).max()
        assert np.abs(factor.gram() - rows @ rows.T).max() < 1e-13 * np.abs(dense).max() * operator.size
        assert np.abs(spectrum(operator).eigenvalues - np.linalg.eigvalsh(dense)).max() < 1e-12 * dense.max()


@pytest.mark.parametrize("noise", (1e-3, 1e-7, 1e-11))
def test_the_loss_keeps_its_digits_next_to_the_teacher(noise):
    teacher, inputs = network("erf", 3, 2, 2), laws(3)["spikes"]
    problem = Problem(teacher, inputs)
    step = noise * np.random.default_rng(3).standard_normal(teacher.n_params)
    student = teacher.with_theta(teacher.theta + step)
    step = student.theta - teacher.theta
    dense = problem.hessian(teacher).dense()
    assert problem.loss(student) == pytest.approx(0.5 * step @ dense @ step, rel=30 * noise + 1e-9)
    slope = dense @ step
    assert np.abs(problem.gradient(student) - slope).max() < (30 * noise + 1e-9) * np.abs(slope).max()


def test_zero_biases_and_the_identity_change_nothing():
    plain = network("erf", 4, 3, b=False, c=False)
    biased = Network(plain.W, plain.a, "erf", np.zeros(3))
    at, slices = Problem(biased).hessian(biased).dense(), biased.layout.slices
    kept = np.r_[slices["W"], slices["a"]]
    expected = Problem(plain).hessian(plain).dense()
    assert np.abs(at[np.ix_(kept, kept)] - expected).max() < 1e-15
    same = Problem(plain, GaussianInputs(np.zeros(4), np.eye(4))).hessian(plain)
    assert np.array_equal(same.dense(), expected)
    assert Problem(plain).hessian(Network(plain.W, plain.a, "erf", np.zeros(3))).semidefinite


def test_a_bias_holds_a_zero_neuron_off_the_kink(check_plane):
    held = Network([[0.0, 0.0], [1.0, 0.5]], [1.0, 2.0], "relu", [0.4, 0.1])
    check_plane(held, Network([[0.3, 0.9]], [1.0], "relu", [0.2]))
    with pytest.raises(NoHessianError, match="neuron"):
        bare = Network([[0.0, 0.0], [1.0, 0.5]], [1.0, 2.0], "relu", [0.0, 0.1])
        Problem(bare).hessian(bare)


def test_families_of_inputs_have_the_moments_they_say():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 8)) * np.linspace(1, 2, 8) + 3
    law = estimated(X, shrinkage=0.3)
    S = np.cov(X.T, bias=True)
    assert np.allclose(law.covariance, 0.7 * S + 0.3 * np.trace(S) / 8 * np.eye(8)) and np.allclose(
        law.mean, X.mean(0)
    )
    few = estimated(X[:5])
    assert np.linalg.eigvalsh(few.covariance)[0] > 0 and np.trace(few.covariance) == pytest.approx(
        np.trace(np.cov(X[:5].T, bias=True))
    )
    assert np.allclose(np.linalg.eigvalsh(spiked(6, [2.0, 0.5], 2).covariance), [1, 1, 1, 1, 1.5, 3])
    assert np.trace(power_law(7, 2.0).covariance) == pytest.approx(7)
    with pytest.raises(AllocationError, match="spiked inputs"):
        power_law(10**7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: Problem(t, spiked(5, 1.0)), "dimension of the input law"),
        (lambda t: Problem(t).loss(network("erf", 4, 3, 2)), "numbers of outputs"),
        (lambda t: Network(t.W, t.a, "erf", np.ones(2)), r"b of shape \(3,\)"),
        (lambda t: spiked(4, -2.0), "at least -1"),
        (lambda t: spiked(4, 1.0, count=5), "up to d = 4"),
        (lambda t: spiked(4, 1.0, mean=[1.0]), "length of the mean"),
        (lambda t: estimated([[1.0]]), "two rows"),
        (lambda t: estimated([[1.0], [2.0]], shrinkage=2), "between 0 and 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call(network("erf", 4, 3))
