"""Predicted groups of an odd activation's spectrum: d on top, k in the middle, (k − 1)d in the bulk."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class OddConstants:
    r"""Gaussian averages of an odd activation at unit variance.

    :math:`b_0 = E\sigma'`, :math:`\nu' = E\sigma'^2 - b_0^2`, :math:`\nu_2 = E\sigma^2 - b_0^2` (c_1 = b_0 by Stein).
    """

    b0: float
    nu_prime: float
    nu_2: float


def erf_constants(scale: float = 1.0) -> OddConstants:
    r"""For :math:`\mathrm{erf}(su)`: :math:`b_0 = \tfrac{2s}{\sqrt{\pi(1+2s^2)}}`,
    :math:`E\sigma'^2 = \tfrac{4s^2}{\pi\sqrt{1+4s^2}}`, :math:`E\sigma^2 = \tfrac2\pi\arcsin\tfrac{2s^2}{1+2s^2}`.
    """
    s2 = scale**2
    b0 = 2 * scale / np.sqrt(np.pi * (1 + 2 * s2))
    slope_square = 4 * s2 / (np.pi * np.sqrt(1 + 4 * s2))
    square = 2 / np.pi * np.arcsin(2 * s2 / (1 + 2 * s2))
    return OddConstants(float(b0), float(slope_square - b0**2), float(square - b0**2))


def predicted_groups(
    singular: np.ndarray, a: np.ndarray, d: int, constants: OddConstants
) -> dict[str, np.ndarray]:
    r"""The three groups from the weights alone (SCIENCE.md section 8a), each descending.

    Each singular value s of W gives the two roots of
    :math:`\begin{pmatrix} b_0^2|a|^2 & b_0^2|a|s \\ b_0^2|a|s & b_0^2s^2+\nu_2\end{pmatrix}`; d − k further top ones at
    :math:`b_0^2|a|^2` when d > k, k − d middle ones at :math:`\nu_2` when k > d; the bulk is d times the k − 1 lower
    eigenvalues of :math:`\nu'\mathrm{diag}(a^2) + b_0^2aa^T`.

    Parameters
    ----------
    singular : ndarray, shape (min(d, k),)
    a : ndarray, shape (k,)
    d : int
    constants : OddConstants
    """
    k, b2 = a.size, constants.b0**2
    length = a @ a
    first, last = b2 * length, b2 * singular**2 + constants.nu_2
    half, middle = np.hypot((first - last) / 2, b2 * np.sqrt(length) * singular), (first + last) / 2
    top = np.concatenate([middle + half, np.full(max(d - k, 0), first)])
    centre = np.concatenate([middle - half, np.full(max(k - d, 0), constants.nu_2)])
    small = np.linalg.eigvalsh(constants.nu_prime * np.diag(a**2) + b2 * np.outer(a, a))[:-1]
    return {
        "top": np.sort(top)[::-1],
        "middle": np.sort(centre)[::-1],
        "bulk": np.repeat(small[::-1], d),
    }
