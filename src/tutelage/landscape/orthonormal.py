"""The Hessian of a ReLU network at an orthonormal teacher, in closed form."""

from __future__ import annotations

import math

import numpy as np

from tutelage.base import check
from tutelage.spectra import Spectrum


def orthonormal_relu_spectrum(d: int) -> Spectrum:
    r"""Spectrum of the Hessian in W (d² parameters) at the teacher :math:`\sum_{i\le d}\max(x_i, 0)`, read-outs frozen at 1.

    With :math:`q = 1 + 4/\pi - 4/\pi^2`:

    .. math::
        \tfrac14 - \tfrac1{2\pi}\ \Bigl(\tfrac{d(d-1)}2\text{ times}\Bigr),\quad
        \tfrac14 + \tfrac1{2\pi}\ \Bigl(\tfrac{d(d-3)}2\Bigr),\quad
        \lambda^2 - \tfrac{d+2}4\lambda + \tfrac{d+q}{16} = 0\ (d-1\text{ each}),

    .. math::
        \lambda^2 - \Bigl[d\Bigl(\tfrac14 + \tfrac1{2\pi}\Bigr) + \tfrac12\Bigr]\lambda
        + \tfrac1{16}\Bigl[\tfrac{2d^2}\pi + \Bigl(1 - \tfrac2\pi + \tfrac4{\pi^2}\Bigr)d + q\Bigr] = 0\ (\text{one each}).

    d eigenvalues grow like d/4 and one like d/(2π); all others lie between 0.09 and 0.41.

    Parameters
    ----------
    d : int
        Input dimension and width, at least 3.

    Raises
    ------
    InputError
        d is below 3.

    Notes
    -----
    Derived; the shape is that of [AF20]. Science 15.1.

    Examples
    --------
    >>> spectrum = orthonormal_relu_spectrum(6)
    >>> spectrum.multiplicities
    array([15,  5,  9,  1,  5,  1])
    >>> round(float(spectrum.values[-1]), 4)
    2.0653
    """
    d = check.integer(d, "orthonormal_relu_spectrum", "d", minimum=3)
    low, high, q = 1 / 4 - 1 / (2 * math.pi), 1 / 4 + 1 / (2 * math.pi), 1 + 4 / math.pi - 4 / math.pi**2
    pair = _roots((d + 2) / 4, (d + q) / 16)
    single = _roots(d * high + 1 / 2, (2 * d**2 / math.pi + (1 - 2 / math.pi + 4 / math.pi**2) * d + q) / 16)
    values = np.array([low, high, *pair, *single])
    counts = np.array([d * (d - 1) // 2, d * (d - 3) // 2, d - 1, d - 1, 1, 1])
    there = counts > 0
    error = np.array(16 * np.finfo(float).eps * single[1])
    return Spectrum(values[there], counts[there], n_params=d * d, method="closed form", errors=error)


def _roots(total: float, product: float) -> tuple[float, float]:
    """Both roots of λ² − total λ + product, the smaller without cancellation."""
    larger = (total + math.sqrt(total**2 - 4 * product)) / 2
    return product / larger, larger
