"""Lanczos finds repeated eigenvalues as often as they are there, and stops where it is told to."""

import jax
import numpy as np
import pytest
import scipy.sparse.linalg

from tutelage import eigensystem, hessian_at_optimum, hessian_of, sample_teacher, spectrum
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.spectra import lanczos, lobpcg
from tutelage.spectra.lobpcg import device_pairs

N = 150


def with_eigenvalues(values, seed=0):
    basis = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))[0]
    return (basis * values) @ basis.T


class Counted:
    """A matrix known by its products, which are counted."""

    def __init__(self, matrix):
        self.matrix, self.products = (matrix + matrix.T) / 2, 0
        self.operator = hessian_of(
            scipy.sparse.linalg.LinearOperator(matrix.shape, self.of, matmat=self.of, dtype=float)
        )

    def of(self, vectors):
        self.products += 1 if vectors.ndim == 1 else vectors.shape[1]
        return self.matrix @ vectors


@pytest.fixture
def spread():
    """Between 0 and 3."""
    return np.sort(np.random.default_rng(1).uniform(0, 3, N - 5))


@pytest.mark.parametrize("tolerance", [0.0, 1e-8, 1e-4])
@pytest.mark.parametrize("count", [2, 5, 8])
def test_a_fivefold_largest_eigenvalue_is_found_five_times(spread, count, tolerance):
    values = np.append(spread, np.full(5, 4.0))
    found = spectrum(with_eigenvalues(values), "lanczos", count=count, tolerance=tolerance)
    assert np.sum(np.abs(found.values - 4.0) < 1e-3) == min(count, 5)
    assert np.all(np.abs(found.values - values[-count:]) <= found.errors)


def test_a_search_that_stalls_goes_on_in_a_larger_space(spread, monkeypatch):
    monkeypatch.setattr(lanczos, "_RESTARTS", 1)
    values = np.append(spread, np.full(5, 4.0))
    found = spectrum(with_eigenvalues(values), "lanczos", count=2)
    np.testing.assert_allclose(found.values, [4.0, 4.0], rtol=1e-13)


@pytest.mark.parametrize("which", ["smallest", "both"])
def test_repeated_eigenvalues_at_the_other_end(spread, which):
    values = np.concatenate([np.full(3, -2.0), spread, np.full(2, 4.0)])
    found = spectrum(with_eigenvalues(values), "lanczos", count=6, which=which)
    expected = values[:6] if which == "smallest" else values[[0, 1, 2, -3, -2, -1]]
    assert np.all(np.abs(found.values - expected) <= found.errors)


def test_a_copy_hidden_just_above_the_others(spread):
    """A rough look at what is left does not tell 1e-3 apart; a closer one has to follow."""
    values = np.concatenate([spread, 4.0 - 1e-3 * np.array([3, 2, 1, 0, 0])])
    found = spectrum(with_eigenvalues(values), "lanczos", count=4)
    assert np.all(np.abs(found.values - values[-4:]) <= found.errors)


@pytest.mark.parametrize("n", [3, 4, 9])
def test_small_matrices_whose_eigenvalues_are_all_the_same(n):
    found = spectrum(2 * np.eye(n), "lanczos", count=n - 1)
    assert np.all(np.abs(found.values - 2.0) <= found.errors)


def test_the_repeated_directions_of_a_network_outside_its_neurons():
    """C has every eigenvalue d - r times."""
    operator = hessian_at_optimum(sample_teacher("erf", d=14, k=3, seed=0))
    found, exact = spectrum(operator, "lanczos", count=20), spectrum(operator).eigenvalues[-20:]
    assert np.all(np.abs(found.values - exact) <= found.errors)


def test_a_looser_tolerance_takes_fewer_products_and_bars_cover_the_error(spread):
    values, products = np.append(spread, np.linspace(3.5, 5.0, 5)), []
    for tolerance in (0.0, 1e-8, 1e-3):
        counted = Counted(with_eigenvalues(values))
        found = spectrum(counted.operator, "lanczos", count=6, tolerance=tolerance)
        errors = np.abs(found.values - values[-6:])
        assert np.all(errors <= found.errors)
        assert np.all(found.errors <= max(10 * tolerance, 1e-10) * values[-1])
        products.append(counted.products)
    assert products[0] > products[1] > products[2]


def test_errors_are_squares_of_the_tolerance(spread):
    values = np.append(spread, np.linspace(3.5, 5.0, 5))
    found = spectrum(with_eigenvalues(values), "lanczos", count=4, tolerance=1e-6)
    assert np.abs(found.values - values[-4:]).max() < 1e-10


def test_vectors_of_repeated_eigenvalues_span_their_space(spread):
    values = np.append(spread, np.full(5, 4.0))
    matrix = with_eigenvalues(values)
    vectors = eigensystem(matrix, count=5).vectors()
    assert np.linalg.svd(vectors, compute_uv=False)[-1] > 0.99
    assert np.abs(matrix @ vectors - 4.0 * vectors).max() < 1e-10


@pytest.mark.parametrize("tolerance", [-1e-3, 1.0, "loose"])
def test_a_tolerance_that_is_none(tolerance):
    with pytest.raises(InputError, match="tolerance"):
        spectrum(np.diag([1.0, 2.0, 3.0]), "lanczos", count=1, tolerance=tolerance)


@pytest.mark.parametrize(("sign", "repeated"), [(1, 4.0), (-1, -3.0)])
def test_blocks_on_the_device_find_the_same(spread, sign, repeated):
    """What runs where JAX has an accelerator, here on the processor."""
    values = np.sort(np.append(spread, np.full(5, repeated)))
    operator = hessian_of(with_eigenvalues(values))
    start = np.random.default_rng(0).standard_normal((N, 7))
    found, vectors = device_pairs(operator, 7, sign, start, 1e-9, "test")
    expected = values[-7:] if sign == 1 else values[:7]
    assert np.abs(found - expected).max() < 1e-10
    residuals = np.linalg.norm(operator.matmat(vectors) - vectors * found, axis=0)
    assert residuals.max() < 1e-6


def test_blocks_that_do_not_converge_say_so(monkeypatch, spread):
    monkeypatch.setattr(lobpcg, "_ITERATIONS", 2)
    start = np.random.default_rng(0).standard_normal((N - 5, 3))
    with pytest.raises(NotAvailableError, match="LOBPCG"):
        device_pairs(hessian_of(with_eigenvalues(spread)), 3, 1, start, 0.0, "test")


def test_the_device_is_used_where_there_is_one(monkeypatch, spread):
    values = np.append(spread, np.full(5, 4.0))
    expected = spectrum(with_eigenvalues(values), "lanczos", count=6)
    monkeypatch.setattr(jax, "default_backend", lambda: "cuda")
    monkeypatch.setattr(lanczos._Search, "ends", None)
    found = spectrum(with_eigenvalues(values), "lanczos", count=6, tolerance=1e-6)
    assert np.all(np.abs(found.values - expected.values) <= found.errors)
    ends = with_eigenvalues(np.append(values, [-4.0, -4.0]))
    both = spectrum(ends, "lanczos", count=4, which="both", tolerance=1e-6)
    assert np.all(np.abs(both.values - [-4.0, -4.0, 4.0, 4.0]) <= both.errors)
