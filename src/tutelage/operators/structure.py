"""Structure: what the maker of an operator knows of it beyond its products, as one value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tutelage.layout import Layout
from tutelage.operators.ball import BallHessian
from tutelage.operators.sectors import Sector

if TYPE_CHECKING:
    from tutelage.operators.loss_hessian import LossHessian


class Entries(NamedTuple):
    """How well the entries of a matrix are known.

    ``size`` is the spectral norm of what they are sums of, term by term: rounding is relative to it where it exceeds
    the matrix's own. ``error`` bounds the spectral norm of all other errors, those of a quadrature or of float32.
    ``relative`` is one in units of the matrix's own norm: the precision of products that are not float64.
    """

    size: float = 0.0
    error: float = 0.0
    relative: float = 0.0


@dataclasses.dataclass(frozen=True, eq=False)
class Copies:
    """A small symmetric matrix each of whose eigenvalues the operator has ``multiplicity`` times.

    ``factor``, where there is one, is a G (m, n) with GᵀG = ``matrix`` (n, n) and m < n, which proves zeros. ``frame``,
    ``within`` and ``layer`` say where its vectors live, as :class:`Repeated` has it; ``frame`` is None where it was not
    asked for. ``entries`` are as in :class:`Structure`.
    """

    matrix: np.ndarray
    multiplicity: int
    factor: np.ndarray | None = None
    frame: np.ndarray | None = None
    within: np.ndarray | None = None
    layer: str = "W"
    entries: Callable[[], Entries] = Entries


@dataclasses.dataclass(frozen=True, eq=False)
class Reduction:
    r"""What a symmetry leaves: :math:`\mathrm{spec}(H) = \mathrm{spec}(B) \cup \bigcup \mathrm{spec}(C)^{\times m}`.

    Attributes
    ----------
    block : LossHessian
        B: the operator inside the span of the neurons, of the same kind (science 3a).
    copies : tuple of Copies
        C with m: what repeats itself in every direction outside.
    layout : Layout
        Of the whole operator; the inside is one of its layer ``layer``.
    frame : ndarray, shape (r, d), or None
        Orthonormal rows spanning the inside, where asked for; None too where the inputs are left as they are.
    outputs : ndarray, shape (m, ρ), or None
        Orthonormal columns spanning the read-outs, where they span less than all outputs.
    layer : str
        That of the inputs, whose rows the frame turns.
    """

    block: LossHessian
    copies: tuple[Copies, ...]
    layout: Layout
    frame: np.ndarray | None = None
    outputs: np.ndarray | None = None
    layer: str = "W"


@dataclasses.dataclass(frozen=True, eq=False)
class Factor:
    """F (M, P) with H = FᵀF; M may exceed P.

    ``size`` is M, known before F is made; ``gram`` is F Fᵀ, where the maker knows which of its products are zero.
    """

    size: int
    rows: Callable[[], np.ndarray]
    gram: Callable[[], np.ndarray]


def _unknown(*_: object, **__: object) -> None:
    return None


@dataclasses.dataclass(frozen=True, eq=False)
class Structure:
    """Other ways to the spectrum, each computed when called; by default nothing is known.

    Attributes
    ----------
    reduction : callable
        ``reduction(with_frame=False)``: a Reduction, or None where no symmetry is left to use.
    factor : Factor or None
    null_vectors : callable
        Orthonormal columns (P, m) that a symmetry proves to be null vectors, or None.
    sectors : callable
        Invariant subspaces in closed form, or None.
    balls : callable or None
        ``balls(bits)``: the matrix in ball arithmetic at this working precision.
    quick_balls : bool
        Whether that may be used unasked: tables with means are integrals of balls.
    entries : callable
        How well the entries are known (:class:`Entries`); by default each to rounding.
    """

    reduction: Callable[..., Reduction | None] = _unknown
    factor: Factor | None = None
    null_vectors: Callable[[], np.ndarray | None] = _unknown
    sectors: Callable[[], tuple[Sector, ...] | None] = _unknown
    balls: Callable[[int], BallHessian | None] | None = None
    quick_balls: bool = True
    entries: Callable[[], Entries] = Entries
