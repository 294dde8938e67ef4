"""Flat directions: the null space, its dimension by exact rank, and the symmetries that span it."""

import numpy as np
import pytest

from tutelage import Network, sample_teacher
from tutelage.rank import continuous_symmetries, flat_directions


@pytest.mark.parametrize(("d", "k"), [(5, 3), (3, 5)])
@pytest.mark.parametrize("activation", ["linear", "quadratic:alpha=0.3"])
def test_the_null_space_is_explained_entirely(activation, d, k):
    flat = flat_directions(sample_teacher(activation, d, k))
    assert flat.dimension == k * (d + 1) - flat.rank.rank == flat.explained
    assert flat.residual < 1e-14 and flat.symmetry_residual < 1e-13
    assert np.allclose(flat.basis.T @ flat.basis, np.eye(flat.dimension))


def test_quadratic_networks_have_triangular_numbers_of_rotations():
    found = continuous_symmetries(sample_teacher("quadratic", 6, 4))
    assert set(found) == {"rotation"} and found["rotation"].shape == (6, 28)
    assert np.linalg.matrix_rank(found["rotation"]) == 6


def test_reducible_erf_networks_are_explained_and_irreducible_ones_have_nothing_to_explain():
    W = sample_teacher("erf", 3, 5).W.copy()
    W[1], W[2] = -W[0], 0
    flat = flat_directions(Network(W, [1.0, 2.0, 3.0, 0.0, 4.0], "erf"))
    assert flat.dimension == flat.explained == 4 + 1 + 3
    assert flat.symmetry_residual < 1e-14
    regular = flat_directions(sample_teacher("erf", 3, 5))
    assert regular.dimension == regular.explained == 0 and regular.symmetries == {}


@pytest.mark.parametrize("activation", ["relu", "leaky_relu:slope=0.2", "abs", "cos"])
def test_opposite_and_parallel_rays_are_explained(activation):
    W = sample_teacher("erf", 3, 6).W.copy()
    W[1], W[3], W[5] = -2 * W[0], -W[2], 3 * W[4]
    flat = flat_directions(Network(W, np.arange(1.0, 7.0), activation))
    assert flat.symmetry_residual < 1e-14 and flat.residual < 1e-14
    assert flat.explained == flat.dimension


def test_symmetries_keep_the_function_to_first_order():
    network = sample_teacher("quadratic:alpha=0.7", 4, 3)
    points = np.random.default_rng(2).normal(size=(20, 4))
    for vector in continuous_symmetries(network)["rotation"]:
        changes = []
        for step in (1e-3, 1e-4):
            moved = network.with_theta(network.theta + step * vector)
            changes.append(np.abs(moved(points) - network(points)).max())
        # Second order: ten times smaller a step, a hundred times smaller a change.
        assert changes[0] / changes[1] == pytest.approx(100, rel=0.1)
