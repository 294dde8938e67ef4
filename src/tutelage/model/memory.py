"""How much memory a JAX function takes at most, from its trace, before it is compiled."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Var


def live_bytes(closed: ClosedJaxpr) -> float:
    """The largest sum of values alive at once, executed line by line.

    Compilers fuse lines, so that they take less; what is copied for the layout of a matrix product is not seen.
    """
    return _peak(closed.jaxpr)


def _peak(jaxpr: Jaxpr) -> float:
    last = {v: i for i, line in enumerate(jaxpr.eqns) for v in line.invars if not isinstance(v, Literal)}
    last |= dict.fromkeys((v for v in jaxpr.outvars if not isinstance(v, Literal)), len(jaxpr.eqns))
    alive, now, peak = dict[Var, float](), 0.0, 0.0
    for i, line in enumerate(jaxpr.eqns):
        made = {v: _bytes(v) for v in line.outvars if v in last}
        now += sum(made.values())
        alive |= made
        inside = max((_peak(inner) for inner in _inner(line.params)), default=0.0)
        peak = max(peak, now + inside)
        for v in {v for v in line.invars if not isinstance(v, Literal) and last.get(v) == i}:
            now -= alive.pop(v, 0.0)
    return peak


def _bytes(v: Var) -> float:
    shape, dtype = getattr(v.aval, "shape", ()), getattr(v.aval, "dtype", None)
    size = float(np.prod(shape, dtype=float))
    return size * (dtype.itemsize if isinstance(dtype, np.dtype) else 4)


def _inner(params: dict[str, object]) -> Iterator[Jaxpr]:
    """Functions called by a line."""
    for leaf in jax.tree.leaves(list(params.values()), is_leaf=lambda x: isinstance(x, (ClosedJaxpr, Jaxpr))):
        if isinstance(leaf, ClosedJaxpr):
            yield leaf.jaxpr
        elif isinstance(leaf, Jaxpr):
            yield leaf
