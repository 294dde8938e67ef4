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
from tutelage.population.hessian_blocks import PairHessian
from tutelage.population.pairs import PlaneBlocks, outputs
from tutelage.population.short import lengthened


@float64
def outer_hessian(network: Network, layout: Layout, part: FunctionalPart | None = None) -> PairHessian:
    r""":math:`E[\nabla f\,\nabla f^T]` at the network's weights, the Hessian where the residual vanishes; with its functional
    part elsewhere."""
    network, units = lengthened(network)
    network.activation.require_rows(network.W, "hessian")
    rows, plane = _rows_and_planes(network)
    b, A = network.b, outputs(network.a)
    tables = moments.own_tables(network.activation, rows, b)
    own = None if network.c is None else moments.neuron_tables(network.activation, rows, b)[:3]
    blocks = None
    if plane is not None and len(plane.i):
        weight = (A.T @ A)[plane.i, plane.j][:, None]
        blocks = PlaneBlocks(plane.i, plane.j, plane.p, plane.m, weight * plane.outer)
    return PairHessian(network, tables, layout, own, blocks, part, units=units)


def _rows_and_planes(network: Network) -> tuple[np.ndarray, PlaneTerms | None]:
    """Rows with the Gram matrix of W, of which alone the moments are functions, and the close pairs of a kink.

    For k < d they are the coordinates in the row space; W itself where neurons are close, whose angles and planes
    are known from W to more digits than from coordinates, or zero, which ``plane_terms`` judges.
    """
    W, b = network.W, network.b
    if network.d > network.k and (W.any(axis=1).all() or not network.activation.kinks):
        rows = row_coordinates(W)
        plane = moments.plane_terms(network.activation, rows, rows, b, b)
        if plane is None or not len(plane.i):
            return rows, None
    return W, moments.plane_terms(network.activation, W, W, b, b)


@float64
def functional_part(student: Network, teacher: Network) -> FunctionalPart:
    r""":math:`E[(f-f_*)\cdot\nabla^2 f]` as coefficients over pairs (student neuron, neuron of student or teacher)."""
    activation, W, A = student.activation, student.W, outputs(student.a)
    Z, C = np.concatenate([W, teacher.W]), np.concatenate([A, -outputs(teacher.a)], axis=1)
    b, b_Z = _both(student, teacher)
    m = moments.pair_tables(activation, W, Z, b, b_Z)
    plane = moments.plane_terms(activation, W, Z, b, b_Z)
    blocks = None if plane is None else _own_planes(plane, A.T @ C)
    tables = {name: table for name, table in m._asdict().items() if table is not None}
    if student.c is not None or teacher.c is not None:
        s = moments.neuron_tables(activation, W, b)
        known = {"k10": s[1], "k20": s[2], "k30": s[3], "k40": s[4]}
        none = np.zeros_like(s[0])
        tables = {name: np.column_stack([t, known.get(name, none)]) for name, t in tables.items()}
        Z = np.concatenate([Z, np.zeros((1, student.d))])
        C = np.column_stack([C, _output_bias(student) - _output_bias(teacher)])
    weight = A.T @ C
    part = FunctionalPart(
        Z=Z, C=C, k11=tables["k11"], identity=(weight * tables["k20"]).sum(1),
        square=(weight * tables["k40"]).sum(1), cross=weight * tables["k31"], source=weight * tables["k22"],
        own=C @ tables["k20"].T, plane=blocks, biases=b_Z,
    )  # fmt: skip
    if student.b is None:
        return part
    return part._replace(
        third=(weight * tables["k30"]).sum(1), bent=weight * tables["k21"], slope=C @ tables["k10"].T
    )


def _both(student: Network, teacher: Network) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Biases of the student's neurons, and of both networks' together; zeros beside some, None where there are none."""
    if student.b is None and teacher.b is None:
        return None, None
    first, second = (np.zeros(n.k) if n.b is None else n.b for n in (student, teacher))
    return first, np.concatenate([first, second])


def _output_bias(network: Network) -> np.ndarray:
    return np.zeros(network.n_outputs) if network.c is None else network.c.reshape(-1)


def _own_planes(plane: PlaneTerms, weight: np.ndarray) -> PlaneBlocks:
    """Close (neuron, source) pairs as blocks (w_i, w_i) in the frame of the neuron and the normal towards the source."""
    coefficients = weight[plane.i, plane.j][:, None] * plane.functional
    # functional = (f_ww, f_wn, f_nn); a PlaneBlocks row is (uu, vv, uv).
    return PlaneBlocks(plane.i, plane.i, plane.w, plane.n, coefficients[:, [0, 2, 1]])
