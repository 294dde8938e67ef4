"""The linear network's mean curve, averaged over its read-outs in closed form."""

from __future__ import annotations

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.base.types import ArrayLike
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.rules import FLOW
from tutelage.laws import Wishart
from tutelage.network import Network, require_plain

_LEVEL = 8
"""Nodes of the density, as in :mod:`tutelage.dynamics.start_measure`; not measured for this law."""


@float64
def linear_loss(teacher: Network | tuple[int, int], noise: float, times: ArrayLike) -> Curve:
    r"""Mean loss of linear networks over isotropic starts and read-outs (science 6.5).

    The non-zero eigenvalues are :math:`|a|^2 + \mu`, :math:`\mu` those of :math:`W^TW`, and :math:`|a|^2` is
    :math:`\chi^2_k/k`, whose transform :math:`E\,e^{-2t|a|^2} = (1 + 4t/k)^{-k/2}` and its derivative give

    .. math:: \epsilon(t) = \tfrac{s^2}{2}\left[(1+4t/k)^{-k/2-1} L_0 + (1+4t/k)^{-k/2} L_1\right],\qquad
              L_j = \sum_\mu E\,\mu^j e^{-2\mu t}.

    Parameters
    ----------
    teacher : Network or (d, k)
        A linear Network keeps its W, and only the read-outs are averaged; sizes average over W too, by the exact
        law of a random eigenvalue (:class:`tutelage.laws.Wishart`).
    noise : float
        s.
    times : array_like, shape (n,)

    Raises
    ------
    InputError
        A network that is not linear, negative times.
    """
    who = "linear_loss"
    s, t = check.number(noise, who, "noise", above=0.0), clock(FLOW, times, None, who).times
    if isinstance(teacher, Network):
        if teacher.activation.degree != 1:
            raise InputError(
                f"{who}: expected a linear network, got {teacher.activation.spec}; use predict_loss"
            )
        require_plain(teacher, who)
        k, mu = teacher.k, np.linalg.eigvalsh(teacher.W.T @ teacher.W)
        counts = np.ones(mu.size)
    else:
        if not isinstance(teacher, tuple) or len(teacher) != 2:
            raise InputError(f"{who}: expected a Network or the sizes (d, k), got {teacher!r}")
        d, k = (check.integer(n, who, name) for n, name in zip(teacher, "dk", strict=True))
        law = Wishart(d, k, 1.0 / d).measure().discretise(_LEVEL)
        mu, counts = law.points, d * law.weights
    decay = counts * np.exp(-2.0 * np.multiply.outer(t, np.maximum(mu, 0.0)))
    L_0, L_1 = decay.sum(axis=1), decay @ mu
    spread = (1.0 + 4.0 * t / k) ** (-k / 2.0)
    loss = 0.5 * s**2 * spread * (L_0 / (1.0 + 4.0 * t / k) + L_1)
    return Curve(t, loss, meta={"label": "linear networks, mean over read-outs"})
