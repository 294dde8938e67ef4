r"""What rotations of the inputs, and of the outputs, leave of a population Hessian (science 3a, 9, 19)."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from tutelage.base.rows import row_coordinates, row_space
from tutelage.operators import Copies, Reduction
from tutelage.population import rounding, structure
from tutelage.population.pairs import PlaneBlocks, outputs

if TYPE_CHECKING:
    from tutelage.population.hessian_blocks import PairHessian


def reduced(operator: PairHessian, with_frame: bool = False) -> Reduction | None:
    r"""Rows of W (and of the teacher) span r dimensions, read-outs ρ; outside the Hessian is C ⊗ I and κ ⊗ I.

    :math:`C_{ij} = (A^TA)_{ij} k_{11}(i,j) + \delta_{ij}\sum_l (A^TC)_{il} k_{20}(i,l)`, that is H_bb, d − r times;
    :math:`\kappa`, with the output bias as a neuron that is constant, m − ρ times.
    """
    block, frame, copies = operator, None, []
    if "W" in operator.layout.trained:
        block, frame, copies = _by_inputs(operator, with_frame)
    span, more = read_out_space(operator)
    if span is not None:
        block = in_outputs(block, span)
    if not copies and not more:
        return None
    return Reduction(block, (*copies, *more), operator.layout, frame, span)


def repeated_matrix(operator: PairHessian) -> np.ndarray:
    """C (k, k): the Hessian of the hidden biases, whether there are any or not."""
    A = outputs(operator.network.a)
    repeated = (A.T @ A) * operator.tables.k11
    if operator.part is not None:
        repeated = repeated + np.diag(operator.part.identity)
    return (repeated + repeated.T) / 2


def _by_inputs(
    operator: PairHessian, with_frame: bool
) -> tuple[PairHessian, np.ndarray | None, list[Copies]]:
    network, plane, part = operator.network, operator.plane, operator.part
    rows = network.W if part is None else np.concatenate([network.W, part.Z])
    close = plane is not None or (part is not None and part.plane is not None)
    known = (
        rows.any(axis=1) if part is not None else np.ones(len(rows), bool)
    )  # the constant source has no row
    coordinates, frame = (
        row_space(rows[known]) if close or with_frame else (row_coordinates(rows[known]), None)
    )
    r = coordinates.shape[1]
    if r >= network.d:
        return operator, None, []
    inside = np.zeros((len(rows), r))
    inside[known] = coordinates
    block = in_coordinates(operator, inside, frame)
    factor = None if part is not None else structure.repeated_factor(block.network)
    entries = functools.partial(rounding.repeated_entries, operator)
    copies = Copies(repeated_matrix(operator), network.d - r, factor, frame=frame, entries=entries)
    return block, frame, [copies]


def in_coordinates(operator: PairHessian, rows: np.ndarray, frame: np.ndarray | None) -> PairHessian:
    """The operator of neurons (and sources) whose rows have these coordinates (n, r); planes are turned by the frame."""
    k, part = operator.k, operator.part
    if part is not None:
        part = part._replace(Z=rows[k:], plane=_project_plane(part.plane, frame))
    return dataclasses.replace(
        operator, network=operator.network.with_layers({"W": rows[:k]}), plane=_project_plane(operator.plane, frame),
        layout=operator.layout.reshaped(W=(k, rows.shape[1])), part=part,
    )  # fmt: skip


def read_out_space(operator: PairHessian) -> tuple[np.ndarray | None, list[Copies]]:
    """Orthonormal columns (m, ρ) of the span of the read-outs of student and teacher, and what repeats itself outside."""
    part, m = operator.part, operator.network.n_outputs
    trained = [name for name in ("a", "c") if name in operator.layout.trained]
    if m == 1 or not trained:
        return None, []
    A = (
        outputs(operator.network.a)
        if part is None
        else np.column_stack([outputs(operator.network.a), part.C])
    )
    span = row_space(A.T)[1].T
    if span.shape[1] >= m:
        return None, []
    units = np.ones(operator.k) if operator.units is None else operator.units
    kappa = units[:, None] * operator.tables.k00 * units
    if "c" in trained:
        s0 = (np.zeros(len(kappa)) if operator.own is None else units * operator.own[0])[:, None]
        kappa = np.block([[kappa, s0], [s0.T, np.full((1, 1), float(operator.own is not None))]])
        kappa = kappa if "a" in trained else kappa[-1:, -1:]
    entries, times = functools.partial(rounding.read_out_entries, operator), m - span.shape[1]
    return span, [Copies((kappa + kappa.T) / 2, times, frame=span.T, layer="a", entries=entries)]


def in_outputs(operator: PairHessian, span: np.ndarray) -> PairHessian:
    """The operator with read-outs in the coordinates of a span (m, ρ)."""
    network, part = operator.network, operator.part
    layers = {"a": span.T @ network.a}
    if network.c is not None:
        layers["c"] = span.T @ network.c
    network = network.with_layers(layers)
    shapes = {name: network.layers[name].shape for name in layers}
    if part is not None:
        turned: dict[str, np.ndarray | None] = {"C": span.T @ part.C, "own": span.T @ part.own}
        turned["slope"] = None if part.slope is None else span.T @ part.slope
        part = part._replace(**turned)
    return dataclasses.replace(
        operator, network=network, layout=operator.layout.reshaped(**shapes), part=part
    )


def _project_plane(plane: PlaneBlocks | None, frame: np.ndarray | None) -> PlaneBlocks | None:
    if plane is None or frame is None:
        return None
    return plane._replace(u=plane.u @ frame.T, v=plane.v @ frame.T)
