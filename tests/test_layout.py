"""Layout: joining and splitting are inverse, for every set of layers, in NumPy and traced."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage import Layout, Network
from tutelage.base.errors import InputError

NAMES = ("W", "b", "a", "c")
SUBSETS = [names for n in range(1, 5) for names in itertools.combinations(NAMES, n)]


def layers_of(d, k, m, seed):
    rng = np.random.default_rng(seed)
    outputs = () if m == 1 else (m,)
    shapes = {"W": (k, d), "b": (k,), "a": (*outputs, k), "c": outputs}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


@settings(max_examples=30)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.sampled_from(SUBSETS), st.integers(0, 99))
def test_splitting_is_the_inverse_of_joining(d, k, m, trained, seed):
    layers = layers_of(d, k, m, seed)
    layout = Layout({name: array.shape for name, array in layers.items()}, trained)
    theta = layout.flatten(layers)
    assert theta.shape == (layout.size,) == (sum(layers[name].size for name in trained),)
    assert np.array_equal(
        theta, np.concatenate([np.ravel(layers[name]) for name in NAMES if name in trained])
    )
    frozen = {name: array for name, array in layers.items() if name not in trained}
    back = layout.split(theta, frozen)
    assert set(back) == set(NAMES) and all(np.array_equal(back[name], layers[name]) for name in NAMES)
    many = np.stack([theta, 2 * theta])
    assert np.array_equal(layout.flatten(layout.split(many)), many)
    with jax.enable_x64(True):
        traced = jax.jit(lambda t: layout.flatten(layout.split(t)))(jnp.asarray(theta))
    assert isinstance(traced, jax.Array) and np.array_equal(traced, theta)


def test_layers_of_a_numpy_vector_are_views_into_it():
    layout, theta = Layout({"W": (2, 3), "a": (2,)}), np.zeros((4, 8))
    layers = layout.split(theta)
    layers["W"][:, 1, 2] = 5.0
    layers["a"][...] = 7.0
    assert np.all(theta[:, 5] == 5.0) and np.all(theta[:, 6:] == 7.0)


def test_the_order_is_that_of_the_network():
    layers = layers_of(3, 2, 2, 0)
    network = Network(layers["W"], layers["a"], "erf", layers["b"], layers["c"])
    assert list(network.layout.slices) == ["W", "b", "a", "c"]
    assert np.array_equal(network.theta, network.layout.flatten(layers))
    only = network.layout.only(("c", "W"))
    assert only.trained == ("W", "c") and only.slices == {"W": slice(0, 6), "c": slice(6, 8)}
    assert np.array_equal(
        network.layout.select(network.theta, ("c", "b")), np.concatenate([layers["b"], layers["c"]])
    )
    matrix = np.add.outer(network.theta, 100 * network.theta)
    assert np.array_equal(
        network.layout.block(matrix, "b", "c"), np.add.outer(layers["b"], 100 * layers["c"])
    )
    assert hash(only) == hash(network.layout.only("c").only(("W", "c"))) and only != network.layout


@pytest.mark.parametrize(
    ("trained", "words"),
    [((), "one or more of 'W', 'a'"), (("W", "W"), "each once"), ("w", "unknown trainable layer 'w'")],
)
def test_trained_layers_that_are_none_are_named(trained, words):
    with pytest.raises(InputError, match=words):
        Layout({"W": (1, 2), "a": (1,)}, trained)
