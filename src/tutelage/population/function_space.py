r"""The factor F with H = FᵀF for polynomial activations: the Jacobian of the network's Hermite coefficients.

In the orthonormal basis :math:`h_\alpha = He_\alpha/\sqrt{\alpha!}` of N(0, I) the network has the coefficients
(Bonnet: :math:`E[g\,He_\alpha] = E[\partial^\alpha g]`)

.. math:: c_\alpha(\theta) = \frac{1}{\sqrt{\alpha!}}\sum_i a_i\,s_{|\alpha|}(|w_i|^2)\,w_i^\alpha,\qquad
   s_m(q) = E[\sigma^{(m)}(\sqrt q\,z)],\quad s_m' = \tfrac12 s_{m+2},

so that :math:`F = \partial c/\partial\theta`, one row per :math:`|\alpha| \le n`: C(d + n, n) of them, the constant included
(science 3b). Degrees that a polynomial without the matching powers cannot reach have no rows: odd σ has no even ones.
Every gradient is a sum of monomials whose degrees are powers of σ, so the coefficients of all other monomials vanish
(the constant, where σ(0) = 0): these linear relations between the rows are reflected away, which leaves exactly
:math:`M = \sum_{c_p \ne 0} C(d + p - 1, p)` rows, M = d(d + 3)/2 for the quadratic.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import scipy.linalg

from tutelage.activations import Activation
from tutelage.layout import Layout
from tutelage.network import Network


def function_space_size(activation: Activation, d: int, layers: Collection[str] = ()) -> int | None:
    """M, the number of monomials in d variables with a degree that is a power of σ; None for non-polynomial σ.

    Among ``layers`` hidden biases b bring all lower degrees, an output bias c the constant.
    """
    return None if activation.degree is None else _dimension(_reached(activation.coefficients, layers), d)


def function_space_factor(network: Network) -> np.ndarray:
    """F (M, P) with H = FᵀF at the optimum of a polynomial network; of m outputs m such factors below each other, (m M, P)."""
    if network.n_outputs > 1:
        return np.concatenate([_of_output(network, o) for o in range(network.n_outputs)])
    return factor_rows(network.activation.coefficients, network.layers, network.layout)


def quadratic_gram(
    W: np.ndarray, a: np.ndarray, c1: float, c2: float
) -> tuple[int, Callable[[np.ndarray], np.ndarray]]:
    r"""M = d(d + 3)/2 and v -> FFᵀv, whose eigenvalues are those of H but for zeros, for :math:`c_1 u + c_2 u^2` without biases.

    In the functions :math:`s \cdot x + x^T X x`, two products of a neuron's size where H takes three, on half as many numbers:

    .. math:: F\theta' = \Bigl(c_1\sum_i (a_i w_i)',\; R\,c_2\sum_i (a_i w_i w_i^T)'\Bigr),\qquad
       R^2 X = 2X + \mathrm{tr}(X)\,I = E\bigl[x x^T\,x^T X x\bigr]\text{ of symmetric } X.
    """
    d = W.shape[1]
    rows, columns = np.triu_indices(d)
    # One number stands for two entries beside the diagonal: lengths are Frobenius norms.
    share = np.where(rows == columns, 1.0, math.sqrt(0.5))
    excess = (math.sqrt(d + 2.0) - math.sqrt(2.0)) / d

    def root(X: np.ndarray) -> np.ndarray:
        return math.sqrt(2.0) * X + excess * X.trace() * np.eye(d)

    def product(vector: np.ndarray) -> np.ndarray:
        vector = np.ravel(vector)
        X, slope = np.empty((d, d)), vector[:d]
        X[rows, columns] = X[columns, rows] = vector[d:] * share
        images = W @ root(X)
        alpha = c1 * (W @ slope) + c2 * np.einsum("ij,ij->i", images, W)
        V = a[:, None] * (c1 * slope + 2.0 * c2 * images)
        half = c2 * W.T @ (0.5 * alpha[:, None] * W + a[:, None] * V)
        return np.concatenate([c1 * (alpha @ W + a @ V), root(half + half.T)[rows, columns] / share])

    return d + rows.size, product


def factor_rows(
    coefficients: Sequence[float], layers: Mapping[str, np.ndarray], layout: Layout
) -> np.ndarray:
    """F (M, ..., P) of one network's layers, or of a stack of networks' with axes in front."""
    reached, W = _reached(coefficients, layers), layers["W"]
    blocks = [_degree_rows(layers, layout, coefficients, m) for m in _degrees(reached)]
    shape = (*W.shape[:-2], layout.size)
    rows = _without_relations([b.reshape(len(b), -1) for b in blocks], reached, W.shape[-1], math.prod(shape))
    return rows.reshape(len(rows), *shape)


def _of_output(network: Network, o: int) -> np.ndarray:
    """The factor of one output alone, in the parameters of all."""
    c = None if network.c is None else network.c[o]
    one = Network(network.W, network.a[o], network.activation, network.b, c)
    rows = function_space_factor(one)
    found = np.zeros((len(rows), network.n_params))
    layers = network.layout.split(found)
    for name, part in one.layout.split(rows).items():
        place = layers[name][:, o] if name in "ac" else layers[name]
        place[...] = part
    return found


def _reached(coefficients: Sequence[float], layers: Collection[str]) -> Sequence[float]:
    """A polynomial with the powers that networks with these layers have."""
    if "b" in layers:
        return (1.0,) * len(coefficients)
    return (1.0, *coefficients[1:]) if "c" in layers else coefficients


def repeated_factor(network: Network) -> np.ndarray:
    r"""G (m, k) with :math:`C = G^T G`, :math:`C_{ij} = a_i a_j E[\sigma'(u_i)\sigma'(u_j)]`, of a polynomial network.

    The same coefficients for :math:`a_i\,\sigma'(w_i\cdot x)`, of degree n − 1.
    """
    slope = np.polynomial.polynomial.polyder(network.activation.coefficients)
    blocks = []
    for m in _degrees(slope):
        index, norm = _multi_indices(network.d, m)
        smoothed = _smoothed_derivative(slope, m, np.sum(network.W**2, axis=1))
        blocks.append((network.W[:, index].prod(axis=2) * (network.a * smoothed)[:, None]).T / norm[:, None])
    return _without_relations(blocks, slope, network.d, network.k)


def repeated_size(activation: Activation, r: int) -> int | None:
    """m of :func:`repeated_factor` for r input dimensions."""
    if activation.degree is None:
        return None
    return _dimension(np.polynomial.polynomial.polyder(activation.coefficients), r)


def _dimension(coefficients: Sequence[float], d: int) -> int:
    return sum(math.comb(d + p - 1, p) for p, c in enumerate(coefficients) if c)


def _without_relations(
    blocks: list[np.ndarray], coefficients: Sequence[float], d: int, n_columns: int
) -> np.ndarray:
    """Reflect the rows so that those the absent monomials force to zero come first, and drop them."""
    if not blocks:
        return np.zeros((0, n_columns))
    rows = np.concatenate(blocks)
    reflectors, tau = _reflectors(tuple(coefficients), d)
    if not tau.size:
        return rows
    work = 64 * n_columns
    reflected, _, info = scipy.linalg.lapack.dormqr("L", "T", reflectors, tau, rows, work)
    if info != 0:
        raise np.linalg.LinAlgError(f"dormqr refused argument {-info}")
    return reflected[tau.size :]


@functools.lru_cache(maxsize=4)
def _reflectors(coefficients: tuple[float, ...], d: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the relations, which depend on the shape alone, in the form of LAPACK; none where there are none."""
    relations = _relations(coefficients, d)
    if relations.shape[1] == 0:
        return relations, np.zeros(0)
    reflectors, tau, _, _ = scipy.linalg.lapack.dgeqrf(relations)
    return reflectors, tau


