"""Which law is known for a network."""

from __future__ import annotations

from typing import Any, Protocol

from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.linear_network import LinearNetwork
from tutelage.laws.network_law import NetworkLaw
from tutelage.laws.odd_network import OddNetwork
from tutelage.laws.quadratic_network import QuadraticNetwork


class TwoLayers(Protocol):
    """A two-layer network, as far as its law is concerned."""

    @property
    def activation(self) -> Activation: ...
    @property
    def W(self) -> Any: ...
    @property
    def a(self) -> Any: ...
    @property
    def b(self) -> Any: ...
    @property
    def c(self) -> Any: ...


def law_of(source: TwoLayers | Activation | str, d: int | None = None, k: int | None = None) -> NetworkLaw:
    r"""The law of the Hessian eigenvalues of a network, or of teachers with this activation and these sizes.

    Linear networks: :class:`LinearNetwork`; :math:`u + \alpha u^2`: :class:`QuadraticNetwork`; odd activations:
    :class:`OddNetwork`, the last two with the network's own :math:`|a|^2` where one is given.

    Parameters
    ----------
    source : Network, or Activation or str
        A network; or an activation, with ``d`` and ``k``.
    d, k : int, optional
        Input dimension and width, with an activation.

    Raises
    ------
    InputError
        No law is known: other activations, biases, several outputs unless linear.

    Examples
    --------
    >>> law_of("linear", 10, 20)
    LinearNetwork(d=10, k=20)
    >>> law_of("quadratic:alpha=0.5", 10, 20).alpha
    0.5
    """
    if isinstance(source, str | Activation):
        return _law(
            as_activation(source), check.integer(d, "law_of", "d"), check.integer(k, "law_of", "k"), 1.0
        )
    if d is not None or k is not None:
        raise InputError("law_of: expected a network alone or an activation with d and k; leave d and k out")
    if not all(hasattr(source, name) for name in ("W", "a", "activation")):
        raise InputError(
            f"law_of: expected a network or an activation with d and k, got {type(source).__name__}"
        )
    k, d = source.W.shape
    plain = source.b is None and source.c is None
    if plain and source.a.ndim == 2 and source.activation.degree == 1:
        return LinearNetwork(d, k, outputs=source.a.shape[0])
    if not plain or source.a.ndim != 1:
        raise InputError(
            "law_of: no law is known for biases or several outputs, save for linear networks without biases; take the "
            "network without them"
        )
    return _law(source.activation, d, k, float(source.a @ source.a))


def _law(sigma: Activation, d: int, k: int, length: float) -> NetworkLaw:
    coefficients = sigma.coefficients
    if coefficients is not None and tuple(coefficients[:2]) == (0.0, 1.0):
        if sigma.degree == 1:
            return LinearNetwork(d, k)
        if sigma.degree == 2:
            return QuadraticNetwork(coefficients[2], d, k, length)
    if sigma.parity == "odd" and sigma.degree != 1:
        return OddNetwork(sigma, d, k, length)
    raise InputError(
        f"law_of: no law is known for {sigma.spec}; known are linear networks, u + alpha u^2 and odd activations "
        "(erf, tanh, sin); the top eigenvalue is laws.mean_largest's"
    )
