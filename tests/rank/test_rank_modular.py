"""Arithmetic modulo p: exact against Python integers and FLINT, at the largest primes allowed."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.base.errors import InputError
from tutelage.rank.elimination import flint_rank, rank_mod, row_basis
from tutelage.rank.modular import PrimeField, random_primes

LARGEST = 2**31 - 1
FIELD = PrimeField(LARGEST)


def extremes(shape):
    """The worst case for rounding: every entry at the edge of the balanced range, all of one sign."""
    return np.full(shape, float(LARGEST // 2))


@pytest.mark.parametrize("inner", [1, 119, 120, 121, 1000])
def test_products_of_extreme_residues_are_exact(inner):
    product = FIELD.matmul(extremes((2, inner)), -extremes((inner, 3)))
    exact = -inner * (LARGEST // 2) ** 2 % LARGEST
    assert np.all(np.mod(product, LARGEST) == exact)


def test_matmul_equals_python_integers():
    rng = np.random.default_rng(1)
    x, y = FIELD.random(rng, (7, 300)), FIELD.random(rng, (300, 5))
    exact = np.array(x, dtype=np.int64).astype(object) @ np.array(y, dtype=np.int64).astype(object) % LARGEST
    assert np.all(np.mod(FIELD.matmul(x, y), LARGEST) == exact.astype(float))


@given(st.integers(-(2**30), 2**30), st.integers(-(2**30), 2**30))
def test_elementwise_product(x, y):
    assert FIELD.multiply(np.array(float(x)), np.array(float(y))) % LARGEST == x * y % LARGEST


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_exact_rationals(x):
    q = Fraction(x)
    exact = q.numerator * pow(q.denominator, -1, LARGEST) % LARGEST
    assert FIELD.from_float(np.array([x]))[0] % LARGEST == exact


@settings(max_examples=25)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 60), st.integers(0, 2**32))
def test_elimination_finds_the_planted_rank_and_agrees_with_flint(m, n, r, seed):
    field = PrimeField(random_primes(1, 3)[0])
    rng = np.random.default_rng(seed)
    r = min(m, n, r)
    matrix = field.matmul(field.random(rng, (m, r)), field.random(rng, (r, n)))
    pivots, others, combination = row_basis(field, matrix)
    assert pivots.size == flint_rank(field.p, matrix)
    rebuilt = field.matmul(combination, matrix[pivots]) if pivots.size else np.zeros((others.size, n))
    assert np.all(np.mod(rebuilt - matrix[others], field.p) == 0)


def test_large_matrices_take_the_blocked_path_and_agree_with_flint():
    field = PrimeField(random_primes(1, 4)[0])
    rng = np.random.default_rng(2)
    matrix = field.matmul(field.random(rng, (320, 211)), field.random(rng, (211, 280)))
    matrix[:, 17] = 0
    assert rank_mod(field, matrix) == rank_mod(field, matrix.T) == flint_rank(field.p, matrix) == 211


@pytest.mark.parametrize("p", [2, 9, 2**31 + 11, 1, -7])
def test_a_field_needs_an_odd_prime_below_its_bound(p):
    with pytest.raises(InputError, match="odd prime below 2\\^31"):
        PrimeField(p)


def test_p_dividing_a_denominator_is_an_error():
    with pytest.raises(InputError, match="denominator"):
        FIELD.fraction(Fraction(1, LARGEST))


def test_primes_are_distinct_large_and_repeatable():
    primes = random_primes(5, 11)
    assert (
        len(set(primes)) == 5
        and min(primes) >= 2**30
        and primes == random_primes(5, 11) != random_primes(5, 12)
    )
