"""Dense form and Frobenius norm of a PairHessian: k passes over memory, no (k, d, d) temporaries beyond one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tutelage.population.functional import plane_block

if TYPE_CHECKING:
    from tutelage.population.pair_hessian import PairHessian
    from tutelage.population.pairs import PlaneBlocks


def dense_pairs(op: PairHessian) -> np.ndarray:
    """The (P, P) matrix, exactly symmetric."""
    k, d, at = op.k, op.d, op.layout.slices
    out = np.zeros((op.size, op.size))
    if "W" in at:
        ww = out[at["W"], at["W"]].reshape(k, d, k, d)
        for i in range(k):
            _fill_row(op, i, ww[i])
        if op.plane is not None:
            for m in range(len(op.plane.i)):
                ww[op.plane.i[m], :, op.plane.j[m], :] += plane_block(op.plane, m)
        if op.part is not None:
            for i in range(k):
                ww[i, :, i, :] += op.part.diagonal_block(op.W, i)
        _symmetrize(out[at["W"], at["W"]])
    if "a" in at:
        aa = op.tables.k00
        out[at["a"], at["a"]] = (aa + aa.T) / 2
    if "W" in at and "a" in at:
        out[at["W"], at["a"]] = mixed_block(op)
        out[at["a"], at["W"]] = out[at["W"], at["a"]].T
    return out


def mixed_block(op: PairHessian) -> np.ndarray:
    """H[w_i, a_j], shape (k d, k)."""
    k, d = op.W.shape
    t = op.tables
    block = op.a[:, None, None] * (
        t.k20[:, None, :] * op.W[:, :, None] + t.k11[:, None, :] * op.W.T[None, :, :]
    )
    if op.part is not None:
        for i in range(k):
            block[i, :, i] += op.part.read_out_column(op.W, i)
    return block.reshape(k * d, k)


def _fill_row(op: PairHessian, i: int, row: np.ndarray) -> None:
    """Blocks (i, j) for all j into ``row`` of shape (d, k, d)."""
    t, W = op.tables, op.W
    weight = op.a[i] * op.a
    k11, k22, k31, k13 = (weight * x[i] for x in (t.k11, t.k22, t.k31, t.k13))
    w = W[i]
    np.multiply(w[:, None, None], (k31[:, None] * w + k22[:, None] * W)[None], out=row)
    row += W.T[:, :, None] * (k22[:, None] * w + k13[:, None] * W)[None]
    diagonal = np.arange(W.shape[1])
    row[diagonal, :, diagonal] += k11[None, :]


def _symmetrize(matrix: np.ndarray, tile: int = 512) -> None:
    """(M + Mᵀ)/2 in place, tile by tile: round-off makes blocks (i, j) and (j, i) differ in the last bit."""
    n = len(matrix)
    for p in range(0, n, tile):
        for q in range(p, n, tile):
            upper = matrix[p : p + tile, q : q + tile]
            lower = matrix[q : q + tile, p : p + tile]
            mean = (upper + lower.T) / 2
            upper[...] = mean
            lower[...] = mean.T


def pair_frobenius_squared(op: PairHessian) -> float:
    r""":math:`\|H\|_F^2` in O(k² d) from Gram matrices; diagonal blocks with a functional part explicitly."""
    total = 0.0
    t, W, a = op.tables, op.W, op.a
    k, d = W.shape
    k00, k11, k20, k22, k31, k13 = t.k00, t.k11, t.k20, t.k22, t.k31, t.k13
    q = W @ W.T
    n = np.diag(q)
    qi, qj = n[:, None], n[None, :]
    if "W" in op.layout.trained:
        rest_trace = k31 * qi + 2 * k22 * q + k13 * qj
        rest = (
            (k31 * qi) ** 2 + (k13 * qj) ** 2 + 2 * k31 * k13 * q**2 + 2 * k22**2 * (qi * qj + q**2)
            + 4 * k22 * q * (k31 * qi + k13 * qj)
        )  # fmt: skip
        weight = np.outer(a, a) ** 2
        squares = weight * (d * k11**2 + 2 * k11 * rest_trace + rest)
        # A neuron with itself has k11 on d - 1 directions; the sum above would square what cancels along its own.
        along = np.diag(k11) + n * np.diag(k31 + 2 * k22 + k13)
        np.fill_diagonal(squares, a**4 * ((d - 1) * np.diag(k11) ** 2 + along**2))
        if op.plane is not None:
            _add_plane_squares(op, op.plane, squares)
        if op.part is not None:
            for i in range(k):
                squares[i, i] = np.sum((_diagonal_block(op, i) + op.part.diagonal_block(op.W, i)) ** 2)
        total += float(np.sum(squares))
    if "a" in op.layout.trained:
        total += float(np.sum(k00**2))
    if "W" in op.layout.trained and "a" in op.layout.trained:
        if op.part is None:
            mixed = a[:, None] ** 2 * (k20**2 * qi + 2 * k20 * k11 * q + k11**2 * qj)
            np.fill_diagonal(mixed, a**2 * n * np.diag(k20 + k11) ** 2)
            total += 2 * float(np.sum(mixed))
        else:
            total += 2 * float(np.sum(mixed_block(op) ** 2))
    return total


def _add_plane_squares(op: PairHessian, plane: PlaneBlocks, squares: np.ndarray) -> None:
    """Close pairs have k11 and the plane alone: their squared norms replace the table's."""
    k11 = op.tables.k11
    for m, (i, j) in enumerate(zip(plane.i, plane.j, strict=True)):
        block = plane_block(plane, m)
        squares[i, j] += 2 * op.a[i] * op.a[j] * k11[i, j] * np.trace(block) + np.sum(block**2)


def _diagonal_block(op: PairHessian, i: int) -> np.ndarray:
    """The (d, d) block (w_i, w_i) of the outer part."""
    t, w = op.tables, op.W[i]
    weight = op.a[i] ** 2
    block = weight * (
        t.k11[i, i] * np.eye(op.d) + (t.k31[i, i] + 2 * t.k22[i, i] + t.k13[i, i]) * np.outer(w, w)
    )
    if op.plane is not None:
        for m in np.flatnonzero((op.plane.i == i) & (op.plane.j == i)):
            block = block + plane_block(op.plane, int(m))
    return block
