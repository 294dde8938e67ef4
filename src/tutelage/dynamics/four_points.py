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


def erf_residual_products(scale: float, gram: np.ndarray, c: np.ndarray, k: int) -> np.ndarray:
    r""":math:`N_{ij} = \sum_{lm}c_lc_mI_4(i, j, l, m) = E[(\sum_l c_l\sigma_l)^2\sigma'_i\sigma'_j]`, i, j < k, shape (k, k).

    Parameters
    ----------
    scale : float
        s of erf(su).
    gram : ndarray, shape (K, K)
        Covariances of the pre-activations of student and teacher.
    c : ndarray, shape (K,)
    """
    C = 2.0 * scale**2 * gram
    i, j = np.triu_indices(k)
    own = 1.0 + np.diag(C)
    A, B, x = own[i, None], own[j, None], C[i, j][:, None]
    Ci, Cj = C[i], C[j]
    L4 = A * B - x**2
    L1 = L4 * own - Cj**2 * A - Ci**2 * B + 2.0 * x * Ci * Cj
    cross = Ci[:, :, None] * Cj[:, None, :]
    cross = cross + cross.transpose(0, 2, 1)
    L0 = (
        L4[:, :, None] * C
        - A[:, :, None] * Cj[:, :, None] * Cj[:, None, :]
        - B[:, :, None] * Ci[:, :, None] * Ci[:, None, :]
        + x[:, :, None] * cross
    )
    root = np.sqrt(L1)
    sines = np.arcsin(np.clip(L0 / (root[:, :, None] * root[:, None, :]), -1.0, 1.0))
    values = 8.0 * scale**2 / math.pi**2 / np.sqrt(L4[:, 0]) * np.einsum("plm,l,m->p", sines, c, c)
    return _symmetric(values, k)


def polynomial_residual_products(
    coefficients: tuple[float, float], gram: np.ndarray, c: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""The same for :math:`c_1u + c_2u^2`, by homogeneous degree 2, 4 and 6 in x: three arrays (k, k)."""
    c1, c2 = coefficients
    D = c[:, None]
    Gc = gram @ c
    bb, wb = c1**2 * c @ Gc, c1 * Gc[:k]
    GDG = gram @ (D * gram)
    wSw, wSb, wSSw = c2 * GDG[:k, :k], c1 * c2 * (GDG @ c)[:k], c2**2 * (GDG @ (D * gram))[:k, :k]
    tau, square = c2 * c @ np.diag(gram), c2**2 * c @ (GDG.diagonal())
    trace = 2.0 * square + tau**2
    q, both = gram[:k, :k], lambda v: v[:, None] + v[None, :]
    four = c1**2 * trace + 2.0 * c1 * c2 * (2.0 * tau * both(wb) + 4.0 * both(wSb))
    four = four + 4.0 * c2**2 * (bb * q + 2.0 * np.outer(wb, wb))
    six = 4.0 * c2**2 * (trace * q + 8.0 * wSSw + 4.0 * tau * wSw)
    return np.full((k, k), c1**2 * bb), four, six


def _symmetric(values: np.ndarray, k: int) -> np.ndarray:
    """The symmetric matrix (k, k) of its upper triangle."""
    matrix = np.empty((k, k))
    i, j = np.triu_indices(k)
    matrix[i, j] = matrix[j, i] = values
    return matrix
