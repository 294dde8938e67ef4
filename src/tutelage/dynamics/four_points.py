r"""Four-point moments of the neurons, in closed form for erf(su) and c_1 u + c_2 u² (science 10a, 10.1)."""

from __future__ import annotations

import math

import numpy as np

from tutelage.activations import Activation


def closed_coefficients(activation: Activation) -> tuple[float, float] | None:
    """(c_1, c_2) of c_1 u + c_2 u²; None for any other function."""
    if activation.degree is None or activation.degree > 2:
        return None
    c = (*(activation.coefficients or ()), 0.0, 0.0, 0.0)
    return None if c[0] else (c[1], c[2])


def slope_products(activation: Activation, gram: np.ndarray) -> np.ndarray | None:
    r""":math:`E[\sigma'_i\sigma'_j\sigma'_p\sigma'_q]` of Gaussian pre-activations, shape (k, k, k, k).

    None where it has no closed form here.

    Parameters
    ----------
    activation : Activation
    gram : ndarray, shape (k, k)
        Their covariances.
    """
    if (scale := activation.erf_scale) is not None:
        return _erf_slopes(2.0 * scale**2 * gram) * (2.0 * scale / math.sqrt(math.pi)) ** 4
    if activation.degree is not None and activation.degree <= 2:
        c = (*(activation.coefficients or ()), 0.0, 0.0)
        return _affine_slopes(c[1], 2.0 * c[2], gram)
    return None


def _erf_slopes(c: np.ndarray) -> np.ndarray:
    """|1 + C_4|^(−1/2), C_4 the 4 × 4 covariances of the four neurons, repeated ones included."""
    k = c.shape[0]
    chosen = np.stack(np.meshgrid(*[np.arange(k)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    # All orders of four neurons have one value.
    unique, back = np.unique(np.sort(chosen, axis=1), axis=0, return_inverse=True)
    blocks = np.eye(4) + c[unique[:, :, None], unique[:, None, :]]
    return (np.linalg.det(blocks) ** -0.5)[back.reshape(-1)].reshape(k, k, k, k)


def _affine_slopes(c: float, b: float, q: np.ndarray) -> np.ndarray:
    """E of four factors c + b u: c⁴ + c²b² Σ over 6 pairs q + b⁴ Σ over 3 pairings qq."""
    pairs = ("ij", "ip", "iq", "jp", "jq", "pq")
    ones, none = np.ones(q.shape[0]), np.zeros(())
    six = sum(
        (np.einsum(f"{pair},{','.join(set('ijpq') - set(pair))}->ijpq", q, ones, ones) for pair in pairs),
        none,
    )
    three = sum(
        (np.einsum(f"{one},{two}->ijpq", q, q) for one, two in zip(pairs[:3], pairs[:2:-1], strict=True)),
        none,
    )
    return c**4 + c**2 * b**2 * six + b**4 * three


def erf_residual_products(
    scale: float, gram: np.ndarray, c: np.ndarray, k: int, variance: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    r""":math:`F_{ij} = E[((\sum_l c_l\sigma_l)^2 + v)\sigma'_i\sigma'_j]` and :math:`E[x\cdot\nabla_x(\ldots)]`, i, j < k.

    Of Gaussian inputs :math:`E[|x|^2h] = d\,E[h] + E[x\cdot\nabla h]`, the second by scaling the Gram matrix of h.

    Parameters
    ----------
    scale : float
        s of erf(su).
    gram : ndarray, shape (K, K)
        Covariances of the pre-activations of student and teacher.
    c : ndarray, shape (K,)
    variance : float
        v.

    Returns
    -------
    tuple of ndarray, shapes (k, k)
    """
    C = 2.0 * scale**2 * gram
    pair = np.stack(np.triu_indices(k), axis=1)
    weight = np.eye(2) + C[pair[:, :, None], pair[:, None, :]]
    rows = C[pair]
    inverse = np.linalg.inv(weight)
    solved = inverse @ rows
    # Covariances of l and m under the Gaussian times the two slopes, and their growth with log of the Gram matrix.
    S = C - rows.transpose(0, 2, 1) @ solved
    dS = S - solved.transpose(0, 2, 1) @ solved
    own = 1.0 + _diagonals(S)
    half, square = 0.5 * _diagonals(dS) / own, own[:, :, None] * own[:, None, :]
    turned = dS - S * (half[:, :, None] + half[:, None, :])
    sines = np.arcsin(np.clip(S / np.sqrt(square), -1.0, 1.0)) @ c @ c + 0.5 * math.pi * variance
    turns = (turned / np.sqrt(square - S**2)) @ c @ c
    lost = 2.0 - inverse.trace(axis1=1, axis2=2)
    factor = 8.0 * scale**2 / math.pi**2 / np.sqrt(np.linalg.det(weight))
    return _symmetric(factor * sines, k), _symmetric(factor * (2.0 * turns - lost * sines), k)


def polynomial_residual_products(
    coefficients: tuple[float, float], gram: np.ndarray, c: np.ndarray, k: int, variance: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""The same two for :math:`c_1u + c_2u^2`, whose parts of degree m in x grow like m of them."""
    c1, c2 = coefficients
    D = c[:, None]
    Gc = gram @ c
    bb, wb = c1**2 * c @ Gc, c1 * Gc[:k]
    GDG = gram @ (D * gram)
    wSw, wSb, wSSw = c2 * GDG[:k, :k], c1 * c2 * (GDG @ c)[:k], c2**2 * (GDG @ (D * gram))[:k, :k]
    tau, square = c2 * c @ np.diag(gram), c2**2 * c @ (GDG.diagonal())
    trace = 2.0 * square + tau**2
    q, both = gram[:k, :k], lambda v: v[:, None] + v[None, :]
    two = c1**2 * bb + 4.0 * c2**2 * variance * q
    four = c1**2 * trace + 2.0 * c1 * c2 * (2.0 * tau * both(wb) + 4.0 * both(wSb))
    four = four + 4.0 * c2**2 * (bb * q + 2.0 * np.outer(wb, wb))
    six = 4.0 * c2**2 * (trace * q + 8.0 * wSSw + 4.0 * tau * wSw)
    return c1**2 * variance + two + four + six, 2.0 * two + 4.0 * four + 6.0 * six


def _diagonals(matrices: np.ndarray) -> np.ndarray:
    return np.diagonal(matrices, axis1=1, axis2=2)


def _symmetric(values: np.ndarray, k: int) -> np.ndarray:
    """The symmetric matrix (k, k) of its upper triangle."""
    matrix = np.empty((k, k))
    i, j = np.triu_indices(k)
    matrix[i, j] = matrix[j, i] = values
    return matrix
