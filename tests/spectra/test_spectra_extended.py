"""Small eigenvalues with relative accuracy, against mpmath and certified ball arithmetic."""

import flint
import mpmath
import numpy as np
import pytest
import scipy.linalg

from tutelage import Network, sample_teacher, spectrum
from tutelage.base.errors import NotAvailableError
from tutelage.population.extended import ball_hessian
from tutelage.spectra.extended import eigenvalues_by_inverse, eigenvalues_by_smallest, relative_eigenvalues


def mpmath_hessian(network, digits=40):
    """The erf Hessian of [C25] (16)-(18) in their matrix form, independent of the tables k_pq."""
    mp = mpmath.mp
    with mp.workdps(digits):
        W = mp.matrix(network.W.tolist())
        a = [mp.mpf(float(x)) for x in network.a]
        k, d = network.k, network.d
        H = mp.zeros(k * d + k)
        for i in range(k):
            for j in range(k):
                U = mp.matrix([[W[i, p] for p in range(d)], [W[j, p] for p in range(d)]])
                S = mp.eye(2) + 2 * U * U.T
                det, inverse = mp.det(S), S**-1
                # E[σ'σ' x xᵀ] = (4/π)|S|^(-1/2)(I − 2 UᵀS⁻¹U); E[σσ'x] by Stein from E[σσ''] and E[σ'σ'].
                block = 4 / mp.pi / mp.sqrt(det) * (mp.eye(d) - 2 * U.T * inverse * U)
                for p in range(d):
                    for q in range(d):
                        H[i * d + p, j * d + q] = a[i] * a[j] * block[p, q]
                A, q_uv = S[0, 0], S[0, 1] / 2
                k11 = 4 / mp.pi / mp.sqrt(det)
                for p in range(d):
                    value = a[i] * k11 * (W[j, p] - 2 * q_uv / A * W[i, p])
                    H[i * d + p, k * d + j] = H[k * d + j, i * d + p] = value
                H[k * d + i, k * d + j] = 2 / mp.pi * mp.asin(S[0, 1] / mp.sqrt(S[0, 0] * S[1, 1]))
        return H


def test_ten_smallest_erf_eigenvalues_at_8_8_against_mpmath():
    network = sample_teacher("erf", d=8, k=8, seed=0)
    with mpmath.mp.workdps(25):
        exact = mpmath.mp.eigsy(mpmath_hessian(network, 25), eigvals_only=True)
        exact = np.array([float(x) for x in list(exact)[:10]])
    found = spectrum(network, "extended")
    relative = np.abs(found.values[:10] / exact - 1)
    assert relative.max() < 1e-12
    assert np.all(np.abs(found.values[:10] - exact) <= found.errors[:10])
    assert np.all(found.errors[:10] < 1e-9 * exact)


def narrow_scales(d, k, seed):
    """Small weights: erf is nearly linear, so the eigenvalues spread over many more decades."""
    rng = np.random.default_rng(seed)
    return Network(0.05 * rng.normal(size=(k, d)), rng.normal(size=k), "erf")


@pytest.mark.parametrize(("d", "k", "biases"), [(3, 4, False), (2, 6, False), (2, 4, True)])
def test_values_far_below_double_precision_against_certified_balls(d, k, biases):
    network = narrow_scales(d, k, 1)
    if biases:
        b = 0.1 * np.random.default_rng(1).standard_normal(k)
        network = Network(network.W, network.a, network.activation, b, 0.2)
    found = spectrum(network, "extended")
    with flint.ctx.workprec(500):
        certified = flint.acb_mat(ball_hessian(network, 500).block).eig()
        exact = np.sort([float(x.real.mid()) for x in certified])
    assert exact[0] < 1e-13 * exact[-1]
    assert np.all(np.abs(found.values - exact) <= found.errors)
    assert found.errors[0] <= 1e-6 * exact[0]
    assert found.rank == network.n_params


def test_auto_refines_what_lapack_cannot_resolve():
    network = narrow_scales(3, 5, 1)
    assert spectrum(network, "dense").numerical_rank().rank < network.n_params
    refined = spectrum(network)
    assert refined.method.startswith("extended")
    assert np.all(refined.errors <= 1e-6 * refined.values)


