"""From a minimal description back to a network with the original activation."""

from __future__ import annotations

import math

import numpy as np

from tutelage.activations import Activation
from tutelage.network import Network
from tutelage.rank.expansion import monomials

_ZERO = 1e-12


def restore(kind: str, parts: dict[str, np.ndarray], activation: Activation, d: int) -> Network:
    """A network whose function the description is."""
    if kind == "network":
        return Network(parts["W"], parts["a"], activation)
    if not parts:
        return _network(np.zeros((0, d)), np.zeros(0), activation, d)
    c = list(activation.coefficients or ())
    if kind == "linear" and "constant" not in parts:
        return Network(parts["vector"][None, :], [1 / c[1]], activation)
    if kind == "quadratic" and "constant" not in parts and "vector" in parts:
        return _mixed(parts["vector"] / c[1], parts["matrix"] / c[2], activation, d)
    if kind == "quadratic" and "constant" not in parts:
        values, vectors = np.linalg.eigh(parts["matrix"] / c[2])
        kept = np.abs(values) > _ZERO * np.abs(values).max(initial=1e-300)
        return _network(vectors.T[kept], values[kept], activation, d)
    return _powers(parts, activation, d, c)


def _network(W: np.ndarray, a: np.ndarray, activation: Activation, d: int) -> Network:
    return Network(W, a, activation) if len(a) else Network(np.zeros((1, d)), [0.0], activation)


def _mixed(vector: np.ndarray, matrix: np.ndarray, activation: Activation, d: int) -> Network:
    r"""u + alpha u^2: eigenvectors q of the matrix, w = s q, a = lambda / s^2, s from v.q = lambda / s."""
    values, vectors = np.linalg.eigh(matrix)
    size = max(float(np.abs(values).max()), float(np.abs(vector).max()), 1e-300)
    rows: list[np.ndarray] = []
    read_outs: list[float] = []
    for value, q in zip(values, vectors.T, strict=True):
        slope = float(vector @ q)
        if abs(value) <= _ZERO * size and abs(slope) <= _ZERO * size:
            continue
        if abs(value) <= _ZERO * size:
            # Opposite signs cancel the square and keep the slope.
            rows += [q, -q]
            read_outs += [slope / 2, -slope / 2]
        elif abs(slope) <= _ZERO * size:
            rows += [q, -q]
            read_outs += [value / 2, value / 2]
        else:
            rows.append(q * value / slope)
            read_outs.append(slope**2 / value)
    return _network(np.array(rows), np.array(read_outs), activation, d)


def _by_degree(parts: dict[str, np.ndarray]) -> dict[int, np.ndarray]:
    """Monomial coefficients by degree; a symmetric matrix gives x_i x_j the sum of its two entries."""
    found = {
        int(name.removeprefix("degree_")): part for name, part in parts.items() if name.startswith("degree_")
    }
    if "constant" in parts:
        found[0] = parts["constant"]
    if "vector" in parts:
        found[1] = parts["vector"]
    if "matrix" in parts:
        matrix = parts["matrix"]
        found[2] = (2 * matrix - np.diag(np.diag(matrix)))[np.triu_indices(len(matrix))]
    return found


def _powers(parts: dict[str, np.ndarray], activation: Activation, d: int, c: list[float]) -> Network:
    """Any polynomial: fixed random directions, more than coefficients, and read-outs by a linear solve."""
    degrees = _by_degree(parts)
    target = np.concatenate(list(degrees.values()))
    size = target.size
    rng = np.random.default_rng(0)
    W = rng.normal(size=(2 * size, d))
    # Lengths away from one tell the degrees apart.
    W *= (rng.uniform(0.5, 1.5, size=2 * size) / np.linalg.norm(W, axis=1))[:, None]
    rows = []
    for p in degrees:
        exponents = np.array(list(monomials(d, p))).reshape(-1, d)
        counts = np.array([_multinomial(m) for m in exponents.tolist()])
        rows.append(c[p] * counts[:, None] * np.prod(W[None] ** exponents[:, None], axis=2))
    # Twice as many directions as equations, the shortest solution: well conditioned where a square system is
    # not.
    read_outs = np.linalg.lstsq(np.concatenate(rows), target, rcond=None)[0]
    return Network(W, read_outs, activation)


def _multinomial(m: list[int]) -> float:
    return float(math.factorial(sum(m)) // math.prod(math.factorial(q) for q in m))
