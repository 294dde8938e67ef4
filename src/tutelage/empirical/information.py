"""Fisher information and the neural tangent kernel: two other names of the outer-product Hessian."""

from __future__ import annotations

import numpy as np

from tutelage.activations.derivatives import derivative_tables
from tutelage.base import check
from tutelage.base.types import ArrayLike
from tutelage.empirical.problem import Problem
from tutelage.network import Network, require_network
from tutelage.operators import LossHessian
from tutelage.population import hessian_at_optimum


def fisher(network: Network, X: ArrayLike | None = None) -> LossHessian:
    r"""Fisher information of :math:`y \sim N(f_\theta(x), 1)`, shape (P, P), as an operator.

    .. math:: F = E\big[\nabla_\theta \log p(y|x)\,\nabla_\theta \log p(y|x)^T\big] = E_x[\nabla f\,\nabla f^T]

    because the score is :math:`(y - f)\nabla f` and :math:`E(y - f)^2 = 1`: the Hessian of a student at its teacher.
    Source: [C25] (19)-(20), appendix D.

    Parameters
    ----------
    network : Network
    X : array_like, shape (n, d), optional
        Average over these inputs; over x ~ N(0, I) without them.

    Examples
    --------
    >>> float(fisher(Network([[1.0, 0.0]], [2.0], "linear")).trace())
    9.0
    """
    require_network(network, "fisher")
    if X is None:
        return hessian_at_optimum(network)
    return Problem.from_teacher(network, X).hessian(network).outer


def ntk(network: Network, X: ArrayLike) -> np.ndarray:
    r"""The tangent kernel's Gram matrix :math:`\tfrac1n J J^T`, shape (n, n), without forming J (n, P).

    .. math:: (J J^T)_{\nu\mu} = (x_\nu\cdot x_\mu) \sum_i a_i^2\,\sigma'(w_i\cdot x_\nu)\,\sigma'(w_i\cdot x_\mu)
       + \sum_i \sigma(w_i\cdot x_\nu)\,\sigma(w_i\cdot x_\mu)

    With hidden biases :math:`x_\nu\cdot x_\mu + 1`, with an output bias one more; of m outputs the rows of J are those of
    :math:`f_o(x_\nu)`, o running first: shape (n m, n m). Its non-zero eigenvalues are those of :math:`\tfrac1n J^T J`,
    the sampled Fisher information. Source: [C25] (19)-(20), appendix D. Cost O(n²(d + k)).

    Parameters
    ----------
    network : Network
    X : array_like, shape (n, d)
    """
    require_network(network, "ntk")
    X = check.float_array(X, "ntk", "X", ndim=2)
    check.same_length(X.shape[1], network.d, "ntk", "columns of X and d")
    n_rows = len(X) * network.n_outputs
    check.fits_in_memory(
        32.0 * n_rows**2, "ntk", f"the Gram matrix of n = {len(X)} inputs",
        f"n = {int((0.9 * check.available_bytes() / 32) ** 0.5) // network.n_outputs}",
        "use fisher(network, X), a matrix of size P",
    )  # fmt: skip
    u = X @ network.W.T + (0.0 if network.b is None else network.b)
    value, slope, _ = derivative_tables(network.activation, u)
    A = network.a.reshape(-1, network.k)
    weighted = (slope[:, None, :] * A).reshape(n_rows, -1)
    inner = X @ X.T + (network.b is not None)
    outer = value @ value.T + (network.c is not None)
    unit = np.ones((len(A), len(A)))
    gram = np.kron(inner, unit) * (weighted @ weighted.T) + np.kron(outer, np.eye(len(A)))
    return gram / len(X)
