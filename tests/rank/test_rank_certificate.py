"""Certificates survive JSON and are recomputed by forward differentiation and FLINT."""

import dataclasses

import pytest

from tutelage import Architecture, InputError, Polynomial, effective_parameters, hessian_rank, sample_teacher
from tutelage.rank import Certificate, verify
from tutelage.rank.verify import _leading_sum

CASES = [
    ((5, 7, 1), Polynomial((0, 0, 0, 1)), False),
    ((6, 6, 1), "quadratic", True),
    ((4, 3, 1), "erf", True),
    ((2, 2, 2, 1), "erf", False),
    ((3, 5, 1), "erf:scale=0.7", False),
    ((3, 3, 2), "quadratic", (False, True)),
]


@pytest.mark.parametrize(("widths", "activation", "biases"), CASES)
def test_the_other_route_finds_the_same_rank(widths, activation, biases):
    certificate = effective_parameters(Architecture(widths, activation, biases)).certificate
    assert verify(Certificate.from_json(certificate.to_json()))


@pytest.mark.parametrize("activation", ["erf", "quadratic"])
def test_a_certificate_of_given_weights(activation):
    certificate = hessian_rank(sample_teacher(activation, 4, 5), floating=False).certificate
    assert certificate.kind == "here" and verify(Certificate.from_json(certificate.to_json()))


@pytest.mark.parametrize(("widths", "activation", "biases"), [*CASES, ((2, 3, 2, 1), "quadratic", False)])
def test_primes_are_tried_until_one_reaches_the_upper_bound(widths, activation, biases):
    found = effective_parameters(Architecture(widths, activation, biases), primes=4)
    ranks, primes = found.certificate.ranks, found.certificate.primes
    assert len(primes) == len(ranks) and all(rank < found.upper_bound.value for rank in ranks[:-1])
    assert (len(primes) < 4) == (ranks[-1] == found.upper_bound.value) and found.is_proven == (
        len(primes) < 4
    )


def test_a_false_claim_is_refused():
    certificate = effective_parameters(Architecture((5, 7, 1), CASES[0][1])).certificate
    claimed = dataclasses.replace(certificate, ranks=tuple(r + 1 for r in certificate.ranks))
    assert not verify(claimed)
    assert not verify(dataclasses.replace(certificate, n_points=20))


def test_inconsistent_certificates_are_errors():
    certificate = hessian_rank(sample_teacher("erf", 2, 2), floating=False).certificate
    with pytest.raises(InputError, match="expected 6 weights, got 1"):
        verify(dataclasses.replace(certificate, weights=("0x1p0",)))
    with pytest.raises(InputError, match="one rank for each prime"):
        verify(dataclasses.replace(certificate, ranks=(6, 6)))
    with pytest.raises(InputError, match="expected the text"):
        Certificate.from_json("{")
    with pytest.raises(InputError, match="expected format 1"):
        Certificate.from_json('{"format": 9}')
    with pytest.raises(InputError, match="expected a Certificate"):
        verify("certificate")


def test_interpolation_reads_off_the_leading_coefficients():
    p, coefficients = 2**31 - 1, [3, 1, 4, 1, 5, 9, 2, 6]
    factors = _leading_sum(7, 3, p)
    values = [sum(c * t**i for i, c in enumerate(coefficients)) for t in range(8)]
    assert sum(f * v for f, v in zip(factors, values, strict=True)) % p == 3 + 1 + 4 + 1
