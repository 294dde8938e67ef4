"""Every method against the dense matrix, and the laws a spectrum obeys."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage import (
    Network,
    Numerical,
    Problem,
    empirical,
    explain_method,
    hessian_at_optimum,
    sample_teacher,
    spectrum,
)
from tutelage.base.errors import AllocationError, InputError, NotAvailableError

SHAPES = [(3, 5), (5, 3), (4, 4), (6, 1), (1, 4)]
ACTIVATIONS = ["linear", "quadratic:alpha=0.7", "erf"]


def dense_values(network):
    return scipy.linalg.eigvalsh(hessian_at_optimum(network).dense())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(max_examples=10)
@given(shape=st.sampled_from(SHAPES), seed=st.integers(0, 10**6))
def test_laws_of_a_spectrum(activation, shape, seed):
    """Σ m = P, Σ m λ = trace, Σ m λ² = |H|², and every value within its error bar of the dense one."""
    d, k = shape
    network = sample_teacher(activation, d=d, k=k, seed=seed)
    operator, found = hessian_at_optimum(network), spectrum(network)
    largest = found.values[-1]
    assert found.multiplicities.sum() == network.n_params
    assert found.trace() == pytest.approx(operator.trace(), rel=1e-13)
    assert found.frobenius_norm() == pytest.approx(operator.frobenius_norm(), rel=1e-13)
    distance = np.abs(found.eigenvalues - dense_values(network))
    assert distance.max() <= found.errors.max() + 1e-14 * largest
    assert found.errors.max() < 1e-13 * largest


FAMILIES = ["relu", "sin", "cos", "normal_cdf", "gelu", "exp", "polynomial:coefficients=0,1,-0.3,0.2"]


@pytest.mark.parametrize("activation", FAMILIES)
def test_every_family_obeys_the_laws_and_its_symmetry(activation):
    network = sample_teacher(activation, d=5, k=3, seed=1)
    operator, found = hessian_at_optimum(network), spectrum(network)
    assert found.multiplicities.sum() == network.n_params
    assert found.multiplicities.max() >= 2
    assert found.trace() == pytest.approx(operator.trace(), rel=1e-13)
    assert found.frobenius_norm() == pytest.approx(operator.frobenius_norm(), rel=1e-13)
    assert np.abs(found.eigenvalues - dense_values(network)).max() <= 1e-14 * found.values[-1]


def test_error_bars_of_quadrature_activations_hold_the_quadrature_error():
    """gelu as a plain function against its closed form: the difference lies within the bars, which are not round-off."""
    exact = sample_teacher("gelu", d=3, k=2, seed=0)
    found = spectrum(Network(exact.W, exact.a, "tanh"))
    assert 1e-16 < found.errors[-1] / found.values[-1] < 1e-8
    plain = Numerical(exact.activation)
    by_rule, closed = spectrum(Network(exact.W, exact.a, plain)), spectrum(exact)
    assert (
        np.abs(by_rule.eigenvalues - closed.eigenvalues).max() <= by_rule.errors.max() + closed.errors.max()
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(max_examples=5)
@given(seed=st.integers(0, 10**6))
def test_rotating_the_inputs_changes_nothing(activation, seed):
    network = sample_teacher(activation, d=5, k=3, seed=seed)
    rotation = scipy.stats.ortho_group.rvs(5, random_state=seed)
    turned = Network(network.W @ rotation, network.a, activation)
    first, second = spectrum(network), spectrum(turned)
    assert np.array_equal(first.multiplicities, second.multiplicities)
    assert np.abs(first.values - second.values).max() <= 1e-13 * first.values[-1]


@pytest.mark.parametrize(
    ("activation", "d", "k", "methods"),
    [
        ("linear", 5, 3, ("symmetry", "function_space", "dense")),
        ("linear", 3, 5, ("function_space", "dense")),
        ("quadratic:alpha=0.7", 5, 3, ("symmetry", "function_space", "dense")),
        ("quadratic:alpha=0.7", 3, 5, ("function_space", "dense")),
        ("erf", 5, 3, ("symmetry", "extended", "dense")),
    ],
)
def test_methods_agree(activation, d, k, methods):
    network = sample_teacher(activation, d=d, k=k, seed=4)
    first, *others = (spectrum(network, method).eigenvalues for method in ("auto", *methods))
    for other in others:
        assert np.abs(first - other).max() <= 1e-13 * first[-1]


def test_symmetry_away_from_the_optimum():
    teacher, student = (sample_teacher("erf", d=7, k=2, seed=s) for s in (0, 1))
    operator = Problem(teacher).hessian(student)
    found = spectrum(operator)
    assert found.method == "symmetry"
    assert found.multiplicities.max() == 3
    assert found.values[0] < 0
    assert np.abs(found.eigenvalues - scipy.linalg.eigvalsh(operator.dense())).max() < 1e-14


@pytest.mark.parametrize(
    ("activation", "d", "k", "rank"),
    [
        ("linear", 5, 3, 5),
        ("linear", 3, 5, 3),
        ("quadratic", 3, 7, 9),
        ("quadratic", 7, 3, 21),
        ("polynomial:coefficients=0,0,1", 4, 6, 10),
        ("polynomial:coefficients=0,0,0,1", 5, 2, 10),
        ("relu", 4, 3, 12),
        ("abs", 3, 4, 12),
        ("leaky_relu:slope=0.1", 3, 4, 12),
    ],
)
def test_structural_zeros_are_exact_and_give_the_rank(activation, d, k, rank):
    network = sample_teacher(activation, d=d, k=k, seed=2)
    found = spectrum(network)
    assert found.rank == rank
    assert found.multiplicities[(found.values == 0) & (found.errors == 0)].sum() == network.n_params - rank
    assert found.numerical_rank().rank == rank


def test_linear_network_has_the_closed_spectrum():
    """|a|² + eig(WᵀW) ([C25] section 3)."""
    network = sample_teacher("linear", d=4, k=6, seed=5)
    expected = np.sort(network.a @ network.a + scipy.linalg.eigvalsh(network.W.T @ network.W))
    assert np.abs(spectrum(network).values[1:] - expected).max() < 1e-14 * expected[-1]


def test_cost_does_not_depend_on_the_input_dimension():
    network = sample_teacher("erf", d=20_000, k=3, seed=0)
    explained = explain_method(network)
    assert (explained.method, explained.size, explained.fits) == ("symmetry", 12, True)
    found = spectrum(network)
    assert found.multiplicities.sum() == network.n_params
    assert found.trace() == pytest.approx(hessian_at_optimum(network).trace(), rel=1e-13)


def test_explanation_says_why_not():
    text = repr(explain_method(sample_teacher("erf", d=3, k=4, seed=0)))
    assert "not symmetry: the neurons span" in text and "not function_space" in text
    assert explain_method(sample_teacher("quadratic", d=3, k=6, seed=0)).size == 9
    assert "<table>" in explain_method(np.eye(3))._repr_html_()


@pytest.mark.parametrize(("n", "method"), [(9, "function_space"), (40, "dense")])
def test_hessians_of_data_have_the_rank_of_their_samples(n, method):
    teacher = sample_teacher("erf", d=4, k=3, seed=0)
    X = np.random.default_rng(0).normal(size=(n, 4))
    operator = empirical.Problem.from_teacher(teacher, X).hessian(teacher).outer
    found = spectrum(operator)
    assert found.method == method
    assert found.rank == min(n, 15)
    assert np.abs(found.eigenvalues - scipy.linalg.eigvalsh(operator.dense())).max() < 1e-13
    in_functions = spectrum(operator, "function_space")
    assert np.abs(in_functions.eigenvalues - found.eigenvalues).max() < 1e-13


@pytest.mark.parametrize("which", ["largest", "smallest", "both"])
@pytest.mark.parametrize("method", ["lanczos", "auto"])
def test_ends_of_the_spectrum(which, method):
    matrix = np.diag([1.0, 2.0, 5.0, 5.5, 7.0, 8.0, 20.0, 21.0])
    found = spectrum(matrix, method, count=4, which=which)
    every = np.diag(matrix)
    expected = {"largest": every[-4:], "smallest": every[:4], "both": every[[0, 1, -2, -1]]}[which]
    assert np.abs(found.eigenvalues - expected).max() <= found.errors.max()
    assert not found.is_complete


def test_ends_split_multiplicities():
    found = spectrum(sample_teacher("linear", d=3, k=5, seed=0), count=4, which="smallest")
    assert found.values.tolist() == [0.0] and found.multiplicities.tolist() == [4]
    both = spectrum(sample_teacher("linear", d=3, k=5, seed=0), count=40, which="both")
    assert both.is_complete


def test_lanczos_runs_on_products_alone():
    network = sample_teacher("erf", d=12, k=14, seed=0)
    found = spectrum(network, "lanczos", count=3)
    assert np.abs(found.values - dense_values(network)[-3:]).max() <= found.errors.max()


def test_a_matrix_that_does_not_fit_is_refused_with_its_size(monkeypatch):
    from tutelage.base import check

    monkeypatch.setattr(check, "available_bytes", lambda: 20_000)
    with pytest.raises(AllocationError, match=r"P = 100 .*largest feasible: P = "):
        spectrum(sample_teacher("erf", d=9, k=10, seed=0), "dense")
    with pytest.raises(AllocationError, match="function_space"):
        spectrum(sample_teacher("quadratic", d=9, k=10, seed=0), "function_space")
    assert not explain_method(sample_teacher("erf", d=9, k=10, seed=0)).fits


@pytest.mark.parametrize(
    ("method", "source", "words"),
    [
        ("symmetry", sample_teacher("erf", d=2, k=3), "fewer than d"),
        ("function_space", sample_teacher("erf", d=2, k=3), "polynomial"),
        ("extended", np.eye(3), "elementary"),
        ("lanczos", np.eye(3), "count < P"),
    ],
)
def test_a_method_that_does_not_apply_names_one_that_does(method, source, words):
    with pytest.raises(NotAvailableError, match=f"{words}.*use method="):
        spectrum(source, method)


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        (np.eye(3), {"method": "simmetry"}, "did you mean 'symmetry'"),
        (np.eye(3), {"which": "large"}, "did you mean 'largest'"),
        (np.eye(3), {"count": 0}, "count >= 1"),
        (np.ones((2, 3)), {}, "square"),
        ([[1.0, 2.0], [0.0, 1.0]], {}, "symmetric"),
        ([[1.0, np.nan], [np.nan, 1.0]], {}, "finite"),
        ([[1j]], {}, "real"),
        ([], {}, "dimension"),
        ("erf", {}, "got str"),
        (None, {}, "got NoneType"),
    ],
)
def test_bad_input_is_named(source, options, words):
    with pytest.raises(InputError, match=words):
        spectrum(source, **options)


def test_matrices_in_other_clothes():
    import jax.numpy as jnp

    assert spectrum([[2.0, 1.0], [1.0, 2.0]]).eigenvalues == pytest.approx([1.0, 3.0])
    assert spectrum(jnp.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues == pytest.approx([1.0, 3.0])
