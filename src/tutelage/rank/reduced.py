"""Networks with biases or several outputs in their smallest form: equal, opposite and silent neurons removed."""

from __future__ import annotations

import math

import numpy as np

from tutelage.network import Network
from tutelage.rank.expansion import monomials
from tutelage.rank.irreducible import SAME
from tutelage.rank.values import values_at


def is_plain(network: Network) -> bool:
    """Whether it has one output and no biases."""
    return network.n_outputs == 1 and len(network.layers) == 2


def reduced(network: Network) -> Network:
    """The same function of fewer neurons: equal (w, b) merged, opposite ones too under a parity, silent ones dropped.

    Rows of homogeneous activations have length one; a neuron with w = 0 is part of the output bias, where there is one.
    One silent neuron stands for none. Rows are sorted.
    """
    sign = {"odd": -1.0, "even": 1.0}.get(network.activation.parity or "")
    inner, read_outs = inner_weights(network), network.a.reshape(-1, network.k).T.copy()
    c = None if network.c is None else network.c.reshape(-1).copy()
    power = network.activation.homogeneity
    if power is not None:
        lengths = np.linalg.norm(network.W, axis=1, keepdims=True)
        lengths[lengths == 0] = 1.0
        inner, read_outs = inner / lengths, read_outs * lengths**power
    largest, size = np.abs(inner).max(initial=0.0), np.abs(read_outs).max(initial=0.0)
    merged: list[tuple[np.ndarray, np.ndarray]] = []
    for row, a in zip(inner, read_outs, strict=True):
        if c is not None and not row[: network.d].any():
            b = row[-1] if network.b is not None else 0.0
            c += a * values_at(network.activation, (float(b),))[0]
            continue
        leading = row[np.abs(row) > SAME * largest]
        if sign is not None and leading.size and leading[0] < 0:
            row, a = -row, sign * a
        for n, (other, total) in enumerate(merged):
            if np.abs(other - row).max() <= SAME * largest:
                merged[n] = (other, total + a)
                break
        else:
            merged.append((row, a))
    kept = [pair for pair in merged if np.abs(pair[1]).max() > SAME * size]
    kept = sorted(kept, key=lambda pair: tuple(pair[0])) or [(0 * inner[0], 0 * read_outs[0])]
    return _network(network, np.array([row for row, _ in kept]), np.array([a for _, a in kept]), c)


def inner_weights(network: Network) -> np.ndarray:
    """(w_i, b_i) of every neuron (k, d) or (k, d + 1)."""
    return network.W if network.b is None else np.column_stack([network.W, network.b])


def _network(like: Network, inner: np.ndarray, read_outs: np.ndarray, c: np.ndarray | None) -> Network:
    b = None if like.b is None else inner[:, -1]
    return Network(inner[:, : like.d], read_outs.T, like.activation, b, c)


def distance(first: Network, second: Network) -> float:
    """Of two reduced networks, neuron by neuron, relative to their largest weights; infinite for different numbers."""
    if first.k != second.k or first.n_outputs != second.n_outputs:
        return math.inf
    worst = 0.0
    (one, two), (a, b) = _same_width(first, second), (n.a.reshape(-1, n.k).T for n in (first, second))
    scales = [
        max(np.abs(x).max(initial=1e-300), np.abs(y).max(initial=1e-300)) for x, y in ((one, two), (a, b))
    ]
    gaps = np.maximum(
        np.abs(one[:, None] - two).max(axis=2) / scales[0], np.abs(a[:, None] - b).max(axis=2) / scales[1]
    )
    for row in gaps:
        match = int(np.argmin(row))
        worst = max(worst, float(row[match]))
        gaps[:, match] = np.inf
    offsets = [np.zeros(n.n_outputs) if n.c is None else n.c.reshape(-1) for n in (first, second)]
    scale = max(scales[1], *(float(np.abs(offset).max()) for offset in offsets))
    return max(worst, float(np.abs(offsets[0] - offsets[1]).max()) / scale)


def _same_width(first: Network, second: Network) -> tuple[np.ndarray, np.ndarray]:
    """(w, b) of both, a missing b being 0."""
    biases = [np.zeros(n.k) if n.b is None else n.b for n in (first, second)]
    return np.column_stack([first.W, biases[0]]), np.column_stack([second.W, biases[1]])


def polynomial_coefficients(network: Network) -> dict[str, np.ndarray]:
    r"""Monomial coefficients of every degree s, (C(d+s-1, s),) or (m, .): :math:`A\,w^\alpha\sigma^{(s)}(b)/\alpha!`."""
    taylor, d = network.activation.taylor(network.activation.degree or 0) or (), network.d
    b = np.zeros(network.k) if network.b is None else network.b
    found: dict[str, np.ndarray] = {}
    for s in range(len(taylor)):
        slope = sum(
            (float(c) * math.perm(p, s) * b ** (p - s) for p, c in enumerate(taylor) if p >= s), 0 * b
        )
        exponents = np.array(list(monomials(d, s))).reshape(-1, d)
        factorials = np.array([math.prod(math.factorial(q) for q in m) for m in exponents.tolist()])
        powers = np.prod(network.W[:, None, :] ** exponents[None], axis=2) / factorials
        found[f"degree_{s}"] = (network.a * slope) @ powers
    if network.c is not None:
        found["degree_0"] = found.get("degree_0", 0.0) + network.c[..., None]
    return {name: part for name, part in found.items() if np.any(part)}
