"""Traces and norms from random products: unbiased, with errors that are as large as they say."""

import jax.numpy as jnp
import numpy as np
import pytest

from tutelage import (
    estimate_frobenius_norm,
    estimate_trace,
    hessian_at_optimum,
    log_determinant,
    participation_ratio,
    ridge_count,
    sample_teacher,
    spectral_density,
    spectrum,
)
from tutelage.base.errors import InputError
from tutelage.base.estimate import Estimate

N = 300
SPECTRA = {
    "slow": 1 / np.arange(1.0, N + 1),
    "fast": 0.8 ** np.arange(N),
    "indefinite": np.append(10 / np.arange(1.0, 31.0), -1 / np.arange(1.0, N - 29.0)),
    "a step": np.where(np.arange(N) < 20, 1.0, 1e-3),
}


def rotated(values, seed=0):
    basis = np.linalg.qr(np.random.default_rng(seed).standard_normal((values.size, values.size)))[0]
    matrix = (basis * values) @ basis.T
    return (matrix + matrix.T) / 2


@pytest.mark.parametrize("values", SPECTRA.values(), ids=SPECTRA)
def test_traces_and_norms_lie_within_their_errors(values):
    matrix = rotated(values)
    for estimate, exact in (
        (estimate_trace, values.sum()),
        (estimate_frobenius_norm, np.sqrt(np.sum(values**2))),
    ):
        found = [estimate(matrix, products=48, seed=seed) for seed in range(40)]
        away = np.array([abs(one - exact) / one.error for one in found])
        assert np.sum(away > 3) <= 4
        assert np.abs(np.mean(found) - exact) < 4 * np.std(found) / np.sqrt(40)


@pytest.mark.slow
@pytest.mark.parametrize("values", SPECTRA.values(), ids=SPECTRA)
@pytest.mark.parametrize("products", [24, 60])
def test_intervals_hold_the_truth_as_often_as_they_say(values, products):
    matrix = rotated(values)
    for estimate, exact in (
        (estimate_trace, values.sum()),
        (estimate_frobenius_norm, np.sqrt(np.sum(values**2))),
    ):
        found = [estimate(matrix, products, seed).interval(0.95) for seed in range(200)]
        held = np.mean([low <= exact <= high for low, high in found])
        assert held >= 0.85, f"{held} of {estimate.__name__}"


def test_the_trace_is_that_of_matfree_for_the_same_vectors():
    stochtrace = pytest.importorskip("matfree.stochtrace")
    import jax

    matrix = rotated(SPECTRA["slow"])
    vectors = np.random.default_rng(5).standard_normal((N, 20))
    with jax.enable_x64(True):
        each = stochtrace.leave_one_out_xtrace()(lambda v: jnp.asarray(matrix) @ v, jnp.asarray(vectors.T))
        mean = float(np.asarray(each).mean())
    assert estimate_trace(matrix, products=40, seed=5) == pytest.approx(mean, rel=1e-10)


def xtraces_as_defined(matrix, vectors):
    """The estimate of each vector from an orthonormal basis of the images of all others, written out."""
    n, k = vectors.shape
    estimates = []
    for i in range(k):
        basis = np.linalg.qr(matrix @ np.delete(vectors, i, axis=1))[0]
        rest = vectors[:, i] - basis @ (basis.T @ vectors[:, i])
        outside = (n - k + 1) * (rest @ matrix @ rest) / (rest @ rest)
        estimates.append(np.trace(basis.T @ matrix @ basis) + outside)
    return np.array(estimates)


@pytest.mark.parametrize("values", SPECTRA.values(), ids=SPECTRA)
@pytest.mark.parametrize("k", [2, 7, 21])
def test_value_and_error_are_those_of_refitting_without_each_vector(values, k):
    matrix, vectors = rotated(values), np.random.default_rng(3).standard_normal((N, k))
    each = xtraces_as_defined(matrix, vectors)
    fewer = [xtraces_as_defined(matrix, np.delete(vectors, i, axis=1)).mean() for i in range(k)]
    jackknife = np.sqrt((k - 1) * np.var(fewer))
    found = estimate_trace(matrix, products=2 * k, seed=3)
    assert found == pytest.approx(each.mean(), rel=1e-10)
    expected = (each.std(ddof=1) / np.sqrt(k)) ** (2 / 3) * jackknife ** (1 / 3)
    assert found.error == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_errors_in_groups_are_those_in_one_stack(monkeypatch):
    matrix = rotated(SPECTRA["slow"])
    whole = estimate_trace(matrix, products=30).error
    monkeypatch.setattr("tutelage.spectra.trace._STACKED", 4 * 15**2)
    assert estimate_trace(matrix, products=30).error == pytest.approx(whole, rel=1e-12)


def test_enough_products_are_exact_and_few_of_a_small_rank_too():
    matrix = rotated(SPECTRA["indefinite"])
    assert estimate_trace(matrix, products=N).error == 0.0
    assert estimate_trace(matrix, products=N) == pytest.approx(np.trace(matrix), rel=1e-12)
    low = rotated(np.where(np.arange(N) < 7, 2.0, 0.0))
    for estimate, exact in ((estimate_trace, 14.0), (estimate_frobenius_norm, np.sqrt(28.0))):
        found = estimate(low, products=30)
        assert abs(found - exact) <= found.error < 1e-11


def test_too_few_products_are_refused():
    with pytest.raises(InputError, match="products >= 4"):
        estimate_trace(np.eye(3), products=3)
    with pytest.raises(InputError, match="products >= 8"):
        estimate_frobenius_norm(np.eye(3), products=7)


def test_soft_counts_of_a_density_are_estimates_of_those_of_the_spectrum():
    operator = hessian_at_optimum(sample_teacher("erf", d=20, k=15, seed=0))
    exact, density = spectrum(operator), spectral_density(operator, probes=30, steps=80)
    for count in (
        lambda source: ridge_count(source, 1e-2),
        lambda source: log_determinant(source, 1e-2),
        participation_ratio,
    ):
        found = count(density)
        assert isinstance(found, Estimate) and found.converged
        assert abs(found - count(exact)) < 4 * found.error < 0.2 * abs(found)
    assert ridge_count(exact, 1e-2) == pytest.approx(ridge_count(exact.eigenvalues, 1e-2), rel=1e-14)


def test_densities_carry_errors_a_band_and_a_warning_of_short_spaces():
    operator = hessian_at_optimum(sample_teacher("erf", d=12, k=15, seed=0))
    eigenvalues = spectrum(operator).eigenvalues
    density = spectral_density(operator, probes=20, steps=30, seed=1)
    assert density.points[0] >= 0.0  # of a semidefinite operator no mass lies below zero
    low, high = density.cdf_band(eigenvalues)
    below = np.arange(1, eigenvalues.size + 1)
    assert np.mean((low <= below) & (below <= high)) > 0.95
    assert density.moment(2).error > 0 and density.moment(2).converged
    assert not ridge_count(density, 1e-7).converged  # half the steps resolve other small eigenvalues
    assert spectral_density(operator, probes=1).moment(1).error == np.inf
    axes = density.plot()
    assert axes.get_xlabel() == "eigenvalue"
    axes.figure.clf()
