"""What rounding leaves of the tables of pairs: sizes of their terms, and norms that float64 can square."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tutelage.activations.pair_geometry import MeanMoments, PairMoments
from tutelage.base.errors import InputError
from tutelage.base.rows import lengths

if TYPE_CHECKING:
    from tutelage.activations.base import Activation

SHORTEST = 1e-150
"""Norm below which a kinked activation, whose tables are ratios of norms, has them no more: squares underflow."""


def of_sums(tables: PairMoments) -> PairMoments:
    """Of formulas that do not cancel: the tables themselves."""
    return PairMoments(*(np.abs(table) for table in tables))


def of_derivatives(tables: PairMoments, W: np.ndarray, Z: np.ndarray) -> PairMoments:
    """Of derivatives of the kernel at rounded arguments.

    A change of q_uv by a part of |w||z| changes k_00 by that part of k_11 |w||z|, and so on (Price).
    """
    t, u, v = of_sums(tables), lengths(W), np.swapaxes(lengths(Z), -1, -2)
    return t._replace(
        k00=t.k00 + t.k11 * u * v + t.k20 * u**2 + t.k02 * v**2,
        k11=t.k11 + t.k22 * u * v + t.k31 * u**2 + t.k13 * v**2,
        k20=t.k20 + t.k31 * u * v + t.k40 * u**2 + t.k22 * v**2,
    )


def of_mean_derivatives(
    tables: MeanMoments, W: np.ndarray, Z: np.ndarray, means: tuple[np.ndarray, np.ndarray]
) -> MeanMoments:
    """The same of tables with means, which are rounded as well; never less than the tables themselves."""
    t = MeanMoments(*(np.abs(table) for table in tables))
    plain = of_derivatives(PairMoments(*t[: len(PairMoments._fields)]), W, Z)
    u, v = lengths(W), np.swapaxes(lengths(Z), -1, -2)
    m, n = np.abs(means[0])[..., :, None], np.abs(means[1])[..., None, :]
    return t._replace(
        k00=plain.k00 + t.k10 * m + t.k01 * n,
        k11=plain.k11 + t.k21 * m + t.k12 * n,
        k20=plain.k20 + t.k30 * m + t.k21 * n,
        k10=t.k10 + t.k21 * u * v + t.k30 * u**2 + t.k12 * v**2 + t.k20 * m + t.k11 * n,
        k21=t.k21 + t.k31 * m + t.k22 * n,
        k12=t.k12 + t.k22 * m + t.k13 * n,
        k30=t.k30 + t.k40 * m + t.k31 * n,
    )


def require_lengths(rows: np.ndarray, activation: Activation, who: str) -> None:
    """Refuse neurons (n, d) whose norms leave the range in which their tables are floats."""
    longest, shortest = activation.longest, SHORTEST if activation.kinks else 0.0
    if (
        not shortest and float(np.abs(rows).max()) * rows.shape[-1] <= longest
    ):  # no norm exceeds the sum of a row
        return
    norms = lengths(rows)[:, 0]
    low, high = norms[norms > 0].min(initial=np.inf), norms.max()
    if high > longest or low < shortest:
        kept = f"up to {longest:g}" + (f" and above {shortest:g}" if shortest else "")
        raise InputError(
            f"{who}: expected neurons of norms {kept} under {activation.spec!r}, got norms from {low:.3g} to {high:.3g}, whose "
            "moments leave the range of float64; rescale the weights"
        )
