"""The linear network's mean curve, averaged over its read-outs in closed form."""

from __future__ import annotations

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.precision import float64
from tutelage.base.types import ArrayLike
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.rules import FLOW
from tutelage.laws import Wishart
from tutelage.network import Network

_LEVEL = 8
"""Nodes of the density, as in :mod:`tutelage.dynamics.start_measure`; not measured for this law."""


@float64
def linear_loss(
    teacher: Network | tuple[int, int] | tuple[int, int, int], noise: float, times: ArrayLike
) -> Curve:
    r"""Mean loss of linear networks over isotropic starts and read-outs (science 6.5).

    The non-zero eigenvalues are :math:`|a|^2 + \mu`, :math:`\mu` those of :math:`W^TW`, and :math:`|a|^2` is
    :math:`\chi^2_k/k`, whose transform :math:`E\,e^{-2t|a|^2} = (1 + 4t/k)^{-k/2}` and its derivative give

    .. math:: \epsilon(t) = \tfrac{s^2}{2}\left[(1+4t/k)^{-k/2-1} L_0 + (1+4t/k)^{-k/2} L_1\right],\qquad
              L_j = \sum_\mu E\,\mu^j e^{-2\mu t}.

    Of m outputs the eigenvalues are :math:`\alpha + \mu`, :math:`\alpha` those of :math:`AA^T` (science 19): with
    :math:`A_j` like :math:`L_j`, :math:`\epsilon(t) = \tfrac{s^2}{2}[A_1L_0 + A_0L_1]`.

    Parameters
    ----------
    teacher : Network, (d, k) or (d, k, m)
        A linear Network without biases keeps its W, and only the read-outs are averaged; sizes average over W too. Averages
        by the exact law of a random eigenvalue (:class:`tutelage.laws.Wishart`).
    noise : float
        s.
    times : array_like, shape (n,)

    Raises
    ------
    InputError
        A network that is not linear, or has biases; negative times.
    """
    who = "linear_loss"
    s, t = check.number(noise, who, "noise", above=0.0), clock(FLOW, times, None, who).times
    if isinstance(teacher, Network):
        if teacher.activation.degree != 1:
            raise InputError(
                f"{who}: expected a linear network, got {teacher.activation.spec}; use predict_loss"
            )
        if {"b", "c"} & set(teacher.layers):
            raise NotAvailableError(
                f"{who}: expected a network without biases, got one with them; use predict_loss"
            )
        k, m, mu = teacher.k, teacher.n_outputs, np.linalg.eigvalsh(teacher.W.T @ teacher.W)
        inner = _decays(mu, np.ones(mu.size), t)
    else:
        if not isinstance(teacher, tuple) or len(teacher) not in (2, 3):
            raise InputError(f"{who}: expected a Network or the sizes (d, k) or (d, k, m), got {teacher!r}")
        d, k, m = (check.integer(n, who, name) for n, name in zip((*teacher, 1)[:3], "dkm", strict=True))
        inner = _mean_decays(d, k, 1.0 / d, t)
    if m == 1:
        spread = (1.0 + 4.0 * t / k) ** (-k / 2.0)
        outer = spread, spread / (1.0 + 4.0 * t / k)
    else:
        outer = _mean_decays(m, k, 1.0 / k, t)
    loss = 0.5 * s**2 * (outer[1] * inner[0] + outer[0] * inner[1])
    return Curve(t, loss, meta={"label": "linear networks, mean over read-outs"})


def _decays(values: np.ndarray, counts: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of exp(−2λt) and of λ exp(−2λt), shape (n,) each."""
    decay = counts * np.exp(-2.0 * np.multiply.outer(t, np.maximum(values, 0.0)))
    return decay.sum(axis=1), decay @ values


def _mean_decays(size: int, k: int, scale: float, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Their means over scale·G Gᵀ, G (size, k) standard normal."""
    law = Wishart(size, k, scale).measure().discretise(_LEVEL)
    return _decays(law.points, size * law.weights, t)
