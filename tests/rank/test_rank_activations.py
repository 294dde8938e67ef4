"""Every activation family at special weights: exact counts against singular values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tutelage import Architecture, InputError, Network, effective_parameters, hessian_rank
from tutelage.activations import ACTIVATIONS, as_activation
from tutelage.base.errors import NoHessianError, NotAvailableError

W = np.array([[0.5, -1.0, 0.25], [1.25, 0.5, -0.75], [-0.5, 0.75, 1.0], [0.25, 1.5, 0.5], [-1.0, 0.5, 0.75]])
a = np.array([1.0, -0.5, 0.75, 1.25, -0.625])


def tangent_rank_in_floating_point(network):
    """Singular values of the tangent functions at 300 Gaussian points; 1e-11 lies in a wide gap."""
    with jax.enable_x64(True):
        points = np.random.default_rng(0).normal(size=(300, network.d))
        pre = jnp.asarray(points @ network.W.T)
        value = np.asarray(jax.vmap(jax.vmap(network.activation))(pre))
        slope = np.asarray(jax.vmap(jax.vmap(jax.grad(network.activation)))(pre))
    across = (network.a * slope)[:, :, None] * points[:, None, :]
    values = np.linalg.svd(np.concatenate([across.reshape(300, -1), value], axis=1), compute_uv=False)
    return int(np.sum(values > 1e-11 * values[0]))


def special():
    opposite, silent, zero = W.copy(), a.copy(), W.copy()
    opposite[1], opposite[3], silent[0], zero[2] = -W[0], -W[2], 0, 0
    doubled = W.copy()
    doubled[1] = 2 * W[0]
    doubled[3] = -2 * W[0]
    return {
        "generic": (W, a),
        "duplicated": (W[[0, 0, 1, 2, 3]], a),
        "two opposite pairs": (opposite, a),
        "two opposite pairs, one silent": (opposite, silent),
        "on one line": (doubled, a),
        "silent": (W, silent),
        "zero neuron": (zero, a),
        "zero silent neuron": (zero, np.where(np.arange(5) == 2, 0, a)),
    }


FAMILIES = [n for n in ("sin", "cos", "exp", "gaussian_bump", "normal_cdf", "gelu", "tanh", "sigmoid", "softplus", "silu")
            if n in ACTIVATIONS]  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_analytic_families_are_proven_and_agree_with_singular_values(family):
    for name, (weights, read_out) in special().items():
        network = Network(weights, read_out, family)
        result = hessian_rank(network, floating=False, primes=1)
        assert (result.rank, result.status) == (tangent_rank_in_floating_point(network), "proven"), name


@pytest.mark.parametrize("family", ["relu", "leaky_relu:slope=0.25", "leaky_relu:slope=-0.5", "abs"])
def test_kinked_families_are_proven_and_agree_with_singular_values(family):
    for name, (weights, read_out) in special().items():
        network = Network(weights, read_out, family)
        if name.startswith("zero"):
            with pytest.raises(NoHessianError, match="w_2 = 0"):
                hessian_rank(network)
            continue
        result = hessian_rank(network, floating=False)
        assert (result.rank, result.status) == (tangent_rank_in_floating_point(network), "proven"), name


@pytest.mark.parametrize("family", [f for f in FAMILIES if f not in ("gelu", "softplus", "silu")])
def test_generic_full_rank_is_certified_by_the_series(family):
    result = effective_parameters(Architecture((4, 4, 1), family), primes=1)
    assert result.is_proven and result.lower_bound.value == result.rank == 20 and result.agrees


def test_exponentials_with_biases_lose_one_parameter_per_neuron():
    result = effective_parameters(Architecture((3, 4, 1), "exp", (True, False)), primes=1)
    assert (result.rank, result.n_params, result.is_proven) == (16, 20, True)


@pytest.mark.parametrize("biases", [False, True])
def test_relu_networks_lose_their_rescalings_and_are_labelled_numerical(biases):
    result = effective_parameters(Architecture((3, 4, 1), "relu", biases))
    assert result.status == "numerical" and result.lower_bound.value == 0
    assert result.rank == result.upper_bound.value == result.n_params - 4 and result.agrees
    assert result.floating.gap > 1e8


def test_deep_relu_networks_say_that_their_rank_depends_on_the_region():
    result = effective_parameters(Architecture((3, 3, 2, 1), "relu", True))
    assert result.rank <= result.upper_bound.value == result.n_params - 5 and result.formula is None
    assert any("region of weights" in note for note in result.notes)


def test_irrational_series_are_named_and_the_numerical_rank_offered():
    with pytest.raises(NotAvailableError, match=r"'gelu'.*irrational.*method='numerical'"):
        effective_parameters(Architecture((3, 3, 1), "gelu"))
    assert effective_parameters(Architecture((3, 3, 1), "gelu"), method="numerical").rank == 12
    with pytest.raises(NotAvailableError, match=r"'relu'.*a kink"):
        effective_parameters(Architecture((3, 3, 1), "relu"), method="exact")


def test_a_series_known_up_to_its_constant_needs_a_bias_behind_it():
    with pytest.raises(NotAvailableError, match="add biases"):
        effective_parameters(Architecture((2, 2, 2, 1), "normal_cdf"))
    result = effective_parameters(Architecture((2, 2, 2, 1), "normal_cdf", True), primes=1)
    assert result.is_proven and result.rank == result.n_params


def test_an_undeclared_function_is_counted_in_floating_point_only():
    numerical = pytest.importorskip("tutelage.activations.numerical")
    network = Network(W[:3], a[:3], numerical.Numerical(jnp.arctan))
    result = hessian_rank(network)
    assert (result.rank, result.status, result.lower_bound.value) == (12, "numerical", 0)
    with pytest.raises(InputError, match="floating=True"):
        hessian_rank(network, floating=False)
    assert as_activation(network.activation) is network.activation
