"""Recovery curves and maps as labelled datasets: what the command line prints and the studies judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.progress import AskedProgress, as_progress, shares
from tutelage.quadratic.counts import UniqueCounts, unique_counts
from tutelage.quadratic.probability import RecoveryCurve, wilson_interval
from tutelage.quadratic.recovery import Outcomes, recover
from tutelage.quadratic.settings import TARGETS, RecoverySettings
from tutelage.quadratic.teacher import Weights
from tutelage.quadratic.thresholds import (
    critical_samples,
    effective_parameters_frozen,
    statistical_dimension,
)
from tutelage.weights import Normal

if TYPE_CHECKING:
    import xarray as xr

    from tutelage.store import Store

_MEASURED = RecoverySettings(sizes=True)


def curve_dataset(
    d: int,
    width: int,
    samples: Sequence[int],
    instances: int,
    seed: int = 0,
    settings: RecoverySettings = _MEASURED,
    *,
    store: Store | None = None,
    progress: AskedProgress = None,
) -> xr.Dataset:
    """Three curves against n for one (d, m_*): certified uniqueness, size of the set of fits, success of training.

    Parameters
    ----------
    d, width : int
        Dimension and teacher neurons m_*.
    samples : sequence of int
        Sample counts n.
    instances : int
        Instances at each n (the same teachers and nested data at all of them).
    seed, settings, store
        As in :func:`~tutelage.quadratic.recover`.
    progress : callable or True, optional
        Called with the fraction done; True draws a bar.

    Returns
    -------
    xarray.Dataset
        Counts over ``sample``: ``unique`` and ``undecided`` (certificates); ``success`` by ``target``, a bound on E/E(0);
        ``disagreements`` of success with the certificate, by ``target``; ``unfinished`` runs (loss not reached).
        ``unique_low``, ``unique_high``, ``success_low``, ``success_high``: 95 % Wilson intervals.
        ``fits``: mean width of the set of fits, with ``fits_error``. 50 % points with profile intervals: ``unique_half`` and
        ``success_half`` over ``bound`` = low, point, high.

    Examples
    --------
    >>> data = curve_dataset(d=4, width=1, samples=[4, 7, 10], instances=5, settings=RecoverySettings())
    >>> data.unique.values
    array([0, 5, 5])
    """
    import xarray as xr

    who = "curve_dataset"
    progress = as_progress(progress, who)
    samples = [check.integer(n, who, "n") for n in samples]
    if not samples:
        raise InputError(
            f"{who}: expected at least one sample count, got none; pass for example range(10, 30)"
        )
    instances = check.integer(instances, who, "instances")
    outcomes = [
        recover(d, width, n, instances, seed, settings, store=store, progress=share)
        for n, share in zip(samples, shares(progress, len(samples)), strict=True)
    ]
    attrs = _facts(d, width) | {"instances": instances, "seed": seed} | settings.to_dict(d)
    coords = {"sample": samples, "target": list(TARGETS), "bound": ["low", "point", "high"]}
    return xr.Dataset(_curves(outcomes, np.array(samples)), coords=coords, attrs=attrs)


def _curves(outcomes: list[Outcomes], samples: np.ndarray) -> dict[str, Any]:
    """Counts, their intervals and where they cross one half."""
    trials = len(outcomes[0].status)
    unique = np.array([np.sum(o.status == "unique") for o in outcomes])
    success = np.array([[o.successes(t) for t in TARGETS] for o in outcomes])
    table, by_target = ("sample",), ("sample", "target")
    data: dict[str, Any] = {
        "unique": (table, unique),
        "undecided": (table, np.array([np.sum(o.status == "undecided") for o in outcomes])),
        "unfinished": (table, np.array([np.sum(~o.arrived) for o in outcomes])),
        "success": (by_target, success),
        "disagreements": (by_target, np.array([[o.disagreements(t) for t in TARGETS] for o in outcomes])),
        "unique_half": (("bound",), _half(samples, unique, trials)),
        "success_half": (("target", "bound"), np.array([_half(samples, s, trials) for s in success.T])),
    }
    for name, counts, dims in (("unique", unique, table), ("success", success, by_target)):
        low, high = wilson_interval(counts, trials)
        data |= {f"{name}_low": (dims, low), f"{name}_high": (dims, high)}
    if outcomes[0].width is not None:
        # One unbounded set makes the mean infinite, one undecided instance makes it unknown.
        with np.errstate(invalid="ignore"):
            widths = np.array([o.width for o in outcomes])
            data["fits"] = (table, widths.mean(axis=1))
            data["fits_error"] = (table, widths.std(axis=1) / np.sqrt(trials))
    return data


def _half(samples: np.ndarray, successes: np.ndarray, trials: int) -> np.ndarray:
    """Low end, 50 % point, high end."""
    curve = RecoveryCurve("", samples, successes, trials)
    low, high = curve.half_interval
    return np.array([low, curve.half_point, high])


def map_dataset(
    d: int,
    widths: Sequence[int],
    instances: int,
    seed: int = 0,
    weights: Weights = Normal(),  # noqa: B008  (a frozen value)
    *,
    store: Store | None = None,
    progress: AskedProgress = None,
) -> xr.Dataset:
    """Certified recovery at every n for several teacher widths: the smallest unique n of every realization.

    Variables over ``width``: ``counts`` (by realization), ``half_point`` with its bootstrap error ``half_point_error``,
    ``n_c``, ``n_eff``, ``delta``, ``undecided``; ``unique`` and its Wilson interval by ``sample`` = 1, ..., d(d+1)/2.

    Examples
    --------
    >>> map_dataset(d=4, widths=[3, 4], instances=5).half_point.values
    array([9.5, 9.5])
    """
    import xarray as xr

    progress = as_progress(progress, "map_dataset")
    who = "map_dataset"
    d, instances = check.integer(d, who, "d"), check.integer(instances, who, "instances")
    widths = [check.integer(m, who, "teacher width") for m in widths]
    found = [
        unique_counts(d, m, instances, seed, weights, store=store, progress=share)
        for m, share in zip(widths, shares(progress, len(widths)), strict=True)
    ]
    samples = np.arange(1, d * (d + 1) // 2 + 1)
    return xr.Dataset(
        _map_variables(found, samples),
        coords={"width": widths, "sample": samples},
        attrs={"d": d, "instances": instances, "seed": seed},
    )


def _map_variables(found: list[UniqueCounts], samples: np.ndarray) -> dict[str, Any]:
    facts = [_facts(f.d, f.width) for f in found]
    unique = np.array([f.curve(samples).successes for f in found])
    low, high = wilson_interval(unique, len(found[0].counts))
    return {
        "counts": (("width", "realization"), np.array([f.counts for f in found])),
        "unique": (("width", "sample"), unique),
        "unique_low": (("width", "sample"), low),
        "unique_high": (("width", "sample"), high),
        "half_point": ("width", [f.half_point for f in found]),
        "half_point_error": ("width", [f.half_point_error() for f in found]),
        "undecided": ("width", [f.undecided for f in found]),
        **{name: ("width", [f[name] for f in facts]) for name in ("n_c", "n_eff", "delta")},
    }


def full_map_dataset(
    d: int,
    widths: Sequence[int],
    samples: Sequence[int],
    instances: int,
    seed: int = 0,
    settings: RecoverySettings = _MEASURED,
    *,
    store: Store | None = None,
    progress: AskedProgress = None,
) -> xr.Dataset:
    """All three curves over (m_*, n/d): the variables of :func:`curve_dataset` with the dimension ``width`` added.

    ``ratio`` = n/d stands beside ``sample``; the certified map at every n and its 50 % points come from :func:`map_dataset`.

    Examples
    --------
    >>> data = full_map_dataset(d=4, widths=[1, 4], samples=[5, 10], instances=4)
    >>> data.unique.sel(width=4).values, data.success.dims
    (array([0, 4]), ('width', 'sample', 'target'))
    """
    import xarray as xr

    progress = as_progress(progress, "full_map_dataset")
    if not len(widths):
        raise InputError("full_map_dataset: expected at least one width, got none; pass for example [1, 4]")
    curves = [
        curve_dataset(d, m, samples, instances, seed, settings, store=store, progress=share)
        for m, share in zip(widths, shares(progress, len(widths)), strict=True)
    ]
    joined = xr.concat(curves, dim="width", combine_attrs="drop_conflicts", join="exact")
    facts = [_facts(d, m) for m in widths]
    counts = {name: ("width", [f[name] for f in facts]) for name in ("n_c", "n_eff", "delta")}
    return joined.assign(counts).assign_coords(width=list(widths), ratio=("sample", np.array(samples) / d))


def _facts(d: int, width: int) -> dict[str, Any]:
    return {
        "d": d,
        "teacher_width": width,
        "n_c": critical_samples(d, width),
        "n_eff": effective_parameters_frozen(d, width),
        "delta": statistical_dimension(d, width).value,
    }
