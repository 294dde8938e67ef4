"""Spectra of many networks: those of one shape by one batch of tables, one of matrices and one of LAPACK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tutelage.activations import Activation
from tutelage.base import check
from tutelage.moments import STACK
from tutelage.network import Network
from tutelage.source import Source
from tutelage.spectra.result import Spectrum
from tutelage.spectra.solve import METHODS, spectrum
from tutelage.spectra.stacked import LARGEST, block_size, stackable_network, stacked_spectra

_TABLES_AT_ONCE = 4
"""Calls whose tables are kept together: 8 (n, k, k) arrays, 13 with biases."""


def spectrum_many(sources: Iterable[Source], method: str = "auto", *, refine: bool = True) -> list[Spectrum]:
    r"""``[spectrum(source) for source in sources]``, several times faster for many small networks of one shape.

    Networks of one activation and shape with one output, all with the same biases or none, are one batched computation: tables
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
    return found.named(source) if isinstance(source, Network) else found


def _alike(sources: Sequence[Source]) -> Iterator[dict[int, Network]]:
    """Networks of one activation and layers of one shape, by their index, in parts whose tables are small."""
    groups: dict[tuple[Activation, frozenset], list[tuple[int, Network]]] = {}
    for i, source in enumerate(sources):
        network = stackable_network(source)
        if network is not None:
            shapes = frozenset((name, layer.shape) for name, layer in network.layers.items())
            groups.setdefault((network.activation, shapes), []).append((i, network))
    step = _TABLES_AT_ONCE * STACK
    for members in groups.values():
        if block_size(members[0][1]) <= LARGEST:
            yield from (dict(members[start : start + step]) for start in range(0, len(members), step))


def _together(networks: dict[int, Network], refine: bool) -> dict[int, Spectrum]:
    """The spectra of networks of one shape, by their index; without those that have to be computed alone."""
    found = stacked_spectra(list(networks.values()), refine)
    return {i: each for i, each in zip(networks, found, strict=True) if each is not None}
