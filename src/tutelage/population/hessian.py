"""From moments and a network to the Hessian operator: the outer-product and the functional part."""

from __future__ import annotations

import numpy as np

from tutelage import moments
from tutelage.base.precision import float64
from tutelage.base.rows import row_coordinates
from tutelage.layout import Layout
from tutelage.moments import PlaneTerms
from tutelage.network import Network
from tutelage.population.functional import FunctionalPart
from tutelage.population.pair_hessian import PairHessian
from tutelage.population.pairs import PlaneBlocks


@float64
def outer_hessian(network: Network, layout: Layout) -> PairHessian:
    r""":math:`E[\nabla f\,\nabla f^T]` at the network's weights: the Hessian where the residual vanishes."""
    network.activation.require_rows(network.W, "hessian")
    rows, plane = _rows_and_planes(network)
    tables = moments.own_tables(network.activation, rows)
    blocks = None
    if plane is not None and len(plane.i):
        weight = (network.a[plane.i] * network.a[plane.j])[:, None]
        blocks = PlaneBlocks(plane.i, plane.j, plane.p, plane.m, weight * plane.outer)
    return PairHessian(network.W, network.a, tables, layout, network.activation, blocks)


def _rows_and_planes(network: Network) -> tuple[np.ndarray, PlaneTerms | None]:
    """Rows with the Gram matrix of W, of which alone the moments are functions, and the close pairs of a kink.

    For k < d they are the coordinates in the row space; W itself where neurons are close, whose angles and planes
    are known from W to more digits than from coordinates, or zero, which ``plane_terms`` refuses.
    """
    W = network.W
    if network.d > network.k and (W.any(axis=1).all() or not network.activation.kinks):
        rows = row_coordinates(W)
        plane = moments.plane_terms(network.activation, rows, rows)
        if plane is None or not len(plane.i):
            return rows, None
    return W, moments.plane_terms(network.activation, W, W)


@float64
def functional_part(student: Network, teacher: Network) -> FunctionalPart:
    r""":math:`E[(f-f_*)\nabla^2 f]` as coefficients over pairs (student neuron, neuron of student or teacher)."""
    activation, W, a = student.activation, student.W, student.a
    Z, c = np.concatenate([W, teacher.W]), np.concatenate([a, -teacher.a])
    m = moments.pair_tables(activation, W, Z)
    weight = np.outer(a, c)
    plane = moments.plane_terms(activation, W, Z)
    return FunctionalPart(
        Z=Z, identity=(weight * m.k20).sum(1), square=(weight * m.k40).sum(1), cross=weight * m.k31,
        source=weight * m.k22, own=m.k20 @ c, mixed=m.k11 * c, plane=None if plane is None else _own_planes(plane, weight),
    )  # fmt: skip


def _own_planes(plane: PlaneTerms, weight: np.ndarray) -> PlaneBlocks:
    """Close (neuron, source) pairs as blocks (w_i, w_i) in the frame of the neuron and the normal towards the source."""
    coefficients = weight[plane.i, plane.j][:, None] * plane.functional
    # functional = (f_ww, f_wn, f_nn); a PlaneBlocks row is (uu, vv, uv).
    return PlaneBlocks(plane.i, plane.i, plane.w, plane.n, coefficients[:, [0, 2, 1]])
