"""The linear network's eigenvalues and eigenvectors in closed form ([C25] appendix A.3)."""

from __future__ import annotations

import numpy as np

from tutelage.network import Network
from tutelage.operators import Explicit, Repeated, Rest, Sector


def linear_sectors(network: Network) -> tuple[Sector, ...] | None:
    r"""Sectors of the linear network :math:`f(x) = a^T W x` at its optimum, from one SVD of W; None for any other.

    With :math:`W = \sum_i s_i\,y_i v_i^T` the gradient is :math:`(a x^T, W x)`, and

    .. math:: \lambda_i = |a|^2 + s_i^2,\qquad \frac{(a\,v_i^T,\; s_i y_i)}{\sqrt{\lambda_i}}\quad (i \le \min(k, d));
       \qquad \lambda = |a|^2,\quad \frac{(a\,q^T,\; 0)}{|a|}\quad (q \perp \text{rows of } W,\ d - \min(k, d)\text{ of them}),

    and zero on everything else, P − d dimensions. Source: [C25] A.3.
    """
    W, a, layout = network.W, network.a, network.layout
    if network.activation.taylor(1) != (0, 1) or network.activation.degree != 1 or not a.any():
        return None
    size = float(a @ a)
    left, singular, right = np.linalg.svd(W, full_matrices=False)
    values = size + singular**2
    # One layer (n, k, d) and (n, k) of n vectors: rows of `right` belong to them.
    vectors = layout.flatten({"W": a[:, None] * right[:, None, :], "a": (left * singular).T})
    columns = np.ascontiguousarray(vectors.T)
    sectors: list[Sector] = [Explicit(values, columns / np.sqrt(values))]
    if network.d > network.k:
        sectors.append(Repeated(np.array([size]), (a / np.sqrt(size))[:, None], right, layout))
    return (*sectors, Rest(0.0, tuple(sectors), layout.size))
