r"""verify(certificate): the certified rank recomputed by an independent route.

The original computation backpropagates with float64 limbs, truncates series as jets and eliminates in blocks.
Here derivatives go FORWARD from each parameter in 64-bit integers, a truncated series is read off the
composition of Taylor polynomials along rays by interpolation, and FLINT takes the rank. Only the draws of
weights and points are shared: they are what the certificate is about.
"""

from __future__ import annotations

import math

import numpy as np

from tutelage.architecture import Architecture
from tutelage.base.errors import InputError
from tutelage.layout import Layout
from tutelage.rank.backprop import Layers
from tutelage.rank.certificate import Certificate
from tutelage.rank.elimination import flint_rank
from tutelage.rank.generic_rank import draw_layers, draw_points, needs_jets
from tutelage.rank.modular import PrimeField
from tutelage.rank.series import centred

_BLOCK_ENTRIES = 4_000_000


def verify(certificate: Certificate) -> bool:
    """Whether the claimed ranks are found again modulo every prime, by forward differentiation and FLINT.

    Raises
    ------
    InputError
        The certificate is inconsistent (sizes, primes, orders).

    Examples
    --------
    >>> from tutelage import Architecture
    >>> from tutelage.rank import effective_parameters
    >>> verify(effective_parameters(Architecture((3, 2, 1), "quadratic")).certificate)
    True
    """
    if not isinstance(certificate, Certificate):
        raise InputError(
            f"verify: expected a Certificate, got {type(certificate).__name__}; see RankResult.certificate"
        )
    architecture = certificate.architecture
    if len(certificate.primes) != len(certificate.ranks) or not certificate.primes:
        raise InputError(
            f"verify: expected one rank for each prime, got {len(certificate.primes)} primes and "
            f"{len(certificate.ranks)} ranks"
        )
    if certificate.kind == "here" and len(certificate.weights) != architecture.n_params:
        raise InputError(
            f"verify: expected {architecture.n_params} weights, got {len(certificate.weights)}; "
            "the certificate is incomplete"
        )
    return all(
        _rank(certificate, architecture, p) == rank
        for p, rank in zip(certificate.primes, certificate.ranks, strict=True)
    )


def _rank(certificate: Certificate, architecture: Architecture, p: int) -> int:
    field, order = PrimeField(p), certificate.order
    polynomials = [_taylor(s, s.degree if order is None else order + 1, p) for s in architecture.activations]
    layers = _layers(certificate, architecture, field)
    jets = needs_jets(architecture, order)
    if jets:
        layers = centred(field, layers, [c[0] for c in polynomials])
    points, cotangents = draw_points(architecture, field, certificate.seed, certificate.n_points)
    weights = [_integers(w, p) for w in layers.weights]
    biases = [None if b is None else _integers(b, p) for b in layers.biases]
    x, e = _integers(points, p), _integers(cotangents, p)
    if not jets:
        if order is not None:
            polynomials = [c[: order + 1] for c in polynomials]
        return flint_rank(p, _in_blocks(x, e, weights, biases, polynomials, p))
    assert order is not None
    # The composition is a polynomial in t of degree at most (order + 1)^layers; its first coefficients are
    # the true ones, and their sum is a fixed combination of its values at t = 0, 1, 2, ...
    degree = (order + 1) ** len(polynomials) + 1
    total = np.zeros((x.shape[0], architecture.n_params), dtype=np.int64)
    for t, factor in enumerate(_leading_sum(degree, order, p)):
        total = (total + factor * _in_blocks(x * t % p, e, weights, biases, polynomials, p)) % p
    return flint_rank(p, total)


def _layers(certificate: Certificate, architecture: Architecture, field: PrimeField) -> Layers:
    if certificate.kind == "generic":
        return draw_layers(architecture, field, certificate.seed)
    theta = [float.fromhex(text) for text in certificate.weights]
    residue = np.array([_exact_residue(value, field.p) for value in theta], dtype=np.float64)
    (d, k, m), (hidden, out) = architecture.widths, architecture.biases
    biases = ({"b": (k,)} if hidden else {}), ({"c": (m,)} if out else {})
    layers = Layout({"W": (k, d), **biases[0], "a": (m, k), **biases[1]}).split(residue)
    return Layers((layers["W"], layers["a"]), (layers.get("b"), layers.get("c")))


