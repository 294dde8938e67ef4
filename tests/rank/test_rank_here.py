"""hessian_rank at special weights: against explicit expansion over the rationals, and against eigenvalues."""

import numpy as np
import pytest

from tutelage import InputError, Network, Polynomial, hessian_rank, sample_teacher
from tutelage.rank.neurons import arrange, integer_rank

CUBE = Polynomial((0, 0, 0, 1))
POLYNOMIALS = [
    Polynomial((0, 1.0)),
    Polynomial((0, 1.0, 0.5)),
    Polynomial((0, 0, 1)),
    CUBE,
    Polynomial((0, 1, 0, 1)),
    Polynomial((0, 1, 1, 1)),
    Polynomial((1, 0.5, 0, 1, 2)),
    Polynomial((0, 0, 1, 0, 2)),
]


def special_networks(d, k, seed=1):
    """Named (W, a) with dyadic entries: parallel, opposite, zero, silent neurons, flat and dependent rows."""
    rng = np.random.default_rng(seed)
    W, a = np.round(rng.normal(size=(k, d)) * 8) / 8, np.round(rng.normal(size=k) * 8) / 8 + 1 / 16
    silent = a.copy()
    silent[0] = 0

    def with_row(i, row):
        changed = W.copy()
        changed[i] = row
        return changed

    flat, plane, affine = W.copy(), W.copy(), W.copy()
    flat[:, -1], affine[:, 0] = 0, 1
    plane[-1] = plane[0] + plane[1]
    several = with_row(1, -W[0])
    several[-1] = 2 * W[0]
    return {
        "generic": (W, a),
        "duplicated": (with_row(1, W[0]), a),
        "duplicated and silent": (with_row(1, W[0]), silent),
        "opposite": (with_row(1, -W[0]), a),
        "parallel": (with_row(1, 2 * W[0]), a),
        "three on a line": (several, a),
        "zero neuron": (with_row(0, 0.0), a),
        "zero silent neuron": (with_row(0, 0.0), silent),
        "silent": (W, silent),
        "flat": (flat, a),
        "dependent rows": (plane, a),
        "rows on a hyperplane": (affine, a),
        "all neurons zero": (0 * W, a),
        "all silent": (W, 0 * a),
    }


@pytest.mark.parametrize("activation", POLYNOMIALS, ids=lambda s: s.spec)
def test_special_polynomial_networks_equal_the_expansion_and_are_proven(tangent_rank, activation):
    for d, k in ((1, 3), (2, 4), (4, 3)):
        for name, (W, a) in special_networks(d, k).items():
            result = hessian_rank(Network(W, a, activation), floating=False, primes=1)
            expected = tangent_rank([W, a[None]], [None, None], [activation.coefficients])
            assert (result.rank, result.status) == (expected, "proven"), (d, k, name)


@pytest.mark.parametrize("activation", POLYNOMIALS[1:6], ids=lambda s: s.spec)
def test_structural_bounds_hold_without_the_expansion(activation):
    for name, (W, a) in special_networks(3, 5, seed=3).items():
        network = Network(W, a, activation)
        result = hessian_rank(network, floating=False, proof_limit=0.0)
        assert result.rank == result.lower_bound.value == hessian_rank(network, floating=False).rank, name
        assert result.upper_bound.value >= result.rank
        assert result.is_proven or 0 < result.failure_probability < 1e-8


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("generic", 16),
        ("duplicated", 12),
        ("opposite", 12),
        ("parallel", 16),
        ("zero neuron", 15),
        ("zero silent neuron", 12),
        ("silent", 13),
        ("duplicated and silent", 12),
        ("all silent", 4),
        ("all neurons zero", 3),
    ],
)
def test_special_erf_networks(name, rank):
    W, a = special_networks(3, 4)[name]
    result = hessian_rank(Network(W, a, "erf"))
    assert (result.rank, result.status) == (rank, "proven")
    assert result.certificate.lower_bound == rank, "the series must reach what the theorem says"
    assert result.floating.rank == rank


@pytest.mark.parametrize("activation", ["linear", "quadratic:alpha=0.3", "erf"])
@pytest.mark.parametrize(("d", "k"), [(3, 5), (5, 3)])
def test_exact_and_floating_rank_agree_at_random_weights(activation, d, k):
    result = hessian_rank(sample_teacher(activation, d, k, seed=3))
    assert result.rank == result.floating.rank and result.floating.gap > 1e3 and result.is_proven
    assert result.agrees


def test_erf_has_full_rank_where_a_cut_at_a_millionth_miscounts():
    network = sample_teacher("erf", 10, 20, seed=2)
    result = hessian_rank(network)
    assert result.is_proven and result.rank == 220
    assert result.floating.last_kept < 1e-5


def test_a_shared_rounding_error_is_told_apart_from_a_duplicate():
    W = np.array([[0.3, 0.7], [0.1, 0.2]])
    W[1] = W[0] * (1 + 2**-50)
    result = hessian_rank(Network(W, [1.0, 2.0], "erf"))
    assert result.rank == 6 and result.floating.rank < 6
    assert any("floating point counts" in note for note in result.notes)


def test_the_rank_does_not_depend_on_powers_of_two():
    network = sample_teacher("quadratic", 4, 3, seed=2)
    scaled = Network(network.W * 2.0**-300, network.a * 2.0**200, CUBE)
    assert hessian_rank(scaled, floating=False).rank == 12


def test_lines_are_found_exactly():
    W = [[0.1, 0.3], [-0.2, -0.6], [0.0, 0.0], [0.1, 0.30000000000000004]]
    arrangement = arrange(Network(W, [1, 0, 1, 1], "erf"))
    assert sorted(len(line) for line in arrangement.lines.values()) == [1, 2]
    assert [n.index for n in arrangement.zeros] == [2]
    assert (arrangement.rank, arrangement.active_rank, arrangement.active_lines) == (2, 2, 2)


def test_integer_rank_is_not_fooled_by_its_first_prime():
    p = 2**61 - 1
    assert integer_rank([[1, 0], [0, p]]) == 2


def test_bad_input_is_named():
    with pytest.raises(InputError, match="expected a Network, got ndarray"):
        hessian_rank(np.ones((2, 2)))
    with pytest.raises(InputError, match="proof_limit >= 0"):
        hessian_rank(sample_teacher("erf", 2, 2), proof_limit=-1)
