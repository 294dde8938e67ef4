"""Spectra of many networks: those of one shape by one batch of tables, one of matrices and one of LAPACK."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TypeGuard

import numpy as np

from tutelage.activations import Activation
from tutelage.base import check
from tutelage.moments import STACK
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.population.extended import ball_hessian, has_balls
from tutelage.population.stack import HessianStack, stack_hessians
from tutelage.source import Source
from tutelage.spectra.choose import REFINE_UP_TO
from tutelage.spectra.dense import of_values
from tutelage.spectra.function_space import of_gram_values
from tutelage.spectra.lapack import backward_error
from tutelage.spectra.result import Spectrum
from tutelage.spectra.solve import METHODS, is_unresolved, refined, spectrum
from tutelage.spectra.symmetry import joined

LARGEST = 512
"""Block size above which LAPACK alone takes ten times what a network costs by itself (4 ms): nothing is won there."""

_TABLES_AT_ONCE = 4
"""Calls whose tables are kept together: 8 (n, k, k) arrays."""


def spectrum_many(sources: Iterable[Source], method: str = "auto", *, refine: bool = True) -> list[Spectrum]:
    r"""``[spectrum(source) for source in sources]``, several times faster for many small networks of one shape.

    Networks of one activation and shape, without biases and with one output, are one batched computation: tables
    :math:`k_{pq}` of shape (n, k, k), matrices (n, P', P') or Gram matrices of their function space, LAPACK on the stack,
    with the symmetry taken out as :func:`spectrum` does; small eigenvalues are refined singly, where it would. Everything
    else, and every network whose neurons are zero or nearly dependent, is computed by itself. What a network gets does not
    depend on those beside it.

    Parameters
    ----------
    sources : iterable
        Of anything :func:`tutelage.hessian_of` takes.
    method, refine
        As in :func:`spectrum`; batches are made by ``"auto"`` alone.

    Returns
    -------
    list of Spectrum
        In the order of the sources: values to 1e-14 of the largest, methods, multiplicities and ranks as one by one.

    Raises
    ------
    InputError, NotAvailableError, AllocationError
        What :func:`spectrum` of one of them raises.

    Examples
    --------
    >>> from tutelage import sample_teachers, spectrum_many
    >>> found = spectrum_many(sample_teachers("erf", d=3, k=2, count=50))
    >>> len(found), found[0].n_params
    (50, 8)
    """
    sources, method = list(sources), check.choice(method, "spectrum_many", "method", METHODS)
    found: dict[int, Spectrum] = {}
    for networks in _alike(sources) if method == "auto" else ():
        found |= _together(networks, refine)
    return [
        _named(found[i], source) if i in found else spectrum(source, method, refine=refine)
        for i, source in enumerate(sources)
    ]


def _named(found: Spectrum, source: Source) -> Spectrum:
    """With its network, as ``spectrum`` leaves it."""
    return dataclasses.replace(found, network=source) if isinstance(source, Network) else found


def _alike(sources: Sequence[Source]) -> Iterator[dict[int, Network]]:
    """The plain networks of one activation and shape, by their index, in parts whose tables are small."""
    groups: dict[tuple[Activation, tuple[int, int]], list[tuple[int, Network]]] = {}
    for i, source in enumerate(sources):
        network = source.teacher if _is_standard(source) else source
        if isinstance(network, Network) and _is_plain(network):
            groups.setdefault((network.activation, (network.k, network.d)), []).append((i, network))
    for (_, (k, d)), members in groups.items():
        size = k * min(k, d) + k
        step = _TABLES_AT_ONCE * STACK
        if size <= LARGEST:
            yield from (dict(members[start : start + step]) for start in range(0, len(members), step))


def _is_standard(source: Source) -> TypeGuard[Problem]:
    """Whether this is the problem of a teacher that has the teacher's own Hessian."""
    return isinstance(source, Problem) and source.inputs.is_standard and source.trainable is None


def _is_plain(network: Network) -> bool:
    """One output, no biases, and NumPy numbers of double precision, which a tree of other arrays may lack."""
    arrays = (network.W, network.a)
    return (
        network.b is None
        and network.c is None
        and network.a.ndim == 1
        and all(isinstance(array, np.ndarray) and array.dtype == np.float64 for array in arrays)
    )


def _together(networks: dict[int, Network], refine: bool) -> dict[int, Spectrum]:
    """The spectra of networks of one shape, by their index; without those that have to be computed alone."""
    W, a = (np.stack([getattr(network, name) for network in networks.values()]) for name in "Wa")
    activation = next(iter(networks.values())).activation
    stack, kept = stack_hessians(activation, W, a)
    if stack is None:
        return {}
    m, size = stack.small_function_space, stack.layout.size
    blocks = _dense(stack) if m is None else _by_functions(stack, m)
    found = dict(zip(np.array(list(networks))[kept].tolist(), _joined(stack, blocks), strict=True))
    if refine and m is None and has_balls(activation, ("W", "a")) and size <= REFINE_UP_TO:
        unresolved = (i for i, each in found.items() if is_unresolved(each))
        found |= {i: refined(found[i], partial(ball_hessian, networks[i])) for i in unresolved}
    return found


def _by_functions(stack: HessianStack, m: int) -> list[Spectrum]:
    return [of_gram_values(values, m, stack.layout.size) for values in np.linalg.eigvalsh(stack.gram)]


def _dense(stack: HessianStack) -> list[Spectrum]:
    parts = stack.parts(stack.layout.size**2)
    values = np.concatenate([np.linalg.eigvalsh(stack.dense(part)) for part in parts])
    nulls = stack.layout.size - values.shape[1]
    return _of_stack(values, stack.sizes(), nulls)


def _of_stack(values: np.ndarray, sizes: np.ndarray, nulls: int = 0) -> list[Spectrum]:
    """The spectra with these eigenvalues (n, P) of matrices whose terms are of these sizes (n,)."""
    largest = np.maximum(np.abs(values).max(axis=1), sizes)
    errors = backward_error(values.shape[1], largest).tolist()
    return [of_values(each, error, nulls) for each, error in zip(values, errors, strict=True)]


def _joined(stack: HessianStack, blocks: list[Spectrum]) -> list[Spectrum]:
    """The blocks with what repeats itself outside the span of the neurons."""
    k, r = stack.W.shape[1:]
    if r == stack.d:
        return blocks
    copies = _of_stack(np.linalg.eigvalsh(stack.repeated()), stack.repeated_sizes())
    return [
        joined(block, [(each, stack.d - r)], k * stack.d + k)
        for block, each in zip(blocks, copies, strict=True)
    ]
