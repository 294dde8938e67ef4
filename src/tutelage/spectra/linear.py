"""The linear network's eigenvalues and eigenvectors in closed form ([C25] appendix A.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.spectra.eigensystem import Eigensystem
from tutelage.spectra.lapack import backward_error
from tutelage.spectra.sectors import Explicit, Repeated, Rest, Sector


def linear_eigensystem(W: Any, a: Any) -> Eigensystem:
    r"""Eigensystem of the linear network :math:`f(x) = a^T W x` at its optimum, from one SVD of W.

    With :math:`W = \sum_i s_i\,y_i v_i^T` the gradient is :math:`(a x^T, W x)`, and

    .. math:: \lambda_i = |a|^2 + s_i^2,\qquad \frac{(a\,v_i^T,\; s_i y_i)}{\sqrt{\lambda_i}}\quad (i \le \min(k, d));
       \qquad \lambda = |a|^2,\quad \frac{(a\,q^T,\; 0)}{|a|}\quad (q \perp \text{rows of } W,\ d - \min(k, d)\text{ of them}),

    and zero on everything else, P − d dimensions. Source: [C25] A.3.

    Parameters
    ----------
    W : array_like, shape (k, d)
    a : array_like, shape (k,), not zero
    """
    W = check.float_array(W, "linear_eigensystem", "W", ndim=2)
    a = check.float_array(a, "linear_eigensystem", "a", ndim=1)
    check.same_length(W.shape[0], a.size, "linear_eigensystem", "rows of W and entries of a")
    size = float(a @ a)
    if size == 0.0:
        raise InputError(
            "linear_eigensystem: expected a non-zero read-out a, got zeros; use eigensystem(network)"
        )
    (k, d), n_params = W.shape, W.size + a.size
    left, singular, right = np.linalg.svd(W, full_matrices=False)
    values = size + singular**2
    columns = np.concatenate([np.einsum("i,md->idm", a, right).reshape(k * d, -1), left * singular])
    sectors: list[Sector] = [Explicit(values, columns / np.sqrt(values))]
    if d > k:
        sectors.append(Repeated(np.array([size]), (a / np.sqrt(size))[:, None], right, n_params))
    sectors.append(Rest(0.0, tuple(sectors), n_params))
    return Eigensystem(
        tuple(sectors), n_params, "closed form", backward_error(max(k, d), float(values.max()))
    )
