r"""Four-point moments of the neurons, in closed form for erf(su) and c_1 u + c_2 u² (science 10a, 10.1)."""

from __future__ import annotations

import math

import numpy as np

from tutelage.activations import Activation, Erf


def slope_products(activation: Activation, gram: np.ndarray) -> np.ndarray | None:
    r""":math:`E[\sigma'_i\sigma'_j\sigma'_p\sigma'_q]` of Gaussian pre-activations, shape (k, k, k, k).

    None where it has no closed form here.

    Parameters
    ----------
    activation : Activation
    gram : ndarray, shape (k, k)
        Their covariances.
    """
    if isinstance(activation, Erf):
        return (
            _erf_slopes(2.0 * activation.scale**2 * gram) * (2.0 * activation.scale / math.sqrt(math.pi)) ** 4
        )
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
    ones = np.ones(q.shape[0])
    six = sum(np.einsum(f"{pair},{','.join(set('ijpq') - set(pair))}->ijpq", q, ones, ones) for pair in pairs)
    three = sum(
        np.einsum(f"{one},{two}->ijpq", q, q) for one, two in zip(pairs[:3], pairs[:2:-1], strict=True)
    )
    return c**4 + c**2 * b**2 * six + b**4 * three
