"""Recovery curves and maps as labelled datasets: what the command line prints and the studies judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage import check
from tutelage.errors import InputError
from tutelage.quadratic.batch import Progress
from tutelage.quadratic.recovery import TOLERANCES, recover, unique_counts
from tutelage.quadratic.solver import Method
from tutelage.quadratic.thresholds import (
    critical_samples,
    effective_parameters_frozen,
    statistical_dimension,
)

if TYPE_CHECKING:
    import xarray as xr


def curve_dataset(
    d: int,
    width: int,
    samples: Sequence[int],
    instances: int,
    seed: int = 0,
    method: Method = "descent_then_gauss_newton",
    student_width: int | None = None,
    sizes: bool = True,
    weights: Any = None,
    store: Any = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Three curves against n for one (d, m_*).

    Variables over ``sample``: ``unique`` and ``undecided`` (certificates), ``success`` (by ``target``, a bound on
    E/E(0)), ``zero_loss``, ``disagreements`` (success at 1e-4 against the certificate), ``width`` and its standard error.
    """
    import xarray as xr

    samples = [check.integer(n, "curve_dataset", "n") for n in samples]
    if not samples:
        raise InputError(
            "curve_dataset: expected at least one sample count, got none; pass for example range(10, 30)"
        )
    rows = []
    for i, n in enumerate(samples):
        rows.append(_row(d, width, n, instances, seed, method, student_width, sizes, weights, store))
        if progress is not None:
            progress(i + 1, len(samples))
    names = rows[0]
    data = {
        name: (
            ("sample", "target") if name == "success" else ("sample",),
            np.array([r[name] for r in rows]),
        )
        for name in names
    }
    attrs = _facts(d, width) | {"instances": instances, "seed": seed, "method": method}
    return xr.Dataset(data, coords={"sample": samples, "target": list(TOLERANCES)}, attrs=attrs)


def _row(
    d: int,
    width: int,
    n: int,
    instances: int,
    seed: int,
    method: Method,
    m: int | None,
    sizes: bool,
    weights: Any,
    store: Any,
) -> dict[str, Any]:
    """One sample count; kept in the store under everything it depends on."""
    if store is not None:
        return _stored_row(
            store,
            d=d,
            width=width,
            n=n,
            instances=instances,
            seed=seed,
            method=method,
            m=m,
            sizes=sizes,
            weights=weights,
        )
    outcome = recover(d, width, n, instances, seed, method, m, sizes, weights)
    row: dict[str, Any] = {
        "unique": int(np.sum(outcome.status == "unique")),
        "undecided": int(np.sum(outcome.status == "undecided")),
        "success": [int(np.sum(outcome.error <= t)) for t in TOLERANCES],
        "zero_loss": int(np.sum(outcome.loss <= 1e-12)),
        "disagreements": outcome.disagreements(),
    }
    if outcome.width is not None:
        finite = outcome.width[np.isfinite(outcome.width)]
        whole = len(finite) == len(outcome.width)
        row["width"] = float(finite.mean()) if whole else float("inf")
        row["width_error"] = float(finite.std() / np.sqrt(len(finite))) if whole else float("nan")
    return row


def _stored_row(store: Any, **arguments: Any) -> dict[str, Any]:
    import xarray as xr

    from tutelage.store import code_version, dataset_key
    from tutelage.weights import Normal, as_weight_law

    law = as_weight_law(Normal() if arguments["weights"] is None else arguments["weights"])
    code = code_version(("tutelage.quadratic", "tutelage.network", "tutelage.weights"))
    key = dataset_key("quadratic-recovery", arguments | {"weights": law.spec}, code)
    found = store.get(key)
    if found is None:
        row = _row(**arguments, store=None)
        found = xr.Dataset(
            {name: (("target",) if name == "success" else (), value) for name, value in row.items()}
        )
        store.put(key, found)
    return {name: value.values.tolist() for name, value in found.data_vars.items()}


def map_dataset(
    d: int,
    widths: Sequence[int],
    instances: int,
    seed: int = 0,
    weights: Any = None,
    store: Any = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Certified recovery against (m_*, n/d): the smallest unique n of every realization and its summary.

    Variables over ``width``: ``counts`` (by realization), ``half_point`` with ``half_point_error``, ``n_c``, ``n_eff``,
    ``delta``, ``undecided``.
    """
    import xarray as xr

    widths = [check.integer(m, "map_dataset", "teacher width") for m in widths]
    found = []
    for i, m in enumerate(widths):
        found.append(unique_counts(d, m, instances, seed, weights, store))
        if progress is not None:
            progress(i + 1, len(widths))
    facts = [_facts(d, m) for m in widths]
    return xr.Dataset(
        {
            "counts": (("width", "realization"), np.array([f.counts for f in found])),
            "half_point": ("width", [f.half_point for f in found]),
            "half_point_error": ("width", [f.half_point_error() for f in found]),
            "undecided": ("width", [f.undecided for f in found]),
            **{name: ("width", [f[name] for f in facts]) for name in ("n_c", "n_eff", "delta")},
        },
        coords={"width": widths},
        attrs={"d": d, "instances": instances, "seed": seed},
    )


def _facts(d: int, width: int) -> dict[str, Any]:
    return {
        "d": d,
        "teacher_width": width,
        "n_c": critical_samples(d, width),
        "n_eff": effective_parameters_frozen(d, width),
        "delta": statistical_dimension(d, width).value,
    }
