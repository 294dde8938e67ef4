r"""When are two students the same function? The minimal description of a network, and the way back.

Linear networks are the vector aW; quadratic ones a vector and a symmetric matrix; polynomials of degree n
symmetric tensors; the others their irreducible network: equal neurons merged, opposite ones too where
:math:`\sigma` has a parity, silent and ineffective ones dropped ([C25] 3.2, 4.1; [F96]).
"""

from __future__ import annotations

import dataclasses
import math

import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.activations.truth import require_true_facts
from tutelage.base import check
from tutelage.base.precision import float64
from tutelage.base.value import Value
from tutelage.network import Network, require_plain
from tutelage.rank.expansion import monomials
from tutelage.rank.irreducible import Form, irreducible, is_unique, normal_form
from tutelage.rank.restore import restore
from tutelage.rank.values import two_slopes

# Summing k products of rounded numbers: a few hundred eps for the networks of this field; two functions that
# differ by less cannot be told apart in float64.
_TOLERANCE = 1e-12
_INPUTS = 64


@dataclasses.dataclass(frozen=True, eq=False)
class Description(Value):
    """A minimal description of the function of a network.

    Attributes
    ----------
    kind : str
        "linear", "quadratic", "tensors" or "network".
    parts : dict of str to ndarray
        ``constant`` (1,), ``vector`` (d,), ``matrix`` (d, d) for polynomials of degree <= 2; ``degree_p`` for
        the monomial coefficients of degree p, C(d+p-1, p) each; ``W`` and ``a`` for an irreducible network.
    size : int
        Independent numbers in it; [C25] sets it beside the rank.
    activation : Activation
    d : int
    """

    kind: str
    parts: dict[str, np.ndarray]
    size: int
    activation: Activation
    d: int

    def to_network(self, k: int | None = None) -> Network:
        """A network with this function and the original activation; silent neurons pad it to width k."""
        network = restore(self.kind, self.parts, self.activation, self.d)
        if k is None or k == network.k:
            return network
        k = check.integer(k, "Description.to_network", "k", minimum=network.k)
        extra = k - network.k
        W = np.concatenate([network.W, np.ones((extra, self.d))])
        return Network(W, np.concatenate([network.a, np.zeros(extra)]), self.activation)

    def __repr__(self) -> str:
        return f"Description({self.kind}, {self.size} numbers, {self.activation.spec}, d={self.d})"


@dataclasses.dataclass(frozen=True)
class Equivalence(Value):
    """The answer of :func:`equivalent`: truth value, relative distance of the descriptions, and why."""

    same: bool
    distance: float
    reason: str

    def __bool__(self) -> bool:
        return self.same


def compress(network: Network) -> Description:
    """The minimal description of the function of a network, as far as the declared facts of its activation tell.

    Examples
    --------
    >>> compress(Network([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0], "linear")).parts["vector"]
    array([4., 6.])
    """
    require_plain(network, "compress")
    require_true_facts(network.activation)
    degree = network.activation.degree
    if degree is None:
        reduced = irreducible(network)
        # A neuron at w = 0 stands for a constant: one number. Where opposite neurons differ by a linear function
        # (softplus, GELU) the size may exceed the rank.
        size = sum((network.d + 1 if w.any() else 1) for w, a in zip(reduced.W, reduced.a, strict=True) if a)
        if two_slopes(network.activation) is not None:
            # One vector for each kink; opposite rays on one line leave a free linear function besides.
            n_lines = normal_form(network).a.size
            size = network.d * min(n_lines + (reduced.k > n_lines), reduced.k)
        return Description("network", {"W": reduced.W, "a": reduced.a}, size, network.activation, network.d)
    parts = coefficients(network)
    if degree <= 2:
        return _quadratic(network, parts)
    size = sum(part.size for part in parts.values())
    return Description("tensors", parts, min(size, _free(network)), network.activation, network.d)


def coefficients(network: Network) -> dict[str, np.ndarray]:
    r"""Monomial coefficients of every degree p present, :math:`c_p \sum_i a_i \binom{p}{m} w_i^m`."""
    W, a = network.W, network.a
    degree = network.activation.degree
    assert degree is not None
    taylor = network.activation.taylor(degree) or ()
    found = {}
    largest = math.comb(network.d + degree - 1, degree)
    check.fits_in_memory(
        8.0 * W.size * largest, "compress", f"{largest} monomials (P = {network.n_params})",
        "fewer inputs or a lower degree", "compare losses instead: Problem(first).loss(second)",
    )  # fmt: skip
    for p, c in enumerate(taylor):
        if c:
            exponents = np.array(list(monomials(network.d, p))).reshape(-1, network.d)
            counts = [
                math.factorial(p) // math.prod(math.factorial(q) for q in m) for m in exponents.tolist()
            ]
            powers = np.prod(W[:, None, :] ** exponents[None], axis=2)
            found[f"degree_{p}"] = float(c) * np.array(counts, dtype=np.float64) * (a @ powers)
    return found


def _free(network: Network) -> int:
    """Numbers that describe as many neurons: P, less one per neuron where rescaling is free."""
    return network.n_params - (0 if network.activation.homogeneity is None else network.k)


