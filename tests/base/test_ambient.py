"""What JAX, NumPy and the caller's own settings can change around a call changes none of its numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tutelage
from tutelage import Network, NoisyTeacher, Problem, empirical, simulate, spectrum
from tutelage.base.errors import InputError
from tutelage.base.precision import pinned
from tutelage.operators import MatrixOperator

AMBIENT = {
    "32 bits": lambda: jax.enable_x64(False),
    "64 bits": lambda: jax.enable_x64(True),
    "strict ranks": lambda: jax.numpy_rank_promotion("raise"),
    "strict dtypes": lambda: jax.numpy_dtype_promotion("strict"),
    "another generator": lambda: jax.default_prng_impl("rbg"),
    "another stream": lambda: jax.threefry_partitionable(False),
    "coarse products": lambda: jax.default_matmul_precision("bfloat16"),
    "exceptions": lambda: np.errstate(all="raise"),
}
X = np.random.default_rng(0).standard_normal((6, 3))


def neurons(spec, scale=1.0):
    return Network(scale * np.array([[1.0, 0.5, -0.2], [1.0, 2.0, 0.5]]), [1.0, -1.0], spec)


def sgd(network):
    start = NoisyTeacher(0.1)
    return simulate(Problem(network), start, "gd:learning_rate=0.1", steps=[0, 1, 5], batch=4, seed=3).loss


OF_A_NETWORK = {
    "outputs": lambda net: net(X),
    "spectrum": lambda net: spectrum(net).values,
    "lanczos": lambda net: spectrum(net, "lanczos").values,
    "loss": lambda net: Problem(net).loss(neurons(net.activation, 1.2)),
    "gradient": lambda net: Problem(net).gradient(neurons(net.activation, 1.2)),
    "Hessian": lambda net: Problem(net).hessian(neurons(net.activation, 1.2)).dense(),
    "of samples": lambda net: empirical.Problem(X, net(X)).hessian(neurons(net.activation, 1.2)).dense(),
    "tangent kernel": lambda net: tutelage.ntk(net, X),
    "rank": lambda net: tutelage.hessian_rank(net).rank,
    "stochastic descent": sgd,
}


@pytest.mark.parametrize("spec", ["erf", "relu", "tanh"])
@pytest.mark.parametrize("question", OF_A_NETWORK)
def test_ambient_settings_change_nothing(question, spec):
    ask, network = OF_A_NETWORK[question], neurons(spec)
    usual = np.asarray(ask(network))
    for name, ambient in AMBIENT.items():
        with ambient():
            np.testing.assert_array_equal(np.asarray(ask(network)), usual, err_msg=name)


LAWS = {
    "Marchenko-Pastur": lambda: tutelage.laws.MarchenkoPastur(0.5).cdf(np.linspace(-1.0, 9.0, 7)),
    "chi-square far out": lambda: tutelage.laws.ChiSquare(3).pdf(np.linspace(1e-300, 2000.0, 5)),
    "Wishart": lambda: tutelage.laws.Wishart(4, 3, 0.25).ppf([0.01, 0.5, 1.0]),
}


@pytest.mark.parametrize("law", LAWS)
def test_laws_under_raised_exceptions(law):
    usual = LAWS[law]()
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(LAWS[law](), usual)


def test_the_settings_of_the_caller_come_back():
    with jax.enable_x64(False), jax.numpy_rank_promotion("raise"), np.errstate(all="raise"):
        before = np.geterr(), jax.config.jax_numpy_rank_promotion
        with pytest.raises(RuntimeError), pinned():
            raise RuntimeError
        assert (np.geterr(), jax.config.jax_numpy_rank_promotion) == before
        assert not jax.config.jax_enable_x64


def to_32_bits(network):
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), network)


@pytest.mark.parametrize(
    "ask",
    [
        spectrum,
        Problem,
        tutelage.eigensystem,
        tutelage.hessian_rank,
        tutelage.fisher,
        lambda net: tutelage.ntk(net, X),
        lambda net: Problem(neurons("erf")).loss(net),
        lambda net: Problem(neurons("erf")).hessian(net),
        lambda net: empirical.Problem(X, X[:, 0]).gradient(net),
    ],
)
def test_float32_that_a_tree_operation_put_into_a_network_is_refused(ask):
    with pytest.raises(InputError, match="float64 arrays, got float32 in it"):
        ask(to_32_bits(neurons("erf")))


def test_a_matrix_of_an_operator_is_float64_or_refused():
    operator = MatrixOperator(np.diag([1.0, 2.0]))
    with jax.enable_x64(False), pytest.raises(InputError, match="64-bit"):
        operator.as_matrix()
    with jax.enable_x64(True):
        assert operator.as_matrix().dtype == np.float64


MASKED = np.ma.masked_greater(np.where(np.arange(18).reshape(6, 3) == 4, 1e12, X), 1e6)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: tutelage.ntk(neurons("erf"), MASKED),
        lambda: tutelage.fisher(neurons("erf"), MASKED),
        lambda: empirical.Problem(MASKED, X[:, 0]),
        lambda: empirical.Problem(X, MASKED[:, 1]),
        lambda: Network(MASKED, np.ones(6), "erf"),
        lambda: Network(X, np.ones(6), "erf", b=MASKED[:, 1]),
        lambda: neurons("erf")(MASKED),
        lambda: spectrum(np.ma.masked_equal(np.eye(3), 0)),
        lambda: tutelage.laws.MarchenkoPastur(0.5).cdf(MASKED),
        lambda: tutelage.GaussianInputs(covariance=np.ma.masked_equal(np.eye(3), 0)),
        lambda: tutelage.hessian_of((lambda v: v, 3)).matvec(MASKED[1]),
    ],
)
def test_masked_entries_are_refused(ask):
    with pytest.raises(InputError, match="masked"):
        ask()
