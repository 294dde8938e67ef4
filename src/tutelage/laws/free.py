"""Moments from free cumulants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def free_moments(cumulants: Sequence[float]) -> np.ndarray:
    r"""Moments :math:`m_0, \dots, m_n` of the law with free cumulants :math:`\kappa_1, \dots, \kappa_n`.

    .. math:: m_n = \sum_{s=1}^n \kappa_s\,[z^{n-s}]\,M(z)^s,\qquad M(z) = \sum_j m_jz^j .

    Examples
    --------
    >>> free_moments([0.0, 1.0, 0.0, 0.0]).tolist()  # the semicircle: Catalan's numbers
    [1.0, 0.0, 1.0, 0.0, 2.0]
    """
    moments = np.zeros(len(cumulants) + 1)
    moments[0] = 1.0
    for n in range(1, len(moments)):
        power = np.array([1.0])
        for s in range(1, n + 1):
            power = np.convolve(power, moments[:n])[:n]
            moments[n] += cumulants[s - 1] * power[n - s]
    return moments
