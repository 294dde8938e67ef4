"""A Hessian in ball arithmetic: the exact matrix of float64 weights, enclosed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import flint


class BallHessian(NamedTuple):
    """``spec(H) = spec(block)`` together with ``spec(repeated)``, the latter ``multiplicity`` times (science 3a).

    ``repeated`` is None, with multiplicity 0, where the symmetry leaves nothing.
    """

    block: flint.arb_mat
    repeated: flint.arb_mat | None
    multiplicity: int