def _quadratic(network: Network, parts: dict[str, np.ndarray]) -> Description:
    d = network.d
    vector, matrix = parts.get("degree_1", np.zeros(d)), np.zeros((d, d))
    named = {"constant": parts["degree_0"]} if "degree_0" in parts else {}
    size = sum(part.size for part in named.values())
    if "degree_1" in parts:
        named["vector"] = vector
    if "degree_2" in parts:
        matrix[np.triu_indices(d)] = parts["degree_2"]
        matrix = (matrix + matrix.T) / 2
        named["matrix"] = matrix
    rank = _float_rank(matrix)
    size += rank * d - rank * (rank - 1) // 2
    if "degree_1" in parts:
        inside = "degree_2" in parts and _float_rank(np.column_stack([matrix, vector])) == rank
        size += rank if inside else d
    kind = "quadratic" if "degree_2" in parts else "linear"
    return Description(kind, named, size, network.activation, d)


def _float_rank(matrix: np.ndarray) -> int:
    values = np.linalg.svd(matrix, compute_uv=False)
    return int(np.sum(values > _TOLERANCE * max(values.max(initial=0.0), np.finfo(float).tiny) * len(matrix)))


def equivalent(first: Network, second: Network, tolerance: float = _TOLERANCE) -> Equivalence:
    """Whether two networks are the same function, by their minimal descriptions; else by their values.

    Different descriptions are different functions where the activation declares independent neurons. Otherwise, and for
    different activations, the values at some inputs decide: a difference is certain, equality is not proven.

    Parameters
    ----------
    first, second : Network
    tolerance : float
        Largest difference of the descriptions relative to their size (rotated or rescaled students agree only
        up to rounding).

    Examples
    --------
    >>> bool(equivalent(Network([[1.0]], [2.0], "erf"), Network([[-1.0]], [-2.0], "erf")))
    True
    """
    for network in (first, second):
        require_plain(network, "equivalent")
        require_true_facts(network.activation)
    tolerance = check.number(tolerance, "equivalent", "tolerance", minimum=0.0)
    if first.d != second.d:
        return Equivalence(False, math.inf, f"they take {first.d} and {second.d} inputs")
    if first.activation.degree is not None and second.activation.degree is not None:
        return _compare_parts(coefficients(first), coefficients(second), tolerance)
    if first.activation == second.activation:
        found = _compare_forms(normal_form(first), normal_form(second), tolerance)
        if found or is_unique(first):
            return found
    return _compare_values(first, second, tolerance)


def _compare_parts(
    first: dict[str, np.ndarray], second: dict[str, np.ndarray], tolerance: float
) -> Equivalence:
    worst, where = 0.0, "all coefficients agree"
    scale = max((float(np.abs(part).max()) for part in (*first.values(), *second.values())), default=0.0)
    for name in sorted(set(first) | set(second)):
        empty = np.zeros(1)
        gap = float(np.abs(first.get(name, empty) - second.get(name, empty)).max()) / scale if scale else 0.0
        if gap > worst:
            worst, where = gap, f"coefficients of {name.replace('_', ' ')} differ by {gap:.2g} of the largest"
    return Equivalence(worst <= tolerance, worst, where)


def _compare_forms(first: Form, second: Form, tolerance: float) -> Equivalence:
    """Match the neurons of two normal forms, and what is linear and constant beside them."""
    if first.a.size != second.a.size:
        return Equivalence(
            False, math.inf, f"irreducible networks of different sizes, {first.a.size} and {second.a.size}"
        )
    scale_w, scale_a, scale_v, scale_c = (
        max(float(np.abs(part).max(initial=np.finfo(float).tiny)) for part in parts)
        for parts in zip(first, second, strict=True)
    )
    gaps = np.maximum(
        np.abs(first.W[:, None] - second.W).max(axis=2, initial=0.0) / scale_w,
        np.abs(first.a[:, None] - second.a) / scale_a,
    )
    worst = 0.0
    for row in gaps:
        match = int(np.argmin(row))
        worst = max(worst, float(row[match]))
        gaps[:, match] = np.inf
    worst = max(
        worst,
        float(np.abs(first.linear - second.linear).max()) / max(scale_v, scale_a * scale_w),
        float(abs(first.constant - second.constant)) / max(scale_c, scale_a),
    )
    return Equivalence(worst <= tolerance, worst, f"irreducible networks match within {worst:.2g}")


def _compare_values(first: Network, second: Network, tolerance: float) -> Equivalence:
    """Where no description decides: two functions that differ at an input are different; the rest is not proven."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(_INPUTS, first.d)) * np.geomspace(0.3, 3.0, _INPUTS)[:, None]
    one, two = (_terms(network, x) for network in (first, second))
    size = np.abs(one).sum(axis=1) + np.abs(two).sum(axis=1)
    gap = np.abs(one.sum(axis=1) - two.sum(axis=1)) / np.where(size > 0, size, 1.0)
    worst = float(np.nanmax(gap, initial=0.0))
    if worst > tolerance:
        return Equivalence(False, worst, f"they differ at an input, by {worst:.2g} of their terms")
    return Equivalence(
        True,
        worst,
        f"they agree at {_INPUTS} inputs within {worst:.2g}; that they do everywhere is not proven",
    )


@float64
def _terms(network: Network, x: np.ndarray) -> np.ndarray:
    """a_i sigma(w_i.x), one row for each input."""
    return np.asarray(network.activation(jnp.asarray(x @ network.W.T))) * network.a
