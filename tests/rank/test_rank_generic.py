"""effective_parameters: closed counts, exceptions, deep and biased networks against explicit expansion."""

import itertools
import json

import numpy as np
import pytest

from tutelage import Architecture, Polynomial, effective_parameters, sample_teacher
from tutelage.base.errors import AllocationError, InputError
from tutelage.rank import formulas

CUBE, QUARTIC = Polynomial((0, 0, 0, 1)), Polynomial((0, 0, 0, 0, 1))
SQUARE = Polynomial((0, 0, 1))


def rank(widths, activations, biases=False, **options):
    return effective_parameters(Architecture(widths, activations, biases), **options).rank


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_formula_14_is_the_exact_rank_and_is_proven(d, k):
    result = effective_parameters(Architecture((d, k, 1), "quadratic:alpha=0.7"))
    assert result.agrees and result.is_proven
    zeros = min(k, d) * (min(k, d) - 1) // 2
    assert k > d or result.rank == k * (d + 1) - zeros


def test_formula_14_on_the_whole_grid():
    for d in range(1, 13):
        for k in range(1, 25):
            assert effective_parameters(Architecture((d, k, 1), "quadratic")).agrees, (d, k)


@pytest.mark.parametrize(
    ("d", "k", "activation", "count"),
    [
        (5, 7, CUBE, 34),
        (3, 5, QUARTIC, 14),
        (4, 9, QUARTIC, 34),
        (5, 14, QUARTIC, 69),
        (4, 7, CUBE, 20),
        (5, 6, CUBE, 30),
    ],
)
def test_alexander_hirschowitz_exceptions(d, k, activation, count):
    result = effective_parameters(Architecture((d, k, 1), activation))
    assert (result.rank, result.agrees, result.status) == (count, True, "proven")


@pytest.mark.parametrize("n", [2, 3, 4])
def test_pure_powers_follow_their_formula(n):
    activation = Polynomial((0,) * n + (1,))
    for d in range(1, 6):
        for k in range(1, 9):
            for biases in (False, (False, True), (True, False), True):
                result = effective_parameters(Architecture((d, k, 1), activation, biases), primes=1)
                assert result.agrees, (d, k, n, biases)


@pytest.mark.parametrize(
    "activation", ["linear", "quadratic", Polynomial((0, 1, 0, 1)), Polynomial((0, 1, 1, 1))]
)
def test_biased_formulas(activation):
    for d in range(1, 6):
        for k in (1, 2, 3, 6, 7, 8):
            for biases in (False, (False, True), (True, False), True):
                result = effective_parameters(Architecture((d, k, 1), activation, biases), primes=1)
                assert result.agrees in (True, None), (d, k, biases)


@pytest.mark.parametrize(
    ("widths", "activation", "biases", "count"),
    [
        ((6, 6, 1), "quadratic", True, 28),
        ((6, 6, 1), "linear", True, 7),
        ((5, 7, 1), Polynomial((0, 1, 0, 1)), False, 39),
        ((4, 6, 1), Polynomial((0, 1, 1, 1)), (True, False), 34),
        ((5, 8, 1), Polynomial((0, 1, 1, 1)), (True, False), 54),
        ((6, 4, 1), Polynomial((0, 1, 1, 1)), False, 28),
        ((3, 9, 1), Polynomial((0, 1, 1, 1)), False, 19),
    ],
)
def test_reference_counts(widths, activation, biases, count):
    assert rank(widths, activation, biases) == count


def test_a_cubic_that_a_shift_makes_pure_is_not_given_the_formula_of_the_others():
    pure = Architecture((4, 6, 1), Polynomial((0, 3.0, 3.0, 1.0)), (True, False))
    assert effective_parameters(pure).formula is None
    assert formulas.closed_count(Architecture((4, 6, 1), Polynomial((0, 1, 1, 1)), (True, False))).value == 34


DEEP = [
    ((2, 2, 2, 1), ("quadratic", "quadratic"), False),
    ((2, 3, 2, 1), (SQUARE, "quadratic"), True),
    ((3, 2, 2, 1), (CUBE, "linear"), (True, False, True)),
    ((2, 2, 2), (Polynomial((0.5, 1, 2)),), True),
    ((3, 2, 3, 2), ("linear", "linear"), False),
    ((3, 2, 3, 2), ("linear", "linear"), (True, False, False)),
    ((3, 4, 2, 3), ("linear", "linear"), (False, True, False)),
    ((2, 3, 1), (Polynomial((1.0, 0, 0.25, 0, 2)),), (True, False)),
    ((1, 3, 2, 1), (SQUARE, CUBE), False),
    ((2, 1, 2, 1), (Polynomial((0, 1, 0, 1)), SQUARE), True),
]


