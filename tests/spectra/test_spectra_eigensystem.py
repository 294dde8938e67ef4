"""Structured eigenvectors: H V = V Λ, orthonormal, and the same projections as dense vectors."""

import numpy as np
import pytest
import scipy.linalg

from tutelage import Network, Problem, eigensystem, hessian_at_optimum, sample_teacher, spectrum
from tutelage.base.errors import AllocationError, InputError
from tutelage.spectra import linear_eigensystem

CASES = [
    ("linear", 3, 5, "closed form"),
    ("linear", 5, 3, "closed form"),
    ("quadratic:alpha=0.7", 3, 5, "function_space"),
    ("quadratic:alpha=0.7", 5, 3, "symmetry+function_space"),
    ("erf", 4, 4, "dense"),
    ("erf", 5, 3, "symmetry"),
]


@pytest.mark.parametrize(("activation", "d", "k", "method"), CASES)
def test_vectors_diagonalize_the_hessian(activation, d, k, method):
    network = sample_teacher(activation, d=d, k=k, seed=1)
    hessian, found = hessian_at_optimum(network).dense(), eigensystem(network)
    vectors, values = found.vectors(), found.spectrum().eigenvalues
    assert found.method == method
    assert np.abs(vectors.T @ vectors - np.eye(network.n_params)).max() < 1e-13
    assert np.abs(hessian @ vectors - vectors * values).max() < 1e-13 * values[-1]
    assert np.array_equal(found.multiplicities, found.spectrum().multiplicities)
    assert np.abs(values - spectrum(network, "dense").eigenvalues).max() < 1e-13 * values[-1]


@pytest.mark.parametrize(("activation", "d", "k", "method"), CASES)
def test_projections_and_functions_agree_with_dense_ones(activation, d, k, method):
    network = sample_teacher(activation, d=d, k=k, seed=2)
    hessian, found = hessian_at_optimum(network).dense(), eigensystem(network)
    delta = np.random.default_rng(0).normal(size=network.n_params)
    energies = found.project(delta)
    measure = found.measure(delta)
    assert energies.sum() == pytest.approx(delta @ delta, rel=1e-13)
    assert measure.mass == pytest.approx(delta @ delta, rel=1e-13)
    # moments of the measure: δᵀ H^n δ
    assert energies @ found.values == pytest.approx(delta @ hessian @ delta, rel=1e-12)
    assert energies @ found.values**2 == pytest.approx(np.sum((hessian @ delta) ** 2), rel=1e-12)
    flow = found.apply(lambda x: np.exp(-0.7 * x), delta)
    assert np.abs(flow - scipy.linalg.expm(-0.7 * hessian) @ delta).max() < 1e-13


@pytest.mark.parametrize("trainable", [None, "W"])
def test_away_from_the_optimum_and_with_frozen_layers_the_symmetry_still_serves(trainable):
    teacher, student = (sample_teacher("erf", d=7, k=2, seed=s) for s in (0, 1))
    operator = Problem(teacher, trainable=trainable).hessian(student)
    found = eigensystem(operator)
    vectors, values = found.vectors(), found.spectrum().eigenvalues
    assert found.method == "symmetry"
    assert np.abs(vectors.T @ vectors - np.eye(operator.size)).max() < 1e-13
    assert np.abs(operator.dense() @ vectors - vectors * values).max() < 1e-14


def test_projection_never_builds_a_matrix_of_all_parameters():
    network = sample_teacher("erf", d=40_000, k=2, seed=0)
    delta = np.random.default_rng(0).normal(size=network.n_params)
    found = eigensystem(network)
    product = hessian_at_optimum(network).matvec(delta)
    assert np.abs(found.apply(lambda x: x, delta) - product).max() < 1e-12
    with pytest.raises(AllocationError, match=r"project\(delta\)"):
        found.vectors()


@pytest.mark.parametrize(("d", "k"), [(3, 5), (5, 3), (4, 4), (1, 1)])
def test_closed_form_of_the_linear_network_is_the_generic_one(d, k):
    """[C25] A.3 against the function-space vectors, compared through their projections."""
    network = sample_teacher("linear", d=d, k=k, seed=3)
    closed = linear_eigensystem(network.W, network.a)
    hessian = hessian_at_optimum(network).dense()
    values, vectors = scipy.linalg.eigh(hessian)
    delta = np.random.default_rng(1).normal(size=network.n_params)
    for power in (1, 2, 3):
        ours = closed.project(delta) @ closed.values**power
        assert ours == pytest.approx((vectors.T @ delta) ** 2 @ values**power, rel=1e-12)
    assert closed.multiplicities.sum() == network.n_params


def test_silent_read_out_has_no_closed_form_but_an_eigensystem():
    with pytest.raises(InputError, match="non-zero read-out"):
        linear_eigensystem(np.eye(2), [0.0, 0.0])
    network = Network(np.eye(2), [0.0, 0.0], "linear")
    assert eigensystem(network).spectrum().eigenvalues == pytest.approx([0, 0, 0, 0, 1, 1])


@pytest.mark.parametrize("delta", [[1.0, 2.0], [[1.0] * 3] * 3, [np.nan] * 3])
def test_a_wrong_displacement_is_named(delta):
    with pytest.raises(InputError, match=r"Eigensystem\.project"):
        eigensystem(np.eye(3)).project(delta)
