r"""How large the terms are that entries of a Hessian are sums of: rounding, and errors of tables, follow from it.

Block (i, j) of the outer part is a sum of :math:`a_ia_jk_{11}I`, :math:`a_ia_jk_{31}w_iw_i^T`, ...: its rounding is a
small part of the largest, which at long neurons exceeds the sum by far.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from tutelage import moments
from tutelage.base.rows import lengths
from tutelage.moments import MeanMoments, Tables
from tutelage.network import Network
from tutelage.operators import Entries
from tutelage.population.functional import FunctionalPart
from tutelage.population.pairs import PlaneBlocks, outputs

if TYPE_CHECKING:
    from tutelage.population.hessian_blocks import PairHessian


def entries(operator: PairHessian) -> Entries:
    """Sums of terms, and what a quadrature left in them."""
    network, layout, own = operator.network, operator.layout, operator.own
    weights, trained = (network.W, outputs(network.a)), layout.trained
    own = None if own is None else np.array(own)
    size = float(outer_size(*weights, _terms(operator), trained, operator.plane, own, operator.units))
    errors = moments.own_errors(network.activation, network.W, network.b)
    error = 0.0 if operator.units is None else layout.size * float(np.finfo(float).tiny)  # of what underflows
    if errors is not None:
        error += float(outer_size(*weights, errors, trained, None, _own_errors(operator, errors)))
    if operator.part is not None:
        of_part = functional_size(network.W, operator.part)
        size, error = size + of_part, error + _source_error(network, operator.part) * of_part
    return Entries(size, error)


def repeated_entries(operator: PairHessian) -> Entries:
    """Of G_ij k_11 alone."""
    network, part = operator.network, operator.part
    A = outputs(network.a)
    weights = A.T @ A
    size = float(norm(weights * _terms(operator).k11))
    errors = moments.own_errors(network.activation, network.W, network.b)
    error = 0.0 if errors is None else float(norm(weights * errors.k11))
    if part is not None:
        of_part = float(np.abs(part.identity).max())
        size, error = size + of_part, error + _source_error(network, part) * of_part
    return Entries(size, error)


def read_out_entries(operator: PairHessian) -> Entries:
    """Of k_00, and of s_0 beside it."""
    network = operator.network
    own = np.zeros((1, 1)) if operator.own is None else np.abs(np.asarray(operator.own))
    units = np.ones(operator.k) if operator.units is None else operator.units
    size = float(norm(units[:, None] * _terms(operator).k00 * units) + 2 * norm(own[0] * units))
    errors = moments.own_errors(network.activation, network.W, network.b)
    if errors is None:
        return Entries(size)
    lost = _own_errors(operator, errors)
    return Entries(size, float(norm(errors.k00) + (0.0 if lost is None else 2 * norm(lost[0]))))


def scaled(entries: Callable[[], Entries], factor: float) -> Entries:
    """Of the matrix times a number."""
    known = entries()
    return known._replace(size=factor * known.size, error=factor * known.error)


def outer_size(
    W: np.ndarray, A: np.ndarray, t: Tables, trained: Collection[str],
    plane: PlaneBlocks | None = None, own: np.ndarray | None = None, units: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Bound on the spectral norm of the outer part, every term replaced by its norm (``terms``, not negative); of errors,
    given their tables.

    ``own`` are s_0, s_1, s_2 (3, k) where there is an output bias, whose block with itself is exactly 1; ``units`` (k,)
    those of the read-outs. W (..., k, d), A (..., m, k), tables (..., k, k) and ``own`` (3, ..., k) of a stack of networks
    give one bound for each.
    """
    AT = np.swapaxes(A, -1, -2)
    u, a = lengths(W), lengths(AT) if AT.shape[-1] > 1 else np.abs(AT)
    v = np.swapaxes(u, -1, -2)
    G = np.abs(AT @ A)
    rows, s = (1.0, 1.0) if units is None else (units[:, None], units)
    weights = G * (t.k11 + t.k31 * u**2 + 2 * t.k22 * u * v + t.k13 * v**2)
    if plane is not None:
        np.add.at(weights, (plane.i, plane.j), np.abs(plane.c).sum(axis=1))
    blocks = {"WW": weights, "Wa": a * (t.k20 * u + t.k11 * v) * s, "aa": rows * t.k00 * s}
    if isinstance(t, MeanMoments):
        blocks |= {"Wb": G * (t.k21 * u + t.k12 * v), "bb": G * t.k11, "ba": a * t.k10 * s}
    if own is not None:
        s0, s1, s2 = np.abs(own)
        blocks |= {"Wc": a[..., 0] * s2 * u[..., 0], "bc": a[..., 0] * s1, "ac": s0 * s}
    kept = [
        block.reshape(*W.shape[:-2], -1)
        for (row, column), block in blocks.items()
        for _ in range(1 + (row != column))
        if row in trained and column in trained
    ]
    return norm(np.concatenate(kept, axis=-1), -1)


def functional_size(W: np.ndarray, part: FunctionalPart) -> float:
    """The same of the functional part, whose blocks of one neuron's w_i, b_i and a_i stand alone in their rows."""
    u, v = lengths(W)[:, 0], lengths(part.Z)[:, 0]
    mixed = lengths(np.abs(part.k11) @ (np.abs(part.C) * v).T)[:, 0]
    cross, source = np.abs(part.cross) @ v, np.abs(part.source) @ v**2
    own = np.abs(part.identity) + np.abs(part.square) * u**2 + 2 * cross * u + source
    if part.plane is not None:
        np.add.at(own, part.plane.i, np.abs(part.plane.c).sum(axis=1))
    total = own + lengths(part.own.T)[:, 0] * u + mixed
    if part.third is not None and part.bent is not None and part.slope is not None:
        total = total + np.abs(part.third) * u + np.abs(part.bent) @ v + lengths(part.slope.T)[:, 0]
    return float(total.max())


def norm(array: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """Frobenius norm over all axes or some, safe against squares that overflow."""
    largest = np.abs(array).max(axis=axis, keepdims=True, initial=0.0)
    scale = np.where((largest > 0) & (largest < np.inf), largest, 1.0)
    return np.sqrt(((array / scale) ** 2).sum(axis=axis)) * np.squeeze(scale, axis)


def _terms(operator: PairHessian) -> Tables:
    network, tables, W = operator.network, operator.tables, operator.network.W
    if isinstance(tables, MeanMoments):
        assert network.b is not None, "the means of tables with means"
        return network.activation.mean_terms(tables, W, W, (network.b, network.b))
    return network.activation.terms(tables, W, W)


def _own_errors(operator: PairHessian, errors: Tables) -> np.ndarray | None:
    """Of s_0, s_1, s_2, made by the rule of the tables: relative to their largest as the worst table."""
    if operator.own is None:
        return None
    pairs = zip(errors, operator.tables, strict=True)
    worst = max(float(np.max(e) / max(np.max(np.abs(t)), np.finfo(float).tiny)) for e, t in pairs)
    own = np.abs(np.asarray(operator.own))
    return worst * np.broadcast_to(own.max(axis=1, keepdims=True), own.shape)


def _source_error(network: Network, part: FunctionalPart) -> float:
    """Relative error of the tables of the neurons with the sources."""
    b = np.zeros(network.k) if network.b is None else network.b
    means = None if part.biases is None else (b, part.biases)
    rows = part.Z if part.biases is None else part.Z[: len(part.biases)]  # without the constant
    return network.activation.quadrature_error(network.W, rows, means)
