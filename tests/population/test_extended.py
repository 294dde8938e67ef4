"""The Hessian in ball arithmetic against the float64 operator, its own precision, and exact rational balls."""

import flint
import numpy as np
import pytest
import scipy.linalg

from tutelage import Activation, Network, hessian_at_optimum, sample_teacher, spectrum
from tutelage.base.errors import NotAvailableError
from tutelage.population.extended import ball_hessian


def midpoints(matrix):
    return np.array([float(x.mid()) for x in matrix.entries()]).reshape(matrix.nrows(), matrix.ncols())


def test_entries_enclose_the_same_matrix_at_every_precision():
    network = sample_teacher("erf", d=3, k=4, seed=1)
    low, high = (ball_hessian(network, bits).block for bits in (80, 300))
    assert low.overlaps(high)
    assert max(float(x.rad()) for x in high.entries()) < 1e-80
    assert np.abs(midpoints(high) - hessian_at_optimum(network).dense()).max() < 1e-15


def test_balls_with_fewer_neurons_than_inputs_are_reduced_without_rounding():
    network = sample_teacher("erf", d=6, k=2, seed=1)
    found = ball_hessian(network, 128)
    assert (found.block.nrows(), found.repeated.nrows(), found.multiplicity) == (6, 2, 4)
    whole = np.concatenate(
        [
            np.repeat(scipy.linalg.eigvalsh(midpoints(found.repeated)), 4),
            scipy.linalg.eigvalsh(midpoints(found.block)),
        ]
    )
    assert np.allclose(np.sort(whole), scipy.linalg.eigvalsh(hessian_at_optimum(network).dense()), atol=1e-15)
    assert max(float(x.rad()) for x in found.block.entries()) < 1e-33


def test_dependent_rows_fall_back_to_the_whole_matrix():
    network = Network([[1.0, 0.0, 2.0, 0.5], [2.0, 0.0, 4.0, 1.0]], [1.0, 1.0], "erf")
    found = ball_hessian(network, 100)
    assert found.repeated is None
    assert found.block.nrows() == network.n_params


def test_dependent_rows_in_many_inputs_are_refused():
    row = np.linspace(0.1, 1.0, 300)
    with pytest.raises(NotAvailableError, match="dependent to 100 bits"):
        ball_hessian(Network([row, 2 * row], [1.0, 1.0], "erf"), 100)
    assert spectrum(Network([row, 2 * row], [1.0, 1.0], "erf")).method == "symmetry"


class Cube(Activation):
    """An activation that offers its kernel and nothing else."""

    name = "cube"

    def __call__(self, u):
        return u**3

    def dual(self, m_u, m_v, q_uu, q_uv, q_vv):
        return 9 * q_uu * q_uv * q_vv + 6 * q_uv**3


def test_activations_without_elementary_tables_have_no_balls():
    assert ball_hessian(Network([[1.0]], [1.0], Cube()), 64) is None


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_one_neuron_matches_a_hand_computed_ball(scale):
    """d = k = 1: E[σ²] = (2/π) asin(2s²q/(1+2s²q)), an arb formula without any table."""
    network = Network([[0.7]], [1.5], f"erf:scale={scale}")
    with flint.ctx.workprec(200):
        p = 2 * flint.arb(scale) ** 2 * flint.arb(0.7) ** 2
        expected = 2 / flint.arb.pi() * (p / (1 + p)).asin()
        assert ball_hessian(network, 200).block[1, 1].overlaps(expected)


@pytest.mark.parametrize("layers", ["b", "c", "bc"])
@pytest.mark.parametrize("sizes", [(2, 3, 1), (4, 2, 1), (4, 2, 3)])
@pytest.mark.parametrize("activation", ["erf", "gelu"])
def test_balls_with_biases_enclose_the_hessian(activation, sizes, layers):
    d, k, m = sizes
    rng = np.random.default_rng(2)
    a = rng.standard_normal((m, k)) if m > 1 else rng.standard_normal(k)
    b, c = rng.standard_normal(k), rng.standard_normal(m) if m > 1 else 0.3
    W = 0.3 * rng.standard_normal((k, d))
    network = Network(W, a, activation, b if "b" in layers else None, c if "c" in layers else None)
    dense = hessian_at_optimum(network).dense()
    balls = ball_hessian(network, 200)
    if k >= d:
        assert np.abs(midpoints(balls.block) - dense).max() < 1e-14 * np.abs(dense).max()
    assert max(float(x.rad()) for x in balls.block.entries()) < 1e-50
    found = spectrum(network, method="extended")
    values = np.repeat(found.values, found.multiplicities)
    assert np.allclose(np.sort(values), scipy.linalg.eigvalsh(dense), atol=1e-14 * values.max())
    assert np.all(found.errors <= 1e-7 * found.values) and found.rank == network.n_params
    assert spectrum(network).method in ("dense", "symmetry")  # unasked, LAPACK alone
