"""The bulk of an odd activation: the power law users see long before the exponential."""

from __future__ import annotations

import numpy as np

from tutelage import moments
from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.base.errors import NotAvailableError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.rules import FLOW


def bulk_strength(activation: Activation | str) -> float:
    r""":math:`\nu' = E[\sigma'(z)^2] - (E\sigma'(z))^2`, z standard normal (science 8a)."""
    sigma = as_activation(activation)
    z = np.eye(2)
    k11 = moments.pair_tables(sigma, z, z).k11
    return float(k11[0, 0] - k11[0, 1])


def bulk_loss(activation: Activation | str, d: int, k: int, noise: float, times: ArrayLike) -> Curve:
    r"""Mean loss of the bulk alone from an isotropic start, :math:`d, k \to \infty` (science 8a):

    .. math:: \epsilon_{bulk}(t) = \tfrac{s^2}{2}(k-1)\,d\,\frac{\nu'}{k}\,(1 + 4\nu' t/k)^{-3/2}.

    Its eigenvalues are near :math:`\nu' a_i^2`, d times each; averaging :math:`\lambda e^{-2\lambda t}` over
    :math:`a_i \sim N(0, 1/k)` gives the power. The top and middle groups come on top of it at early times,
    and one network leaves it for its own :math:`e^{-2\lambda_{min} t}` at late ones.
    """
    sigma = as_activation(activation)
    if sigma.parity != "odd" or sigma.degree == 1:
        raise NotAvailableError(
            f"bulk_loss: expected an odd nonlinear activation (erf, sin, tanh), got {sigma.spec}; "
            "predict_loss(spectral_measure(network, start), times) serves any"
        )
    d, k = check.integer(d, "bulk_loss", "d"), check.integer(k, "bulk_loss", "k")
    s = check.number(noise, "bulk_loss", "noise", above=0.0)
    t = clock(FLOW, times, None, "bulk_loss").times
    rate = bulk_strength(sigma) / k
    loss = 0.5 * s**2 * (k - 1) * d * rate * (1.0 + 4.0 * rate * t) ** -1.5
    return Curve(t, loss, meta={"label": "bulk, (1 + 4ν't/k)^(−3/2)"})
