r"""The Hessian at the optimum in ball arithmetic: float64 weights are exact, every entry carries its radius.

Entries are the closed tables of science 1.4, with biases A1, evaluated by python-flint's ``arb``. With fewer neurons than
inputs the rotation symmetry (science 3a) is used exactly: in an orthonormal basis of the row space the rows of
W are the rows of L, :math:`W W^T = L L^T`, so a Cholesky factor in ball arithmetic replaces the QR.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import cast

import flint

from tutelage.activations.arithmetic import Namespace, arb_functions
from tutelage.activations.closed_form import Elementary
from tutelage.activations.half_planes import Table
from tutelage.activations.pair_geometry import MeanMoments, PairMoments
from tutelage.base.errors import NotAvailableError
from tutelage.network import Network
from tutelage.operators import BallHessian

Vector = list[flint.arb]

_WHOLE_UP_TO = 500
"""Largest P assembled whole although k < d: four seconds there, and the cost grows like P³."""


def ball_hessian(network: Network, bits: int) -> BallHessian | None:
    """The matrices of the Hessian at ``bits`` of working precision; None where σ has no elementary tables.

    Raises NotAvailableError for many inputs and dependent rows, which leave the symmetry without exact coordinates.

    Returns
    -------
    BallHessian
        For k < d and independent rows of W, ``block`` of size k² + k and ``repeated`` (k, k), d − k times;
        otherwise the whole matrix as ``block``.
    """
    activation = network.activation
    if not isinstance(activation, Elementary) or activation.kinks:
        return None
    if {"b", "c"} & set(network.layers) and not activation.has_mean_tables:
        return None
    with flint.ctx.workprec(bits):
        a = [[flint.arb(float(x)) for x in row] for row in network.a.reshape(-1, network.k)]
        strength = [[_dot(u, v) for v in zip(*a, strict=True)] for u in zip(*a, strict=True)]
        W = [[flint.arb(float(x)) for x in row] for row in network.W]
        b = None if network.b is None else [flint.arb(float(x)) for x in network.b]
        rows = flint.arb_mat(W)
        gram = (rows * rows.transpose()).tolist()
        xp = arb_functions()
        tables = [[_tables(activation, gram, b, i, j, xp) for j in range(i + 1)] for i in range(len(W))]
        own = None if network.c is None else [_means(activation, gram, b, i, xp) for i in range(len(W))]
        coordinates = _cholesky(gram) if network.k < network.d else None
        if coordinates is None:
            if network.n_params > _WHOLE_UP_TO and network.k < network.d:
                raise NotAvailableError(
                    f"extended precision: expected independent neurons, got rows of W that are dependent to {bits} "
                    f"bits, so that all P = {network.n_params} parameters would stay; use method='symmetry'"
                )
            return BallHessian(_assemble(tables, W, a, strength, own), None, 0)
        repeated = _symmetric(
            [[strength[i][j] * tables[i][j].k11 for j in range(i + 1)] for i in range(len(W))]
        )
        block = _assemble(tables, coordinates, a, strength, own)
        return BallHessian(block, repeated, network.d - network.k)


def _tables(
    activation: Elementary, gram: list[Vector], b: Vector | None, i: int, j: int, xp: Namespace
) -> PairMoments | MeanMoments:
    q = (gram[i][i], gram[i][j], gram[j][j])
    if b is None:
        tables = cast("Callable[..., PairMoments]", activation.tables)  # the same formula, of balls
        return tables(*q, xp)
    with_means = cast("Callable[..., Table]", activation.mean_tables)(b[i], b[j], *q, xp)
    names = (name for name in MeanMoments._fields if name not in ("k40", "k30"))  # none is at the optimum
    return MeanMoments(**{name: with_means(int(name[1]), int(name[2])) for name in names})


def _means(activation: Elementary, gram: list[Vector], b: Vector | None, i: int, xp: Namespace) -> Vector:
    """s_0, s_1, s_2 of neuron i."""
    mean = cast("Callable[..., Callable[[int], flint.arb]]", activation.mean_table)
    at = mean(flint.arb(0) if b is None else b[i], gram[i][i], xp)
    return [flint.arb(at(p)) for p in range(3)]


def _dot(u: Sequence[flint.arb], v: Sequence[flint.arb]) -> flint.arb:
    return sum((x * y for x, y in zip(u, v, strict=True)), flint.arb(0))


def _cholesky(gram: list[Vector]) -> list[Vector] | None:
    """Rows of L, each padded to full length; None when a pivot cannot be told from zero (dependent rows)."""
    lower: list[Vector] = []
    for i, row in enumerate(gram):
        new: Vector = []
        for j in range(i):
            new.append((row[j] - _dot(new, lower[j][:j])) / lower[j][j])
        pivot = row[i] - _dot(new, new)
        if not pivot > 0:
            return None
        lower.append([*new, pivot.sqrt(), *(flint.arb(0) for _ in range(len(gram) - i - 1))])
    return lower


def _assemble(
    tables: list[list[PairMoments | MeanMoments]], W: list[Vector], a: list[Vector], strength: list[Vector],
    own: list[Vector] | None,
) -> flint.arb_mat:  # fmt: skip
    """Blocks of science 1.4, 19 and A1, parameters W row-major, b, a (m, k) by outputs, c; the lower triangle is mirrored."""
    k, r = len(W), len(W[0])
    lower: list[Vector] = [[] for _ in range(k * r)]
    biased = isinstance(tables[0][0], MeanMoments)

    def at(i: int, j: int) -> dict[str, flint.arb]:
        """The tables of the pair (i, j), of which one half is kept."""
        if j <= i:
            return tables[i][j]._asdict()
        return {f"k{name[2]}{name[1]}": t for name, t in tables[j][i]._asdict().items()}

    for i in range(k):
        for j in range(i + 1):
            for p, row in enumerate(_weight_block(tables[i][j], strength[i][j], W[i], W[j], i == j)):
                lower[i * r + p].extend(row)
    for i in range(k if biased else 0):
        row: Vector = []
        for j in range(k):
            t = at(j, i)
            row.extend(
                strength[i][j] * (t["k21"] * u + t["k12"] * v) for u, v in zip(W[j], W[i], strict=True)
            )
        lower.append([*row, *(strength[i][j] * tables[i][j].k11 for j in range(i + 1))])
    for (o, read_out), i in itertools.product(enumerate(a), range(k)):
        row = []
        for j in range(k):
            t = at(j, i)
            k20, k11 = read_out[j] * t["k20"], read_out[j] * t["k11"]
            row.extend(k20 * u + k11 * v for u, v in zip(W[j], W[i], strict=True))
        row.extend(read_out[j] * at(j, i)["k10"] for j in range(k if biased else 0))
        row.extend(flint.arb(0) for _ in range(o * k))
        lower.append([*row, *(tables[i][j].k00 for j in range(i + 1))])
    for o, read_out in enumerate(a if own is not None else ()):
        assert own is not None
        row = [read_out[j] * own[j][2] * u for j in range(k) for u in W[j]]
        row.extend(read_out[j] * own[j][1] for j in range(k if biased else 0))
        row.extend(own[j][0] * (n == o) for n in range(len(a)) for j in range(k))
        lower.append([*row, *(flint.arb(n == o) for n in range(o + 1))])
    return _symmetric(lower)


def _weight_block(
    t: PairMoments | MeanMoments, weight: flint.arb, u: Vector, v: Vector, diagonal: bool
) -> list[Vector]:
    """(r, r) block of neurons u and v; the lower triangle alone on the diagonal."""
    k11, k22, k31, k13 = weight * t.k11, weight * t.k22, weight * t.k31, weight * t.k13
    both = flint.arb_mat([u, v])
    block = (both.transpose() * (flint.arb_mat([[k31, k22], [k22, k13]]) * both)).tolist()
    for p, row in enumerate(block):
        row[p] += k11
    return [row[: p + 1] for p, row in enumerate(block)] if diagonal else block


def _symmetric(lower: list[Vector]) -> flint.arb_mat:
    n = len(lower)
    return flint.arb_mat([row + [lower[q][p] for q in range(p + 1, n)] for p, row in enumerate(lower)])
