"""How many samples a student of a given width needs: measured 50 % points beside the statistical dimension."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.base import check
from tutelage.base.progress import AskedProgress, as_progress, tracked
from tutelage.quadratic.chunks import CHUNK, Arrays, in_chunks
from tutelage.quadratic.counts import require_budget, sample_instances
from tutelage.quadratic.probability import RecoveryCurve, wilson_interval
from tutelage.quadratic.solver import minimise_together
from tutelage.quadratic.teacher import Weights, matrix_of, sample_start
from tutelage.quadratic.thresholds import (
    StatisticalDimension,
    critical_samples,
    effective_parameters_frozen,
    statistical_dimension,
)
from tutelage.weights import Normal, as_weight_law

if TYPE_CHECKING:
    import xarray as xr

    from tutelage.store import Store

# Relative training loss above which a run is stuck in a local minimum: those of (20, 5) end at 1e-7 and more, runs that are
# only slow at 1e-10 and less.
_STUCK = 1e-9
# Spacing of the sample counts, relative to the prediction: recovery goes from 0.1 to 0.9 within about 10 %.
_SPACING = 0.03


def width_thresholds(
    d: int,
    width: int,
    student_widths: Sequence[int],
    instances: int = 40,
    seed: int = 0,
    starts: int = 3,
    error: float = 1e-4,
    weights: Weights = Normal(),  # noqa: B008  (a frozen value)
    *,
    store: Store | None = None,
    progress: AskedProgress = None,
) -> xr.Dataset:
    """For each student width the sample count at which half of the instances are recovered, beside δ(d, m_*, w).

    Sample counts go outwards from the prediction in steps of 3 % until the 95 % intervals at both ends exclude one half;
    teachers, nested data and starts are the same at all counts and widths. Training is L-BFGS on the weights.

    Parameters
    ----------
    d, width : int
        Dimension and teacher neurons m_*.
    student_widths : sequence of int
        w >= min(m_*, d).
    instances : int
        Teachers at each sample count.
    starts : int
        Random starts of an instance; one after another while training ends in a local minimum.
    error : float
        Generalisation error E/E(0) that counts as recovered (1e-4: about 1 % of A_*).
    weights, store, progress
        As in :func:`~tutelage.quadratic.recover`; a width is one part of the progress.

    Returns
    -------
    xarray.Dataset
        Over ``student_width``: ``half_point`` with its profile interval ``half_low``, ``half_high``; ``delta`` with the
        standard error ``delta_error`` of the prediction. ``samples`` and ``successes`` by ``point``, −1 where there is none.
        n_c, N_eff and δ of a wide student (`delta_wide`) as attributes.

    Examples
    --------
    >>> data = width_thresholds(d=5, width=2, student_widths=[2], instances=4)
    >>> float(data.delta[0]), int(data.n_c), bool(data.half_low[0] <= data.half_point[0] <= data.half_high[0])
    (9.0, 12, True)
    """
    import xarray as xr

    progress = as_progress(progress, "width_thresholds")
    who = "width_thresholds"
    d, width = check.integer(d, who, "d"), check.integer(width, who, "width")
    instances, starts = check.integer(instances, who, "instances"), check.integer(starts, who, "starts")
    error = check.number(error, who, "error", above=0.0)
    rank = min(width, d)
    widths = [check.integer(w, who, "student width", minimum=rank) for w in student_widths]
    require_budget(who, instances, "instances", CHUNK, d, max(width, *widths), d)
    setting = {"d": d, "width": width, "seed": seed, "starts": starts, "weights": as_weight_law(weights).spec}
    curves, predictions = [], []
    for w in tracked(widths, progress):
        predictions.append(statistical_dimension(d, rank, student_width=w))
        curves.append(
            _curve(
                lambda counts, w=w: [
                    found <= error
                    for found in _errors(setting | {"student_width": w}, counts, instances, weights, store)
                ],
                round(predictions[-1].value),
            )
        )
    facts = {
        "n_c": critical_samples(d, width),
        "n_eff": effective_parameters_frozen(d, width),
        "delta_wide": statistical_dimension(d, rank).value,
    }
    return xr.Dataset(
        _variables(curves, predictions),
        coords={"student_width": widths},
        attrs=setting | facts | {"instances": instances, "error": error},
    )


def _curve(recovered: Callable[[Sequence[int]], list[np.ndarray]], centre: int) -> RecoveryCurve:
    """Sample counts outwards from the prediction until both ends are clear of one half."""
    step = max(round(_SPACING * centre), 1)
    below = max(centre - step, 1)
    # The neighbours are nearly always asked for, and three counts in step take little longer than one.
    nearest = list(dict.fromkeys((centre, below, centre + step)))
    known = dict(zip(nearest, recovered(nearest), strict=True))

    def at(n: int) -> np.ndarray:
        return known[n] if n in known else recovered([n])[0]

    counts = {centre: at(centre)}
    trials = len(counts[centre])
    while wilson_interval(counts[low := min(counts)].sum(), trials)[1] >= 0.5 and low > 1:
        counts[max(low - step, 1)] = at(max(low - step, 1))
    while wilson_interval(counts[high := max(counts)].sum(), trials)[0] <= 0.5:
        counts[high + step] = at(high + step)
    samples = np.array(sorted(counts))
    return RecoveryCurve("recovered", samples, np.array([counts[n].sum() for n in samples]), trials)


def _errors(
    parameters: dict[str, Any], counts: Sequence[int], instances: int, weights: Weights, store: Store | None
) -> list[np.ndarray]:
    """Generalisation error E/E(0) of each instance after training, for each number of samples."""
    p = parameters

    @functools.cache
    def together(block: range) -> dict[int, Arrays]:
        data = {n: sample_instances(p["d"], p["width"], n, block, p["seed"], weights) for n in counts}
        loss, found = ({n: np.full(len(block), np.inf) for n in counts} for _ in range(2))
        for attempt in range(p["starts"]):
            stuck = {n: rows for n in counts if (rows := np.flatnonzero(loss[n] > _STUCK)).size}
            if not stuck:
                break
            starts = {
                i: sample_start(p["student_width"], p["d"], p["seed"], block[i], attempt=attempt)
                for i in np.unique(np.concatenate(list(stuck.values())))
            }
            runs = minimise_together([
                (data[n][0][rows], data[n][1][rows], matrix_of(np.array([starts[i] for i in rows])))
                for n, rows in stuck.items()
            ])  # fmt: skip
            for (n, rows), run in zip(stuck.items(), runs, strict=True):
                better = run.loss < loss[n][rows]
                loss[n][rows[better]], found[n][rows[better]] = run.loss[better], run.error[better]
        return {n: {"error": found[n], "loss": loss[n]} for n in counts}

    return [
        in_chunks(lambda block, n=n: together(block)[n], instances, "quadratic-width", p | {"n": n}, store)[
            "error"
        ]
        for n in counts
    ]


def _variables(
    curves: list[RecoveryCurve], predictions: list[StatisticalDimension]
) -> dict[str, tuple[object, object]]:
    longest = max(len(c.samples) for c in curves)
    padded = lambda values: np.pad(values, (0, longest - len(values)), constant_values=-1)  # noqa: E731
    return {
        "half_point": ("student_width", [c.half_point for c in curves]),
        "half_low": ("student_width", [c.half_interval[0] for c in curves]),
        "half_high": ("student_width", [c.half_interval[1] for c in curves]),
        "delta": ("student_width", [p.value for p in predictions]),
        "delta_error": ("student_width", [p.error for p in predictions]),
        "samples": (("student_width", "point"), [padded(c.samples) for c in curves]),
        "successes": (("student_width", "point"), [padded(c.successes) for c in curves]),
    }
