r"""The Hessian under any Gaussian inputs, from that under standard normal ones (science 9b).

With :math:`x = \mu + Rz` the network of x is one of z, with :math:`\hat W = WR` and :math:`\hat b = b + W\mu`, linear in θ:

.. math:: H = T\,\hat H\,T^T,\qquad \partial_{w_i} = R\,\partial_{\hat w_i} + \mu\,\partial_{\hat b_i}.
"""

from __future__ import annotations

import dataclasses
import functools

import equinox as eqx
import jax
import numpy as np

from tutelage.base.precision import require_64_bit
from tutelage.base.roots import Eigenspace, Root, identity_root
from tutelage.base.rows import row_space
from tutelage.base.types import Array
from tutelage.inputs import GaussianInputs
from tutelage.layout import Layout
from tutelage.network import Network
from tutelage.operators import Copies, Entries, Factor, LossHessian, Reduction, Structure
from tutelage.population import reduction, rounding, structure
from tutelage.population.hessian_blocks import PairHessian


class CongruentHessian(LossHessian):
    """T Ĥ Tᵀ: the Hessian of a network before inputs that are not standard normal.

    Attributes
    ----------
    inner : PairHessian
        Ĥ, of the network of standard normal z.
    inputs : GaussianInputs
    network : Network
        The student.
    layout : Layout
        The rows and columns that are kept.
    """

    inner: PairHessian
    inputs: GaussianInputs
    network: Network
    layout: Layout = eqx.field(static=True)

    @property
    def semidefinite(self) -> bool:
        """As the Hessian inside: congruence keeps the signs."""
        return self.inner.semidefinite

    @property
    def outer(self) -> CongruentHessian:
        return dataclasses.replace(self, inner=self.inner.outer)

    @property
    def functional(self) -> CongruentHessian | None:
        inner = self.inner.functional
        return None if inner is None else dataclasses.replace(self, inner=inner)

    def product(self, vector: Array) -> Array:
        require_64_bit("CongruentHessian.product")
        inside = self.inner.layout
        layers = self.inputs.standardised(self.layout.split(vector))
        moved = self.inner.product(inside.flatten(layers))
        return self.layout.flatten(self.inputs.pulled_back(inside.split(moved)))

    def dense(self) -> np.ndarray:
        self.require_memory()
        here = _on_host(self)
        half = here.pulled_back(here.inner.dense())
        whole = here.pulled_back(np.ascontiguousarray(half.T))
        return (whole + whole.T) / 2

    def pulled_back(self, rows: np.ndarray) -> np.ndarray:
        """T applied to every row (n, P̂)."""
        return np.asarray(self.layout.flatten(self.inputs.pulled_back(self.inner.layout.split(rows))))

    @functools.cached_property
    def structure(self) -> Structure:
        here = _on_host(self)
        inner = here.inner.structure
        null_vectors = Structure().null_vectors
        if here.inner.part is None and here.layout.is_complete:
            null_vectors = functools.partial(
                structure.rescaling, here.network.activation, here.network.layers, here.layout
            )
        return Structure(
            reduction=functools.partial(_reduced, here),
            factor=None if inner.factor is None else _factor(here, inner.factor),
            null_vectors=null_vectors,
            entries=functools.partial(_entries, here),
        )


def _entries(operator: CongruentHessian) -> Entries:
    r"""Those inside, times a bound on :math:`|T|^2`, T the matrix of rows (R, 0), (μ, 1) on every neuron."""
    inputs, bound = operator.inputs, 1.0
    if "W" in operator.layout.trained:
        root = inputs.root or identity_root(1)
        bound = max(1.0, root.scale, *np.asarray(root.values)) ** 2
        bound += 0.0 if inputs.mean is None else float(1 + inputs.mean @ inputs.mean)
    return rounding.scaled(operator.inner.structure.entries, bound)