def _relations(coefficients: Sequence[float], d: int) -> np.ndarray:
    r"""Columns :math:`([x^\beta] h_\alpha)_\alpha` for every :math:`\beta` with an absent power as degree, shape (rows, ·).

    :math:`[x^{n-2m}]\,He_n = (-1)^m n!/(m!\,(n-2m)!\,2^m)`.
    """
    degrees = _degrees(coefficients)
    absent = [m for m in degrees if not coefficients[m]]
    rows = [alpha for m in degrees for alpha in itertools.combinations_with_replacement(range(d), m)]
    column = {
        beta: i
        for i, beta in enumerate(
            beta for m in absent for beta in itertools.combinations_with_replacement(range(d), m)
        )
    }
    table = np.zeros((len(rows), len(column)))
    for i, alpha in enumerate(rows if absent else []):
        powers = {j: alpha.count(j) for j in sorted(set(alpha))}
        scale = math.sqrt(math.prod(math.factorial(n) for n in powers.values()))
        for removed in itertools.product(*(range(n // 2 + 1) for n in powers.values())):
            beta = tuple(
                j for (j, n), m in zip(powers.items(), removed, strict=True) for _ in range(n - 2 * m)
            )
            if len(beta) in absent:
                terms = zip(powers.values(), removed, strict=True)
                table[i, column[beta]] = math.prod(_hermite_coefficient(n, m) for n, m in terms) / scale
    return table


def _hermite_coefficient(n: int, m: int) -> float:
    return (-1) ** m * math.factorial(n) / (math.factorial(m) * math.factorial(n - 2 * m) * 2**m)


def _degrees(coefficients: Sequence[float]) -> list[int]:
    """Degrees m with a power p ≥ m of the same parity: the others have s_m = 0 identically."""
    powers = [p for p, c in enumerate(coefficients) if c]
    return [m for m in range(max(powers, default=-1) + 1) if any(p >= m and (p - m) % 2 == 0 for p in powers)]


def _multi_indices(d: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Multi-indices of degree m as sorted positions (M, m), and :math:`\sqrt{\alpha!}` (M,)."""
    index = np.array(list(itertools.combinations_with_replacement(range(d), m)), dtype=np.intp)
    index = index.reshape(math.comb(d + m - 1, m), m)
    # alpha! is the product of 1, 2, ... along each run of equal positions.
    norm, run = np.ones(len(index)), np.ones(len(index))
    for p in range(1, m):
        run = np.where(index[:, p] == index[:, p - 1], run + 1, 1.0)
        norm *= run
    return index, np.sqrt(norm)


def _smoothed_derivative(
    coefficients: Sequence[float], m: int, q: np.ndarray, b: np.ndarray | None = None
) -> np.ndarray:
    r""":math:`s_m(q) = \sum_{p \ge m} c_p\,\frac{p!}{(p-m)!}\,E(b + \sqrt q z)^{p-m}`."""
    total = np.zeros_like(q)
    for p, c in enumerate(coefficients):
        if c and p >= m and (b is not None or (p - m) % 2 == 0):
            total += c * math.perm(p, m) * _moment(p - m, q, b)
    return total


def _moment(n: int, q: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    r""":math:`E(b + \sqrt q z)^n = \sum_j C(n, 2j)\,(2j - 1)!!\,q^j\,b^{n - 2j}`."""
    total = np.zeros_like(q)
    for half in range(n // 2 + 1) if b is not None else [n // 2]:
        normal = math.factorial(2 * half) // (2**half * math.factorial(half))
        power = 1.0 if b is None else math.comb(n, 2 * half) * b ** (n - 2 * half)
        total += normal * power * q**half
    return total


def _degree_rows(
    given: Mapping[str, np.ndarray], layout: Layout, coefficients: Sequence[float], m: int
) -> np.ndarray:
    """The rows of F with |α| = m: derivatives of c_α by the layers, shape (rows, ..., P)."""
    W, a, b = given["W"], given["a"], given.get("b")
    index, norm = _multi_indices(W.shape[-1], m)
    q = np.sum(W * W, axis=-1)
    value, slope, curvature = (_smoothed_derivative(coefficients, order, q, b) for order in (m, m + 1, m + 2))
    picked = W[..., index]
    power = picked.prod(axis=-1)
    # Written in place: these rows are the largest array of the method, copies of it would dominate the time.
    out = np.zeros((len(index), *W.shape[:-2], layout.size))
    layers = layout.split(out)
    rows = layers["W"]
    if curvature.any():
        # d s_m / d w = s_{m+2} w.
        rows += np.einsum("...i,...im,...ij->m...ij", a * curvature, power / norm, W)
    for p in range(m):
        # d w^alpha / d w_j by the product rule over the m positions; equal positions add up.
        others = np.delete(picked, p, axis=-1).prod(axis=-1) * (a * value)[..., None] / norm
        at = np.arange(len(index))[:, None], ..., np.arange(W.shape[-2]), index[:, p, None]
        rows[at] += np.moveaxis(others, (-1, -2), (0, 1))
    layers["a"][...] = np.moveaxis(power * value[..., None] / norm, -1, 0)
    if b is not None:
        layers["b"][...] = np.moveaxis(power * (a * slope)[..., None] / norm, -1, 0)
    if m == 0 and "c" in given:
        layers["c"][...] = 1.0
    return out
