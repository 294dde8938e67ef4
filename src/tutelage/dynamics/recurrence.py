"""Closed form of the two-term recurrence behind momentum methods, accurate for nearly flat directions."""

from __future__ import annotations

import numpy as np


def damped_response(
    linear: np.ndarray, product: np.ndarray, decay: np.ndarray, steps: np.ndarray
) -> np.ndarray:
    r"""Solve :math:`\psi_{n+1} = p\,\psi_n - b\,\psi_{n-1}` with :math:`\psi_0 = \psi_{-1} = 1` at the given
    steps.

    With roots :math:`r_\pm` of :math:`r^2 - pr + b`, :math:`S_n = (r_+^n - r_-^n)/(r_+ - r_-)` and
    :math:`\psi_n = S_{n+1} - b S_n`. The roots come from :math:`y = 1 - r`, which solves
    :math:`y^2 - (2-p)y + (1-p+b) = 0`: an eigenvalue of 1e-13 keeps its digits there, and loses them in r.

    Parameters
    ----------
    linear : ndarray, shape (n,)
        :math:`2 - p`.
    product : ndarray, shape (n,)
        :math:`b`.
    decay : ndarray, shape (n,)
        :math:`1 - p + b`, learning rate times eigenvalue.
    steps : ndarray, shape (m,)
        Whole numbers.

    Returns
    -------
    ndarray, shape (m, n)
    """
    root = np.sqrt((linear**2 - 4.0 * decay).astype(np.complex128))
    near = 2.0 * decay / (linear + np.where(linear < 0, -root, root))
    # The root of larger modulus is the base of the powers, so that no power overflows while another
    # underflows.
    other = linear - near
    swap = np.abs(1.0 - other) > np.abs(1.0 - near)
    y = np.where(swap, other, near)
    base = 1.0 - y
    # Coinciding roots need no limit taken: (1 - q^n)/(1 - q) as a ratio of expm1 stays exact to q = 1, where
    # it is n.
    with np.errstate(divide="ignore", invalid="ignore"):
        log_base = np.where(base == 0, 0.0, _log1p(-y))
        gap = np.where(swap, near - other, other - near)
        log_ratio = np.where(base == 0, 0.0, _log1p(-gap / np.where(base == 0, 1.0, base)))
    responses = [
        _power_sum(base, log_base, log_ratio, n + 1.0) - product * _power_sum(base, log_base, log_ratio, n)
        for n in np.asarray(steps, dtype=np.float64)
    ]
    return np.real(np.stack(responses)) if responses else np.empty((0, linear.size))


def _power_sum(base: np.ndarray, log_base: np.ndarray, log_ratio: np.ndarray, n: float) -> np.ndarray:
    """S_n for one n; a double root at zero leaves S_1 = 1 only."""
    if n == 0.0:
        return np.zeros_like(base)
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = np.isneginf(np.real(log_ratio))
        top = np.where(steep, -1.0, _expm1(n * np.where(steep, 0.0, log_ratio)))
        bottom = np.where(steep, -1.0, _expm1(np.where(steep, 0.0, log_ratio)))
        geometric = np.where(bottom == 0, n, top / np.where(bottom == 0, 1.0, bottom))
        power = np.exp((n - 1.0) * log_base)
    return np.where(base == 0, float(n == 1.0), power * geometric)


def _log1p(z: np.ndarray) -> np.ndarray:
    """log(1 + z) for complex z; NumPy's own loses the digits of small z (3e-4 relative at 1e-13)."""
    small = np.where(np.abs(z) < 0.5, z, 0.0)
    x, y = np.real(small), np.imag(small)
    near = 0.5 * np.log1p(x * (2.0 + x) + y * y) + 1j * np.arctan2(y, 1.0 + x)
    return np.where(np.abs(z) < 0.5, near, np.log(1.0 + z))


def _expm1(z: np.ndarray) -> np.ndarray:
    """exp(z) - 1 for complex z, accurate near 0."""
    x, y = np.real(z), np.imag(z)
    return np.expm1(x) * np.cos(y) - 2.0 * np.sin(y / 2) ** 2 + 1j * np.exp(x) * np.sin(y)