def _exact_residue(value: float, p: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator * pow(denominator, -1, p) % p


def _integers(x: np.ndarray, p: int) -> np.ndarray:
    return x.astype(np.int64) % p


def _taylor(activation: object, order: int | None, p: int) -> list[int]:
    coefficients = activation.taylor(order)  # pyright: ignore[reportAttributeAccessIssue]
    return [c.numerator * pow(c.denominator, -1, p) % p for c in coefficients]


def _in_blocks(
    x: np.ndarray, e: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray | None],
    polynomials: list[list[int]], p: int,
) -> np.ndarray:  # fmt: skip
    n_params = sum(w.size for w in weights) + sum(b.size for b in biases if b is not None)
    size = max(1, _BLOCK_ENTRIES // (n_params * max(w.shape[0] for w in weights)))
    parts = [
        _forward(x[i : i + size], e[i : i + size], weights, biases, polynomials, p)
        for i in range(0, len(x), size)
    ]
    return np.concatenate(parts)


def _forward(
    x: np.ndarray, e: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray | None],
    polynomials: list[list[int]], p: int,
) -> np.ndarray:  # fmt: skip
    """Jacobian (S, P) of e.f: tangents of every earlier parameter are carried through each layer."""
    n_points = x.shape[0]
    value, tangent = x, np.zeros((n_points, x.shape[1], 0), dtype=np.int64)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        n_out, n_in = weight.shape
        carried = _contract(weight, tangent, p)
        own = np.zeros((n_points, n_out, n_out, n_in), dtype=np.int64)
        unit = np.arange(n_out)
        own[:, unit, unit] = value[:, None, :]
        pieces = [carried, own.reshape(n_points, n_out, n_out * n_in)]
        if bias is not None:
            pieces.append(np.broadcast_to(np.eye(n_out, dtype=np.int64), (n_points, n_out, n_out)))
        tangent = np.concatenate(pieces, axis=2)
        value = _contract(weight, value[:, :, None], p)[:, :, 0] + (0 if bias is None else bias)
        value %= p
        if layer < len(polynomials):
            value, slope = _value_and_slope(polynomials[layer], value, p)
            tangent = tangent * slope[:, :, None] % p
    return _contract_points(e, tangent, p)


def _contract(weight: np.ndarray, tangent: np.ndarray, p: int) -> np.ndarray:
    """Sum over inputs one at a time: products of residues stay below 2^62."""
    total = np.zeros((tangent.shape[0], weight.shape[0], tangent.shape[2]), dtype=np.int64)
    for j in range(weight.shape[1]):
        total = (total + weight[None, :, j, None] * tangent[:, None, j] % p) % p
    return total


def _contract_points(e: np.ndarray, tangent: np.ndarray, p: int) -> np.ndarray:
    total = np.zeros((tangent.shape[0], tangent.shape[2]), dtype=np.int64)
    for o in range(e.shape[1]):
        total = (total + e[:, o, None] * tangent[:, o] % p) % p
    return total


def _value_and_slope(coefficients: list[int], u: np.ndarray, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Horner's scheme for a polynomial and its derivative together."""
    value, slope = np.zeros_like(u), np.zeros_like(u)
    for c in reversed(coefficients):
        slope = (slope * u + value) % p
        value = (value * u + c) % p
    return value, slope


def _leading_sum(degree: int, order: int, p: int) -> list[int]:
    """Factors f_t with sum_t f_t g(t) = g_0 + ... + g_order for every polynomial g of this degree."""
    # Newton's form: g = sum_m (Delta^m g)(0) binom(t, m), and binom(t, m) in powers of t by its product form.
    factors = [0] * (degree + 1)
    falling = [1]
    for m in range(degree + 1):
        leading = sum(falling[: order + 1]) * pow(math.factorial(m), -1, p) % p
        for t in range(m + 1):
            factors[t] = (factors[t] + leading * math.comb(m, t) * (-1) ** (m - t)) % p
        falling = [(low - m * high) % p for low, high in zip([0, *falling], [*falling, 0], strict=True)]
    return factors
