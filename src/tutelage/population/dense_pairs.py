"""Dense form and Frobenius norm of a PairHessian: k passes over memory, no (k, d, d) temporaries beyond one row.

The blocks that every network has are written for arrays with axes in front: a stack of networks is assembled at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tutelage.moments import Tables
from tutelage.population.functional import plane_block
from tutelage.population.pairs import outputs

if TYPE_CHECKING:
    from tutelage.population.hessian_blocks import PairHessian
    from tutelage.population.pairs import PlaneBlocks


def dense_pairs(op: PairHessian) -> np.ndarray:
    """The (P, P) matrix, exactly symmetric."""
    k, d, at = op.k, op.d, op.layout.slices
    out = np.zeros((op.size, op.size))
    if "W" in at:
        ww = out[at["W"], at["W"]].reshape(k, d, k, d)
        fill_weights(op.tables, op.network.W, _weight(op), ww)
        if op.plane is not None:
            for m in range(len(op.plane.i)):
                ww[op.plane.i[m], :, op.plane.j[m], :] += plane_block(op.plane, m)
        if op.part is not None:
            for i in range(k):
                ww[i, :, i, :] += op.part.diagonal_block(op.network.W, i)
        _symmetrize(out[at["W"], at["W"]])
    for (row, column), block in _other_blocks(op).items():
        out[at[row], at[column]] = block
        out[at[column], at[row]] = block.T
    return out


def _weight(op: PairHessian) -> np.ndarray:
    """G = AᵀA (k, k)."""
    A = _matrix(op)
    return A.T @ A


def _matrix(op: PairHessian) -> np.ndarray:
    """A (m, k)."""
    return np.asarray(outputs(op.network.a))


def _other_blocks(op: PairHessian) -> dict[tuple[str, str], np.ndarray]:
    """Those of the trained layers that are not (W, W), each once."""
    return {
        (x, y): make(op) for (x, y), make in _BLOCKS.items() if {x, y} <= set(op.layout.trained)
    }  # fmt: skip


def _mixed(op: PairHessian) -> np.ndarray:
    """H[w_i, A_oj], shape (k d, m k)."""
    (k, d), A, W = op.network.W.shape, _matrix(op), op.network.W
    block = A.T[:, None, :, None] * along_rows(op.tables.k20, op.tables.k11, W)[:, :, None, :]
    if op.part is not None:
        block[np.arange(k), :, :, np.arange(k)] += op.part.read_out_columns(W)
    return block.reshape(k * d, -1)


def along_rows(first: np.ndarray, second: np.ndarray, W: np.ndarray) -> np.ndarray:
    """x_ij w_i + y_ij w_j of two tables x and y (..., k, k), shape (..., k, d, k)."""
    rows = np.swapaxes(W, -1, -2)
    return first[..., :, None, :] * W[..., None] + second[..., :, None, :] * rows[..., None, :, :]


def _weights_and_biases(op: PairHessian) -> np.ndarray:
    """H[w_i, b_j], shape (k d, k)."""
    (k, d), t, W, G = op.network.W.shape, op.tables, op.network.W, _weight(op)
    block = along_rows(G * t.k21, G * t.k12, W)
    if op.part is not None:
        block[np.arange(k), :, np.arange(k)] += op.part.bias_columns(W)
    return block.reshape(k * d, k)


def _biases(op: PairHessian) -> np.ndarray:
    block = _weight(op) * op.tables.k11
    block = (block + block.T) / 2
    return block if op.part is None else block + np.diag(op.part.identity)


def _biases_and_read_outs(op: PairHessian) -> np.ndarray:
    """H[b_i, A_oj], shape (k, m k)."""
    A, k = _matrix(op), op.k
    block = A.T[:, :, None] * op.tables.k10[:, None, :]
    if op.part is not None and op.part.slope is not None:
        block[np.arange(k), :, np.arange(k)] += op.part.slope.T
    return block.reshape(k, -1)


def _read_outs(op: PairHessian) -> np.ndarray:
    kappa = op.tables.k00
    return np.kron(np.eye(op.network.n_outputs), (kappa + kappa.T) / 2)


def _output_column(op: PairHessian, layer: str) -> np.ndarray:
    """H[layer, c_o], shape (., m)."""
    A, m = _matrix(op), op.network.n_outputs
    if op.own is None:  # The functional part alone.
        return np.zeros((op.layout.slices[layer].stop - op.layout.slices[layer].start, m))
    s0, s1, s2 = map(np.asarray, op.own)
    if layer == "W":
        return ((s2[:, None] * op.network.W)[:, :, None] * A.T[:, None, :]).reshape(-1, m)
    if layer == "b":
        return s1[:, None] * A.T
    return np.kron(np.eye(m), s0[:, None]) if layer == "a" else np.eye(m)


_BLOCKS = {
    ("a", "a"): _read_outs,
    ("W", "a"): _mixed,
    ("W", "b"): _weights_and_biases,
    ("b", "b"): _biases,
    ("b", "a"): _biases_and_read_outs,
    ("W", "c"): lambda op: _output_column(op, "W"),
    ("b", "c"): lambda op: _output_column(op, "b"),
    ("a", "c"): lambda op: _output_column(op, "a"),
    ("c", "c"): lambda op: _output_column(op, "c"),
}


_NUMBERS_AT_ONCE = 2**17
"""Of rows of blocks in one pass: temporaries that stay in the cache, and few passes where there are few neurons."""


def fill_weights(t: Tables, W: np.ndarray, weight: np.ndarray, out: np.ndarray, upper: bool = False) -> None:
    """Blocks (w_i, w_j) into ``out`` (..., k, d, k, d): weights and tables (..., k, k), W (..., k, d).

    With ``upper`` those below the diagonal may be left as they are.
    """
    *front, k, d = W.shape
    step = max(1, _NUMBERS_AT_ONCE // (math.prod(front) * k * d * d))
    for start in range(0, k, step):
        i, j = slice(start, start + step), slice(start if upper else 0, k)
        k11, k22, k31, k13 = (weight[..., i, j] * x[..., i, j] for x in (t.k11, t.k22, t.k31, t.k13))
        both, inner = np.empty((*k11.shape, 2, d)), np.empty((*k11.shape, 2, 2))
        both[..., 0, :], both[..., 1, :] = W[..., i, None, :], W[..., None, j, :]
        inner[..., 0, 0], inner[..., 0, 1], inner[..., 1, 0], inner[..., 1, 1] = k31, k22, k22, k13
        rows = out[..., i, :, j, :]
        np.matmul(np.swapaxes(both, -1, -2), inner @ both, out=np.swapaxes(rows, -3, -2))
        own_coordinate = np.einsum("...iaja->...ija", rows)
        own_coordinate += k11[..., None]


def _symmetrize(matrix: np.ndarray, tile: int = 512) -> None:
    """(M + Mᵀ)/2 in place, tile by tile: round-off makes blocks (i, j) and (j, i) differ in the last bit."""
    n = matrix.shape[-1]
    for p in range(0, n, tile):
        for q in range(p, n, tile):
            upper = matrix[..., p : p + tile, q : q + tile]
            lower = matrix[..., q : q + tile, p : p + tile]
            mean = (upper + np.swapaxes(lower, -1, -2)) / 2
            upper[...] = mean
            lower[...] = np.swapaxes(mean, -1, -2)


def pair_frobenius_squared(op: PairHessian) -> float:
    r""":math:`\|H\|_F^2` in O(k² d) from Gram matrices; diagonal blocks with a functional part explicitly."""
    total = _hidden_squares(op) if "W" in op.layout.trained else 0.0
    for (row, column), make in _BLOCKS.items():
        if {row, column} <= set(op.layout.trained):
            squares = _mixed_squares(op) if (row, column) == ("W", "a") and op.part is None else None
            squares = float(np.sum(make(op) ** 2)) if squares is None else squares
            total += squares if row == column else 2 * squares
    return total


def _mixed_squares(op: PairHessian) -> float:
    """Of the block (W, a), by far the largest of the others, without forming it."""
    t, W = op.tables, op.network.W
    q = W @ W.T
    n = np.diag(q)
    weight = np.sum(outputs(op.network.a) ** 2, axis=0)[:, None]
    squares = t.k20**2 * n[:, None] + 2 * t.k20 * t.k11 * q + t.k11**2 * n
    np.fill_diagonal(squares, n * np.diag(t.k20 + t.k11) ** 2)
    return float(np.sum(weight * squares))


def _hidden_squares(op: PairHessian) -> float:
    t, W = op.tables, op.network.W
    k, d = W.shape
    k11, k22, k31, k13 = t.k11, t.k22, t.k31, t.k13
    q = W @ W.T
    n = np.diag(q)
    qi, qj = n[:, None], n[None, :]
    rest_trace = k31 * qi + 2 * k22 * q + k13 * qj
    rest = (
        (k31 * qi) ** 2 + (k13 * qj) ** 2 + 2 * k31 * k13 * q**2 + 2 * k22**2 * (qi * qj + q**2)
        + 4 * k22 * q * (k31 * qi + k13 * qj)
    )  # fmt: skip
    weight = _weight(op)
    squares = d * k11**2 + 2 * k11 * rest_trace + rest
    # A neuron with itself has k11 on d - 1 directions; the sum above would square what cancels along its own.
    along = np.diag(k11) + n * np.diag(k31 + 2 * k22 + k13)
    np.fill_diagonal(squares, (d - 1) * np.diag(k11) ** 2 + along**2)
    squares *= weight**2
    if op.plane is not None:
        _add_plane_squares(op, op.plane, weight, squares)
    if op.part is not None:
        for i in range(k):
            squares[i, i] = np.sum((_diagonal_block(op, i, weight) + op.part.diagonal_block(W, i)) ** 2)
    return float(np.sum(squares))


def _add_plane_squares(op: PairHessian, plane: PlaneBlocks, weight: np.ndarray, squares: np.ndarray) -> None:
    """What a close pair's plane adds to the squared norm of its table's block, which is not I alone where there are means."""
    for m, (i, j) in enumerate(zip(plane.i, plane.j, strict=True)):
        block = plane_block(plane, m)
        squares[i, j] += 2 * np.sum(_pair_block(op, i, j, weight) * block) + np.sum(block**2)


def _pair_block(op: PairHessian, i: int, j: int, weight: np.ndarray) -> np.ndarray:
    """The (d, d) block (w_i, w_j) of the tables."""
    t, w, v = op.tables, op.network.W[i], op.network.W[j]
    block = t.k31[i, j] * np.outer(w, w) + t.k13[i, j] * np.outer(v, v)
    block += t.k22[i, j] * (np.outer(w, v) + np.outer(v, w)) + t.k11[i, j] * np.eye(op.d)
    return weight[i, j] * block


def _diagonal_block(op: PairHessian, i: int, weight: np.ndarray) -> np.ndarray:
    """The (d, d) block (w_i, w_i) of the outer part."""
    block = _pair_block(op, i, i, weight)
    if op.plane is not None:
        for m in np.flatnonzero((op.plane.i == i) & (op.plane.j == i)):
            block = block + plane_block(op.plane, int(m))
    return block