@pytest.mark.parametrize("kind", ["equal neurons", "opposite neurons", "zero read-out", "zero neuron"])
def test_a_singular_hessian_is_named_and_auto_falls_back(kind):
    W, a = np.random.default_rng(0).normal(size=(3, 3)), np.array([1.0, -0.5, 0.3])
    if kind == "zero read-out":
        a[1] = 0.0
    else:
        W[1] = {"equal neurons": W[0], "opposite neurons": -W[0], "zero neuron": 0 * W[0]}[kind]
    network = Network(W, a, "erf")
    with pytest.raises(NotAvailableError, match="singular to 1024 bits"):
        spectrum(network, "extended")
    found = spectrum(network)
    assert "extended" not in found.method
    assert found.rank is None
    assert found.numerical_rank().rank < network.n_params


@pytest.mark.parametrize("n", [1, 2, 12])
def test_hilbert_matrices_are_solved_to_relative_accuracy(n):
    """The Hilbert matrix of order 12 has λ_min/λ_max = 1.5e-17: float64 finds nothing of it."""
    with flint.ctx.workprec(256):
        matrix = flint.arb_mat(n, n, [1 / flint.arb(i + j + 1) for i in range(n) for j in range(n)])
        values, errors = relative_eigenvalues(matrix, 256)
    with mpmath.mp.workdps(50):
        exact = np.array([float(x) for x in mpmath.mp.eigsy(mpmath.mp.hilbert(n), eigvals_only=True)])
    assert np.all(np.abs(values - exact) <= errors)
    assert errors[0] <= 1e-12 * exact[0]


def test_an_indefinite_enclosure_is_not_taken_for_positive():
    matrix = flint.arb_mat([[1, 2], [2, 1]])
    assert relative_eigenvalues(matrix, 128) is None


def test_reduced_networks_keep_relative_accuracy():
    network = narrow_scales(6, 2, 3)
    found = spectrum(network, "extended")
    assert found.multiplicities.max() == 4
    with mpmath.mp.workdps(50):
        exact = mpmath.mp.eigsy(mpmath_hessian(network, 50), eigvals_only=True)
        exact = np.array([float(x) for x in exact])
    assert np.all(np.abs(found.eigenvalues - exact) <= np.repeat(found.errors, found.multiplicities))
    assert np.all(found.errors <= 1e-6 * found.values)


def test_dense_error_bars_cover_the_truth():
    network = sample_teacher("erf", d=5, k=5, seed=2)
    dense, exact = spectrum(network, "dense"), spectrum(network, "extended")
    assert np.all(np.abs(dense.values - exact.values) <= dense.errors)
    assert scipy.linalg.norm(dense.values - exact.values) > 0


@pytest.mark.parametrize(("activation", "d", "k"), [("erf", 6, 6), ("erf", 9, 7), ("sin", 6, 7)])
@pytest.mark.parametrize("scale", [1.0, 0.3, 0.1])
def test_the_span_of_the_smallest_is_as_sharp_as_the_inverse(activation, d, k, scale):
    """With λ_min/λ_max down to 1e-16: inside its bars, against twice the precision, and none wider."""
    teacher = sample_teacher(activation, d=d, k=k, seed=0)
    network = Network(scale * teacher.W, teacher.a, activation)
    matrix = ball_hessian(network, 128).block
    exact, uncertain = eigenvalues_by_inverse(ball_hessian(network, 512).block, 512)
    found = eigenvalues_by_smallest(matrix, 128)
    inverted = eigenvalues_by_inverse(matrix, 128)
    assert found is not None
    assert np.all(np.abs(found[0] - exact) <= found[1] + uncertain)
    if inverted is not None:
        assert np.all(found[1] <= 1.05 * inverted[1])


def test_a_wide_enclosure_is_not_taken_for_its_midpoint():
    """Radii of a thousandth of λ_min widen every bar by as much."""
    n = 45
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    middle = (Q * np.geomspace(1e-6, 1.0, n)) @ Q.T
    radius = 1e-9 / n
    balls = flint.arb_mat(n, n, [flint.arb(x, radius) for x in ((middle + middle.T) / 2).ravel().tolist()])
    values, errors = relative_eigenvalues(balls, 128)
    assert np.all(errors >= 0.9e-9 / n)
    shifted = np.linalg.eigvalsh(middle + radius * np.ones((n, n)))
    assert np.all(np.abs(values - shifted) <= errors)
