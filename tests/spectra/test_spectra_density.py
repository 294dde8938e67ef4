"""Lanczos pieces and stochastic quadrature against exact moments."""

import numpy as np
import pytest

from tutelage import hessian_at_optimum, sample_teacher, spectral_density, spectrum
from tutelage.base.errors import AllocationError, InputError
from tutelage.spectra.lanczos import gauss_rule, tridiagonalize


def symmetric(n, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(n, n))
    return matrix + matrix.T


@pytest.mark.parametrize("steps", [1, 5, 20])
def test_lanczos_basis_is_orthonormal_and_reduces_the_matrix(steps):
    matrix, start = symmetric(20), np.random.default_rng(1).normal(size=20)
    ((diagonal, off, basis),) = tridiagonalize(lambda v: matrix @ v, start[:, None], steps)
    tridiagonal = np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)
    assert np.abs(basis.T @ basis - np.eye(steps)).max() < 1e-13
    assert np.abs(basis.T @ matrix @ basis - tridiagonal).max() < 1e-12


def test_lanczos_stops_where_the_krylov_space_ends():
    matrix = np.diag([1.0, 1.0, 2.0, 2.0, 3.0])
    long, short = np.ones(5), np.eye(5)[0]
    (diagonal, off, _), (_, none, one) = tridiagonalize(
        lambda v: matrix @ v, np.stack([long, short], axis=1), 5
    )
    assert one.shape == (5, 1) and none.size == 0
    nodes, weights = gauss_rule(diagonal, off)
    assert nodes == pytest.approx([1.0, 2.0, 3.0])
    assert weights == pytest.approx([0.4, 0.4, 0.2])


def test_gauss_rule_is_exact_for_twice_as_many_moments():
    matrix, start = symmetric(30), np.ones(30)
    ((diagonal, off, _),) = tridiagonalize(lambda v: matrix @ v, start[:, None], 4)
    nodes, weights = gauss_rule(diagonal, off)
    power = start.copy()
    for moment in range(8):
        assert weights @ nodes**moment == pytest.approx(start @ power / 30, rel=1e-9)
        power = matrix @ power


def test_density_has_the_right_mass_and_moments_within_its_sampling_error():
    network = sample_teacher("erf", d=8, k=9, seed=0)
    operator = hessian_at_optimum(network)
    matrix = operator.dense()
    probes = 60
    measure = spectral_density(network, probes=probes, steps=20, seed=3)
    assert measure.mass == pytest.approx(network.n_params)
    # Variance of Hutchinson's estimate with signs: 2 Σ_{i≠j} H_ij² per probe.
    deviation = np.sqrt(2 * (np.sum(matrix**2) - np.sum(np.diag(matrix) ** 2)) / probes)
    assert abs(measure.weights @ measure.points - operator.trace()) < 4 * deviation


def test_density_as_a_spectrum_counts_every_parameter():
    found = spectrum(sample_teacher("erf", d=8, k=9, seed=0), "slq", seed=1)
    exact = spectrum(sample_teacher("erf", d=8, k=9, seed=0))
    assert found.multiplicities.sum() == exact.n_params
    assert found.method == "slq"
    # Ritz values lie inside the spectrum.
    assert exact.values[0] - 1e-13 <= found.values[0] and found.values[-1] <= exact.values[-1] + 1e-13
    assert found.trace() == pytest.approx(exact.trace(), rel=0.2)


def test_full_length_density_of_a_diagonal_matrix_is_exact():
    """Sign vectors weigh the axes equally: on a diagonal matrix there is no sampling error."""
    measure = spectral_density(np.diag([1.0, 2.0, 2.0, 4.0]), probes=3, steps=10)
    assert measure.weights @ measure.points == pytest.approx(9.0)
    assert measure.weights @ measure.points**3 == pytest.approx(81.0)


def test_density_refuses_what_it_cannot_hold(monkeypatch):
    from tutelage.base import check

    with pytest.raises(InputError, match="probes >= 1"):
        spectral_density(np.eye(3), probes=0)
    monkeypatch.setattr(check, "available_bytes", lambda: 100)
    with pytest.raises(AllocationError, match="fewer steps"):
        spectral_density(np.eye(3))