def _factor(operator: CongruentHessian, inner: Factor) -> Factor:
    def rows() -> np.ndarray:
        return operator.pulled_back(inner.rows())

    def gram() -> np.ndarray:
        factor = rows()
        return factor @ factor.T

    return Factor(inner.size, rows, gram)


def _reduced(operator: CongruentHessian, with_frame: bool = False) -> Reduction | None:
    r"""In every eigenspace of Σ the rows of (W, W_*, μ) span a few dimensions; outside them H is :math:`s_l\,C\otimes I`.

    All of it exact (science 9b): for a spiked Σ, or one of few distinct eigenvalues, the block is small whatever d.
    """
    block, frame, copies = operator, None, []
    if "W" in operator.layout.trained:
        block, frame, copies = _by_inputs(operator)
    span, more = reduction.read_out_space(operator.inner)
    if span is not None:
        block = _in_outputs(block, span)
    if not copies and not more:
        return None
    return Reduction(block, (*copies, *more), operator.layout, frame, span)


def _by_inputs(operator: CongruentHessian) -> tuple[CongruentHessian, np.ndarray | None, list[Copies]]:
    inner, inputs, d = operator.inner, operator.inputs, operator.network.d
    root = inputs.root or identity_root(d)
    sources = [] if inner.part is None else [inner.part.Z]
    rows = np.concatenate([inner.network.W, *sources])
    spanning = rows if inputs.mean is None else np.concatenate([rows, inputs.mean[None]])
    spaces = root.eigenspaces()
    frames = [_frame(spanning, space, root) for space in spaces]
    frame = np.concatenate(frames)
    if len(frame) >= d:
        return operator, None, []
    C, copies = reduction.repeated_matrix(inner), []
    repeated = functools.partial(rounding.repeated_entries, inner)
    for space, part in zip(spaces, frames, strict=True):
        outside = part if space.basis is not None else np.concatenate([part, root.vectors.T])
        times = (d if space.basis is None else space.basis.shape[1]) - len(outside)
        if times:
            scale = space.value**2
            entries = functools.partial(rounding.scaled, repeated, scale)
            copies.append(Copies(scale * C, times, frame=outside, within=space.basis, entries=entries))
    values = np.concatenate([np.full(len(p), s.value) for s, p in zip(spaces, frames, strict=True)])
    small = Root(0.0, np.eye(len(frame)), values)
    law = GaussianInputs.of_root(None if inputs.mean is None else frame @ inputs.mean, small)
    block = dataclasses.replace(
        operator, inner=reduction.in_coordinates(inner, rows @ frame.T, frame), inputs=law,
        network=operator.network.with_layers({"W": operator.network.W @ frame.T}),
        layout=operator.layout.reshaped(W=(operator.network.k, len(frame))),
    )  # fmt: skip
    return block, frame, copies


def _frame(rows: np.ndarray, space: Eigenspace, root: Root) -> np.ndarray:
    """Orthonormal rows (r, d) that span what the rows have in this eigenspace."""
    if space.basis is None:
        U = root.vectors
        return row_space(rows - (rows @ U) @ U.T)[1]
    if space.basis.shape[1] == 1:
        return np.ascontiguousarray(space.basis.T)
    return row_space(rows @ space.basis)[1] @ space.basis.T


def _in_outputs(operator: CongruentHessian, span: np.ndarray) -> CongruentHessian:
    inner = reduction.in_outputs(operator.inner, span)
    shapes = {
        name: inner.network.layers[name].shape for name in ("a", "c") if name in operator.network.layers
    }
    layers = {name: inner.network.layers[name] for name in shapes}
    return dataclasses.replace(
        operator, inner=inner, network=operator.network.with_layers(layers), layout=operator.layout.reshaped(**shapes)
    )  # fmt: skip


def _on_host(operator: CongruentHessian) -> CongruentHessian:
    if isinstance(operator.network.W, np.ndarray):
        return operator
    return jax.tree.map(np.asarray, operator)
