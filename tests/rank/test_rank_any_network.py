"""Ranks with biases and several outputs: tables of science 5 and 19, special weights against the Hessian itself."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg

from tutelage import Architecture, Erf, Network, effective_parameters, hessian_at_optimum, hessian_rank
from tutelage.rank import compress, equivalent, flat_directions, verify

U2, CUBIC = "polynomial:coefficients=0,0,1", "polynomial:coefficients=0,1,1,1"


def network(activation, d, k, m=1, b=True, c=True, seed=0):
    rng = np.random.default_rng(seed)
    W, a = rng.standard_normal((k, d)), rng.standard_normal((m, k))
    hidden, out = rng.standard_normal(k), rng.standard_normal(m)
    return Network(W, a, activation, hidden if b else None, out if c else None)


def counted(network):
    """Eigenvalues of the Hessian that are not round-off."""
    values = scipy.linalg.eigvalsh(hessian_at_optimum(network).dense())
    return int(np.sum(values > 1e-13 * values[-1]))


@pytest.mark.parametrize(
    ("activation", "sizes", "layers", "rank"),
    [
        ("quadratic", (6, 6, 1), "b", 28), (CUBIC, (4, 6, 1), "b", 34), ("linear", (3, 4, 1), "bc", 4),
        ("erf", (3, 2, 1), "bc", 11), ("erf", (3, 2, 1), "b", 10), ("gelu", (3, 2, 1), "bc", 11),
        ("relu", (3, 2, 1), "bc", 9), ("relu", (3, 2, 1), "b", 8), (U2, (3, 2, 1), "b", 7),
        ("quadratic", (3, 5, 4), "", 34), (U2, (4, 5, 3), "", 29), ("linear", (4, 2, 3), "", 10),
        ("erf", (3, 2, 4), "bc", 20), ("relu", (3, 2, 4), "bc", 18), ("tanh", (2, 3, 2), "c", 14),
    ],
)  # fmt: skip
def test_ranks_here_are_those_of_the_tables(activation, sizes, layers, rank):
    d, k, m = sizes
    found = hessian_rank(network(activation, d, k, m, "b" in layers, "c" in layers), floating=False)
    assert (found.rank, found.status) in {(rank, "proven"), (rank, "probabilistic")}
    assert found.certificate is None or verify(found.certificate)


@pytest.mark.parametrize(
    ("sizes", "activation", "rank"),
    [((4, 6, 5), U2, 47), ((6, 8, 3), U2, 62), ((3, 5, 4), "quadratic", 34), ((4, 3, 2), "quadratic", 18)],
)
def test_generic_ranks_of_several_outputs_have_their_exceptions(sizes, activation, rank):
    d, k, m = sizes
    found = effective_parameters(Architecture((d, k, m), activation))
    assert found.rank == rank == found.formula.value


SPECIAL = {
    "equal": ([0, 1, 0], [0, 1, 0], [1.0, -2.0, 0.5], [1, 1, 1]),
    "opposite": ([0, 1, 0], [0, 1, 0], [1.0, -2.0, 0.5], [1, 1, -1]),
    "parallel, other bias": ([0, 1, 0], [0, 1, 2], [1.0, -2.0, 0.5], [1, 1, 1]),
    "silent": ([0, 1, 2], [0, 1, 2], [1.0, 0.0, 0.5], [1, 1, 1]),
    "silent copy": ([0, 1, 0], [0, 1, 0], [1.0, -2.0, 0.0], [1, 1, -1]),
}


@pytest.mark.parametrize("case", SPECIAL)
@pytest.mark.parametrize("activation", ("erf", "gelu", "sigmoid", "relu", "abs", "gaussian_bump"))
def test_special_weights_have_the_rank_of_their_hessian(activation, case):
    rows, biases, read_outs, signs = SPECIAL[case]
    rng = np.random.default_rng(3)
    W, b = rng.standard_normal((3, 2)), rng.standard_normal(3)
    signs = np.array(signs, float)
    for second in (np.zeros((0, 3)), np.array([[0.7, 0.2, -0.4]])):
        a = np.vstack([read_outs, second])
        here = Network(
            signs[:, None] * W[rows], a, activation, signs * b[biases], None if len(second) else 0.1
        )
        found = hessian_rank(here, floating=False)
        assert found.is_proven and found.rank == counted(here)


def test_a_constant_neuron_and_an_output_bias_are_one_function():
    W = [[0.0, 0.0], [0.3, 1.0]]
    with_c, without = (Network(W, [1.0, 2.0], "erf", [0.5, -0.2], c) for c in (0.1, None))
    assert (
        hessian_rank(with_c, floating=False).rank
        == counted(with_c)
        == hessian_rank(without, floating=False).rank
    )


@dataclasses.dataclass(frozen=True)
class Renamed(Erf):
    @property
    def spec(self):
        return "renamed"


def test_a_renamed_activation_has_the_same_proven_rank():
    own, known = (dataclasses.replace(network("erf", 3, 2), activation=s) for s in (Renamed(), Erf()))
    first, second = (hessian_rank(n, floating=False) for n in (own, known))
    assert (first.rank, first.status) == (second.rank, second.status) == (11, "proven")


@pytest.mark.parametrize("activation", ("erf", "relu", "quadratic", "sigmoid"))
def test_permuted_and_split_networks_are_the_same_function(activation):
    whole = network(activation, 3, 2, 2)
    order = [1, 0, 0]
    a = whole.a[:, order] * [1.0, 0.3, 0.7]
    split = Network(whole.W[order], a, activation, whole.b[order], whole.c)
    assert equivalent(whole, split)
    moved = split.with_layers({"c": split.c + 1e-6})
    assert not equivalent(whole, moved)
    assert compress(split).size == compress(whole).size


def test_compression_drops_copies_and_restores_the_function():
    whole = network("erf", 3, 2)
    twice = Network(
        np.vstack([whole.W, -whole.W]), np.r_[whole.a, whole.a], "erf", np.r_[whole.b, -whole.b], whole.c
    )
    small = compress(twice)
    assert small.size == 1  # odd: every neuron is cancelled by its copy, the output bias is left
    same = compress(whole)
    x = np.random.default_rng(0).standard_normal((5, 3))
    assert np.allclose(same.to_network(5)(x), whole(x), atol=1e-14) and same.size == 11


def test_flat_directions_of_a_rescaled_network_are_explained():
    found = flat_directions(network("relu", 3, 2, 2))
    assert found.dimension == found.explained == 2 and found.symmetry_residual < 1e-14
