r"""How large the terms are that entries of a Hessian are sums of: rounding, and errors of tables, follow from it.

Block (i, j) of the outer part is a sum of :math:`a_ia_jk_{11}I`, :math:`a_ia_jk_{31}w_iw_i^T`, ...: its rounding is a
small part of the largest, which at long neurons exceeds the sum by far.
"""

from __future__ import annotations

import numpy as np

from tutelage.base.rows import lengths
from tutelage.layout import Layout
from tutelage.moments import PairMoments
from tutelage.population.functional import FunctionalPart
from tutelage.population.pairs import PlaneBlocks


def outer_size(
    W: np.ndarray, a: np.ndarray, t: PairMoments, layout: Layout, plane: PlaneBlocks | None
) -> float:
    """Bound on the spectral norm of the outer part, every term replaced by its norm; of errors, given their tables."""
    u, v, b = lengths(W), lengths(W).T, np.abs(a)
    k00, k11, k20, k22, k31, k13 = (np.abs(x) for x in (t.k00, t.k11, t.k20, t.k22, t.k31, t.k13))
    weights = np.outer(b, b) * (k11 + k31 * u**2 + 2 * k22 * u * v + k13 * v**2)
    if plane is not None:
        np.add.at(weights, (plane.i, plane.j), np.abs(plane.c).sum(axis=1))
    mixed = b[:, None] * (k20 * u + k11 * v)
    has_weights, has_read_out = "W" in layout.trained, "a" in layout.trained
    blocks = [
        weights if has_weights else 0.0,
        mixed if has_weights and has_read_out else 0.0,
        mixed if has_weights and has_read_out else 0.0,
        k00 if has_read_out else 0.0,
    ]
    return norm(np.array([norm(np.asarray(block)) for block in blocks]))


def functional_size(W: np.ndarray, part: FunctionalPart) -> float:
    """The same of the functional part, whose blocks (w_i, w_i) and (w_i, a_i) stand alone in their rows."""
    u, v = lengths(W)[:, 0], lengths(part.Z)[:, 0]
    cross, source, mixed = np.abs(part.cross) @ v, np.abs(part.source) @ v**2, np.abs(part.mixed) @ v
    own = np.abs(part.identity) + np.abs(part.square) * u**2 + 2 * cross * u + source
    if part.plane is not None:
        np.add.at(own, part.plane.i, np.abs(part.plane.c).sum(axis=1))
    return float((own + np.abs(part.own) * u + mixed).max())


def norm(array: np.ndarray) -> float:
    """Frobenius norm, safe against squares that overflow."""
    largest = float(np.abs(array).max(initial=0.0))
    return largest * float(np.linalg.norm(array / largest)) if 0 < largest < np.inf else largest