@pytest.mark.parametrize(("widths", "activations", "biases"), DEEP)
def test_deep_biased_and_vector_networks_equal_explicit_expansion(tangent_rank, widths, activations, biases):
    architecture = Architecture(widths, activations, biases)
    rng = np.random.default_rng(5)
    weights = [rng.integers(-9, 10, size=(n, m)) for m, n in itertools.pairwise(widths)]
    offsets = [
        rng.integers(-9, 10, size=n) if bias else None
        for n, bias in zip(widths[1:], architecture.biases, strict=True)
    ]
    weights, offsets = (
        [w.astype(float) for w in weights],
        [None if b is None else b.astype(float) for b in offsets],
    )
    expected = tangent_rank(weights, offsets, [s.coefficients for s in architecture.activations])
    result = effective_parameters(architecture)
    assert result.rank == expected
    assert result.agrees in (True, None)
    assert result.rank <= result.upper_bound.value
    assert result.failure_probability < 1e-10


def test_deep_linear_scalar_networks_stay_at_d():
    assert rank((7, 3, 5, 2, 1), ("linear", "linear", "linear")) == 7


@pytest.mark.parametrize(("d", "k"), [(1, 1), (1, 12), (2, 7), (5, 5), (10, 10), (4, 20)])
def test_erf_is_certified_of_full_rank(d, k):
    result = effective_parameters(Architecture((d, k, 1), "erf"))
    assert result.is_proven and result.rank == result.lower_bound.value == k * (d + 1)


def test_erf_is_certified_of_full_rank_on_the_whole_grid():
    for d in range(1, 11):
        for k in range(1, 21):
            assert effective_parameters(Architecture((d, k, 1), "erf"), primes=1).is_proven, (d, k)


@pytest.mark.parametrize(
    ("widths", "biases"), [((3, 4, 1), True), ((3, 4, 1), (True, False)), ((2, 3, 2, 1), True)]
)
def test_erf_with_biases_and_depth_is_certified(widths, biases):
    result = effective_parameters(Architecture(widths, "erf", biases))
    assert result.is_proven and result.rank == result.n_params


def test_a_low_order_leaves_only_a_lower_bound():
    result = effective_parameters(Architecture((1, 4, 1), "erf:scale=0.5"), max_order=21)
    assert result.is_proven and result.certificate.order >= 15
    with pytest.raises(InputError, match="raise max_order"):
        effective_parameters(Architecture((1, 4, 1), "erf"), max_order=7)


def test_bounds_are_the_papers():
    result = effective_parameters(Architecture((3, 30, 1), Polynomial((0, 1, 1, 1))))
    assert (result.paper_bound, result.upper_bound.value) == (19, 19)
    odd = effective_parameters(Architecture((3, 30, 1), Polynomial((0, 1, 0, 1))))
    assert (odd.paper_bound, odd.upper_bound.value, odd.rank) == (19, 13, 13)


def test_a_network_stands_for_its_architecture():
    assert effective_parameters(sample_teacher("quadratic", d=3, k=4)).rank == 9


def test_sizes_that_do_not_fit_are_refused_with_the_bytes():
    with pytest.raises(AllocationError, match=r"P = 1000100.*needs .*TB"):
        effective_parameters(Architecture((10_000, 100, 1), Polynomial((0, 1, 1, 1, 1))))


def test_bad_input_is_named():
    with pytest.raises(InputError, match="unknown name 'quadratik'"):
        Architecture((3, 3, 1), "quadratik")
    with pytest.raises(InputError, match="width >= 1, got 0"):
        Architecture((3, 0, 1), "erf")
    with pytest.raises(InputError, match="Architecture or a Network, got tuple"):
        effective_parameters((3, 3, 1))
    with pytest.raises(InputError, match="unknown method 'exakt'"):
        effective_parameters(Architecture((3, 3, 1), "erf"), method="exakt")


def test_the_numerical_method_agrees_where_the_exact_one_applies():
    exact = effective_parameters(Architecture((3, 2, 1), "quadratic"))
    floating = effective_parameters(Architecture((3, 2, 1), "quadratic"), method="numerical")
    assert floating.rank == exact.rank and floating.status == "numerical" and floating.floating.gap > 1e10


def test_results_have_short_and_html_forms_and_plain_dictionaries():
    result = effective_parameters(Architecture((3, 4, 1), "quadratic"))
    assert repr(result) == "RankResult(9 of 16, generic, proven)"
    assert "closed formula" in result._repr_html_() and json.loads(json.dumps(result.to_dict()))["rank"] == 9
