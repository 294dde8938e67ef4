"""Constant and zero functions: every answer is exact."""

import numpy as np
import pytest

from tutelage import Architecture, Network, Polynomial, effective_parameters, hessian_rank
from tutelage.dynamics import NoisyTeacher, predict_loss, spectral_measure
from tutelage.population import Problem
from tutelage.rank import compress, equivalent, flat_directions, verify
from tutelage.spectra import eigensystem, spectrum

RNG = np.random.default_rng(0)


def network(constant, d, k):
    coefficients = (constant,) if constant else (0.0, 0.0)
    return Network(RNG.normal(size=(k, d)), RNG.normal(size=k), Polynomial(coefficients))


CASES = [(c, d, k) for c in (0.0, 2.0) for d, k in ((3, 2), (2, 3), (1, 1))]


@pytest.mark.parametrize(("constant", "d", "k"), CASES)
def test_the_hessian_of_a_constant_has_one_eigenvalue(constant, d, k):
    # only the block of the read-outs is not zero, and it is c^2 everywhere: k c^2 once
    expected = np.zeros(k * d + k)
    expected[-1] = k * constant**2
    for method in ("auto", "dense", "function_space"):
        found = spectrum(network(constant, d, k), method=method)
        np.testing.assert_allclose(found.eigenvalues, expected, rtol=1e-14, atol=1e-14)
    assert spectrum(network(constant, d, k)).rank == bool(constant)
    sectors = eigensystem(network(constant, d, k)).sectors
    assert max(s.values.max(initial=0.0) for s in sectors) == pytest.approx(k * constant**2)
    curve = predict_loss(spectral_measure(network(constant, d, k), NoisyTeacher(1.0)), [0.0, 1.0])
    assert curve.loss[0] == pytest.approx(k * constant**2 / 2)


@pytest.mark.parametrize(("constant", "d", "k"), CASES)
def test_its_rank_is_proven(constant, d, k):
    teacher = network(constant, d, k)
    for found in (hessian_rank(teacher), effective_parameters(teacher)):
        assert (found.rank, found.status, found.agrees) == (bool(constant), "proven", True)
        assert found.certificate is not None and verify(found.certificate)
    assert flat_directions(teacher).dimension == teacher.n_params - bool(constant)
    assert flat_directions(teacher).symmetry_residual < 1e-14


@pytest.mark.parametrize("constant", [0.0, 2.0])
@pytest.mark.parametrize("biases", [(True, False, False), (True, True, True)])
def test_deep_networks_with_a_constant_layer(constant, biases):
    inner = Polynomial((constant, 0.0))
    found = effective_parameters(Architecture((3, 2, 2, 1), (inner, "quadratic"), biases))
    # the output is one number
    assert found.is_proven and found.rank == bool(constant or any(biases[1:]))


@pytest.mark.parametrize("constant", [0.0, 2.0])
def test_it_compresses_to_one_number_or_none(constant):
    teacher = network(constant, 3, 4)
    description = compress(teacher)
    assert description.size == bool(constant)
    back = description.to_network()
    x = RNG.normal(size=(5, 3))
    np.testing.assert_allclose(back(x), teacher(x), rtol=1e-13, atol=1e-13)
    assert equivalent(back, teacher)
    assert equivalent(teacher, Network(teacher.W, 2 * teacher.a, teacher.activation)).same == (not constant)
    assert Problem(teacher).loss(back) < 1e-25


def test_networks_that_are_zero():
    for W, a in ((np.zeros((2, 3)), [1.0, 2.0]), (np.eye(2, 3), [0.0, 0.0]), (np.zeros((2, 3)), [0.0, 0.0])):
        zero = Network(W, a, "erf")
        rank = hessian_rank(zero)
        assert rank.is_proven and rank.rank == np.sum(spectrum(zero).eigenvalues > 1e-12)
        assert compress(zero).size == 0 and equivalent(zero, Network([[1.0, 0, 0]], [0.0], "erf"))
