"""Spectra by way of a stack of Hessians: many small networks of one shape, or one, without an operator between."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeGuard

import numpy as np

from tutelage import moments
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.population.stack import HessianStack, TablesOf, stack_hessians
from tutelage.population.structure import balls, has_balls
from tutelage.source import Source
from tutelage.spectra.choose import REFINE_UP_TO, is_unresolved, refined
from tutelage.spectra.dense import of_stacked_values, of_values
from tutelage.spectra.function_space import of_gram_values
from tutelage.spectra.lapack import TWO_STAGE_FROM, backward_error, stacked_eigenvalues
from tutelage.spectra.result import Spectrum
from tutelage.spectra.symmetry import joined

LARGEST = 512
"""Block size above which LAPACK alone takes ten times what a network costs by itself (4 ms): nothing is won there."""


def stackable_network(source: Source) -> Network | None:
    """The network whose Hessian at the optimum is asked for, where it has one output."""
    network = source.teacher if _is_standard(source) else source
    return network if isinstance(network, Network) and _is_stackable(network) else None


def _is_standard(source: Source) -> TypeGuard[Problem]:
    """Whether this is the problem of a teacher that has the teacher's own Hessian."""
    return isinstance(source, Problem) and source.inputs.is_standard and source.trainable is None


def _is_stackable(network: Network) -> bool:
    """One output, and NumPy numbers of double precision, which a tree of other arrays may lack."""
    layers = network.layers
    return layers["a"].ndim == 1 and all(
        isinstance(layer, np.ndarray) and layer.dtype == np.float64 for layer in layers.values()
    )


def block_size(network: Network) -> int:
    """P' of its Hessian inside the span of its neurons."""
    layers = network.layers
    k, d = layers["W"].shape
    return sum(layer.size for layer in layers.values()) - k * max(d - k, 0)


def stacked_spectra(
    networks: Sequence[Network], refine: bool, make_tables: TablesOf = moments.stacked_tables
) -> list[Spectrum | None]:
    """The spectra of networks of one activation and layout; None for those that have to be computed alone."""
    each = [network.layers for network in networks]
    layers = {name: np.array([own[name] for own in each]) for name in each[0]}
    activation = networks[0].activation
    found: list[Spectrum | None] = [None] * len(networks)
    stack, kept = stack_hessians(activation, layers, make_tables)
    if stack is None:
        return found
    m, size = stack.small_function_space, stack.layout.size
    blocks = _dense(stack) if m is None else _by_functions(stack, m)
    refine = (
        refine
        and m is None
        and size <= REFINE_UP_TO
        and layers.keys() == {"W", "a"}
        and has_balls(activation)
    )
    for i, each in zip(np.flatnonzero(kept), _joined(stack, blocks), strict=True):
        if refine and is_unresolved(each):
            each = refined(each, partial(balls, networks[i]))
        found[i] = each
    return found


def only_spectrum(source: Source, refine: bool) -> Spectrum | None:
    """Of one network whose Hessian is small; None where it has to be computed by its operator."""
    network = stackable_network(source)
    if network is None:
        return None
    largest = TWO_STAGE_FROM - 1 if network.activation.coefficients is None else LARGEST
    if block_size(network) > largest:
        return None
    return stacked_spectra([network], refine, moments.single_tables)[0]


def _by_functions(stack: HessianStack, m: int) -> list[Spectrum]:
    return [of_gram_values(values, m, stack.layout.size) for values in stacked_eigenvalues(stack.gram)]


def _dense(stack: HessianStack) -> list[Spectrum]:
    parts = stack.parts(stack.layout.size**2)
    values = np.concatenate([stacked_eigenvalues(stack.dense(part)) for part in parts])
    nulls = stack.layout.size - values.shape[1]
    return _of_stack(values, stack.sizes(), nulls)


def _of_stack(values: np.ndarray, sizes: np.ndarray, nulls: int = 0) -> list[Spectrum]:
    """The spectra with these eigenvalues (n, P) of matrices whose terms are of these sizes (n,)."""
    largest = np.maximum(np.abs(values).max(axis=1), sizes)
    errors = backward_error(values.shape[1], largest)
    if not nulls and np.isfinite(values).all():
        return of_stacked_values(values, errors)
    return [of_values(each, error, nulls) for each, error in zip(values, errors.tolist(), strict=True)]


def _joined(stack: HessianStack, blocks: list[Spectrum]) -> list[Spectrum]:
    """The blocks with what repeats itself outside the span of the neurons."""
    _, k, r = stack.layers["W"].shape
    if r == stack.d:
        return blocks
    copies = _of_stack(stacked_eigenvalues(stack.repeated()), stack.repeated_sizes())
    return [
        joined(block, [(each, stack.d - r)], stack.layout.size + k * (stack.d - r))
        for block, each in zip(blocks, copies, strict=True)
    ]
