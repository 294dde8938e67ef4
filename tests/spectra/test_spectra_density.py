"""Lanczos pieces and stochastic quadrature against exact moments."""

import numpy as np
import pytest

from tutelage import Measure, hessian_at_optimum, sample_teacher, spectral_density, spectrum
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


def _apart(cdf, values, points):
    """Sup distance of a distribution function to that of these values, divided by the mass."""
    x = np.unique(np.concatenate([values, points, np.linspace(values[0], values[-1], 20_001)]))
    exact = [np.searchsorted(values, x, side) for side in ("left", "right")]
    return max(np.abs(cdf(x) - one).max() for one in exact) / values.size


def test_between_nodes_the_distribution_function_is_nearer_than_steps():
    """Eigenvalues crowded around zero on either side, far more of them than steps, and nothing beyond the ends."""
    apart, steps = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        basis = np.linalg.qr(rng.standard_normal((400, 400)))[0]
        values = np.sort(rng.laplace(size=400))
        found = spectral_density((basis * values) @ basis.T, probes=10, steps=40, seed=seed)
        apart.append(_apart(found.cdf, values, found.points))
        steps.append(_apart(Measure(found.points, found.weights).cdf, values, found.points))
        assert found.cdf(values[0] - 1e-8) == 0.0 and found.cdf(values[-1] + 1e-8) == pytest.approx(400)
        low, high = found.cdf_band(found.points)
        assert np.all((low - 1e-9 <= found.cdf(found.points)) & (found.cdf(found.points) <= high + 1e-9))
    assert np.median(apart) < 0.6 * np.median(steps) and np.median(apart) < 0.06


def test_an_eigenvalue_that_is_found_keeps_its_mass():
    """A third of all eigenvalues at zero, apart from the others: a jump, and flat beside it."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((300, 300)))[0]
    values = np.concatenate([np.zeros(100), 1 + rng.random(200)])
    found = spectral_density((basis * values) @ basis.T, probes=20, steps=40)
    assert found.cdf(-1e-9) == 0.0
    assert found.cdf(1e-9) == pytest.approx(100, rel=0.1) and found.cdf(0.9) - found.cdf(1e-9) < 2


def test_where_the_krylov_space_ends_numbers_are_converged_and_steps_exact():
    found = spectral_density(np.diag([1.0, 2.0, 2.0, 4.0]), probes=3, steps=10)
    assert found.cdf([0.99, 1.5, 2.5, 4.5]) == pytest.approx([0, 1, 3, 4])
    assert found.estimate(lambda points, weights: weights @ np.log(points)).converged


def test_density_refuses_what_it_cannot_hold(monkeypatch):
    from tutelage.base import check

    with pytest.raises(InputError, match="probes >= 1"):
        spectral_density(np.eye(3), probes=0)
    monkeypatch.setattr(check, "available_bytes", lambda: 100)
    with pytest.raises(AllocationError, match="fewer steps"):
        spectral_density(np.eye(3))
