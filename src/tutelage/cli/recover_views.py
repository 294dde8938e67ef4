"""What `tutelage recover` computes and prints: one instance, a curve, the maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tutelage.cli.support import fraction_bars, print_table, save_figure, say, write_json
from tutelage.quadratic.counts import require_budget, sample_instances
from tutelage.quadratic.datasets import curve_dataset, full_map_dataset, map_dataset
from tutelage.quadratic.feasible import FeasibleSize, feasible_sizes
from tutelage.quadratic.settings import TARGETS, RecoverySettings
from tutelage.quadratic.solver import Minimised, minimise
from tutelage.quadratic.teacher import matrix_of, sample_start
from tutelage.quadratic.thresholds import critical_samples, effective_parameters_frozen, statistical_dimension
from tutelage.quadratic.uniqueness import UniquenessCertificate, certify_batch
from tutelage.quadratic.widths import width_thresholds
from tutelage.store import Store


def show_instance(
    d: int, width: int, n: int, seed: int, starts: int, settings: RecoverySettings, json: Path | None
) -> None:
    """Certificate, size of the set of fits, and training from several starts, of one instance."""
    require_budget("recover", starts, "starts", starts, d, max(width, settings.width(d)), n)
    A, X = sample_instances(d, width, n, [0], seed, settings.weights)
    certificates = certify_batch(A, X)
    size = feasible_sizes(A, X, 8, seed, certificates)[0]
    begin = np.array([matrix_of(sample_start(settings.width(d), d, seed, i)) for i in range(starts)])
    A, X = np.repeat(A, starts, axis=0), np.repeat(X, starts, axis=0)
    run = minimise(A, X, begin, settings.method, settings.training_loss, settings.max_steps)
    result = _instance_result(d, width, n, certificates[0], size, run)
    result |= {"seed": seed, **settings.to_dict(d)}
    if json is not None:
        write_json(json, result)
    if str(json) != "-":
        title = f"d = {d}, m* = {width}, n = {n}, seed {seed}"
        print_table(title, ("quantity", "value"), _instance_rows(result, settings))


def _instance_result(
    d: int, width: int, n: int, certificate: UniquenessCertificate, size: FeasibleSize, run: Minimised
) -> dict[str, Any]:
    unique = certificate.status == "unique"
    return {
        "d": d, "teacher_width": width, "n": n,
        "status": certificate.status, "margin": certificate.margin, "reason": certificate.reason,
        "free_dimensions": certificate.n_free,
        "fits_width": size.width, "fits_trace": size.trace, "error_at_centre": size.error_at_centre,
        "loss": run.loss, "error": run.error, "steps": run.steps, "arrived": run.arrived,
        "disagreements": int(np.sum((run.error <= 1e-4) != unique)),
        "n_c": critical_samples(d, width), "n_eff": effective_parameters_frozen(d, width),
        "statistical_dimension": statistical_dimension(d, width).value,
    }  # fmt: skip


def _instance_rows(result: dict[str, Any], settings: RecoverySettings) -> list[tuple[str, Any]]:
    low, high = result["fits_trace"]
    starts, disagree = len(result["loss"]), result["disagreements"]
    unbounded = "unbounded above" if not np.isfinite(high) else f"{low:.4g} ... {high:.4g}"
    verdict = "agree" if disagree == 0 else f"DISAGREE for {disagree} of {starts} starts at error 1e-4"
    return [
        ("certificate", f"{result['status']} ({result['reason']}; margin {result['margin']:.2g})"),
        ("free dimensions", result["free_dimensions"]),
        ("width of the set of fits / |A*|", result["fits_width"]),
        ("trace of the fits / tr A*", unbounded),
        ("training", f"{settings}"),
        (f"training loss E_n / E_n(0), {starts} starts", _listed(result["loss"])),
        (f"generalisation error E / E(0), {starts} starts", _listed(result["error"])),
        ("reached the training loss", f"{int(np.sum(result['arrived']))} of {starts}"),
        ("certificate and training", verdict),
        (
            "n_c, N_eff, statistical dimension",
            f"{result['n_c']}, {result['n_eff']}, {result['statistical_dimension']:.1f}",
        ),
    ]


def _listed(values: np.ndarray) -> str:
    return ", ".join(f"{v:.2g}" for v in values)


def show_curve(
    d: int, width: int, samples: list[int], instances: int, seed: int, settings: RecoverySettings,
    store: Store | None, json: Path | None, plot: Path | None,
) -> None:  # fmt: skip
    """Recovery against n."""
    with fraction_bars() as bars:
        report = bars("recovery curve")
        data = curve_dataset(d, width, samples, instances, seed, settings, store=store, progress=report)
    if _kept_silently(data, json, plot, "recovery_curves"):
        return
    share = lambda name: data[name].values / instances  # noqa: E731
    unique, success = share("unique"), share("success")
    rows = [
        (
            n,
            _with_interval(unique[i], data.unique_low.values[i], data.unique_high.values[i]),
            *(
                _with_interval(success[i, j], data.success_low.values[i, j], data.success_high.values[i, j])
                for j in range(len(TARGETS))
            ),
            data.fits.values[i],
            int(data.disagreements.values[i, -1]),
            int(data.unfinished.values[i]),
        )
        for i, n in enumerate(samples)
    ]
    halves = [data.unique_half.values, *data.success_half.values]
    rows.append(("50 % at", *(_half(h) for h in halves), "", "", ""))
    columns = (
        "n",
        "certified",
        *(f"error <= {t:g}" for t in TARGETS),
        "width of fits",
        "disagree",
        "unfinished",
    )
    print_table(
        f"d = {d}, m* = {width}: {instances} instances per n, 95 % intervals; {settings}; "
        f"n_c = {data.n_c}, statistical dimension {data.delta:.1f}; disagree: success at 1e-4 against the certificate",
        columns,
        rows,
        ("unfinished", "width of fits", "disagree"),
    )


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{value:.2f} ({low:.2f}-{high:.2f})"


def _half(bounds: np.ndarray) -> str:
    low, point, high = ("?" if np.isnan(v) else f"{v:.1f}" for v in bounds)
    return f"{point} ({low}-{high})"


def show_map(
    d: int, largest: int, samples: list[int], instances: int, seed: int, settings: RecoverySettings,
    store: Store | None, json: Path | None, plot: Path | None,
) -> None:  # fmt: skip
    """The three quantities over (m_*, n/d), one table each."""
    widths = range(1, largest + 1)
    with fraction_bars() as bars:
        report = bars("recovery map")
        data = full_map_dataset(d, widths, samples, instances, seed, settings, store=store, progress=report)
    if _kept_silently(data, json, plot, "recovery_map"):
        return
    columns = ("n", "n/d", *(f"m* = {m}" for m in widths))
    tables = {
        "certified unique": data.unique / instances,
        "mean width of the set of fits / |A*|": data.fits,
        **{f"training within error {t:g}": data.success.sel(target=t) / instances for t in TARGETS},
    }
    say(f"d = {d}: {instances} instances each; {settings}")
    for title, table in tables.items():
        values = table.transpose("sample", "width").values
        rows = [(n, n / d, *(float(v) for v in row)) for n, row in zip(samples, values, strict=True)]
        print_table(title, columns, rows)
    say(
        f"training and certificate disagree at 1e-4 in {int(data.disagreements.sel(target=1e-4).sum())} of "
        f"{instances * len(samples) * largest} instances; {int(data.unfinished.sum())} runs unfinished, "
        f"{int(data.undecided.sum())} certificates undecided"
    )


def show_certified_map(
    d: int,
    largest: int,
    instances: int,
    seed: int,
    settings: RecoverySettings,
    store: Store | None,
    json: Path | None,
    plot: Path | None,
) -> None:
    """Certified recovery alone, at every n: 50 % points with their errors."""
    widths, report = range(1, largest + 1), "certified map"
    with fraction_bars() as bars:
        data = map_dataset(
            d, widths, instances, seed, settings.weights, store=store, progress=bars(report)
        ).assign_attrs(weights=settings.to_dict(d)["weights"])
    if _kept_silently(data, json, plot, "recovery_map"):
        return
    rows = [
        (
            int(row.width),
            f"{float(row.half_point):.2f}",
            f"{float(row.half_point_error):.2f}",
            int(row.n_c),
            float(row.delta),
            float(row.half_point / d),
            int(row.undecided),
        )
        for row in (data.isel(width=i) for i in range(data.sizes["width"]))
    ]
    columns = ("m*", "certified 50 % point", "s.e.", "n_c", "statistical dimension", "50 % / d", "undecided")
    print_table(f"d = {d}: {instances} instances per width", columns, rows, ("50 % / d", "s.e.", "n_c"))


def show_widths(
    d: int, width: int, students: list[int], instances: int, seed: int, starts: int, settings: RecoverySettings,
    store: Store | None, json: Path | None,
) -> None:  # fmt: skip
    """The 50 % point of each student width beside its prediction."""
    with fraction_bars() as bars:
        report, law = bars("student widths"), settings.weights
        data = width_thresholds(
            d, width, students, instances, seed, starts, weights=law, store=store, progress=report
        )
    if _kept_silently(data, json, None, ""):
        return
    halves = np.stack([data.half_low, data.half_point, data.half_high], axis=1)
    rows = [
        (
            w,
            _half(halves[i]),
            f"{float(data.delta[i]):.1f}",
            f"{float(halves[i, 1] / data.delta[i] - 1):+.1%}",
        )
        for i, w in enumerate(students)
    ]
    columns = ("student width", "50 % at n", "predicted", "off by")
    print_table(
        f"d = {d}, m* = {width}: {instances} instances, up to {starts} starts each; "
        f"n_c = {data.n_c}, N_eff = {data.n_eff}; predicted: statistical dimension, {data.delta_wide:.1f} for a wide student",
        columns,
        rows,
        ("off by",),
    )


def _kept_silently(data: xr.Dataset, json: Path | None, plot: Path | None, figure: str) -> bool:
    """Write the dataset as JSON and as a figure, where asked for; true when standard output belongs to the JSON."""
    if json is not None:
        names = {
            "sample": "samples",
            "target": "targets",
            "width": "teacher_widths",
            "bound": "bounds",
            "student_width": "student_widths",
        }
        coordinates = {names[str(c)]: data[c].values for c in data.coords if str(c) in names}
        content = {str(name): data[name].values for name in data.data_vars}
        write_json(json, dict(data.attrs) | coordinates | content)
    if plot is not None:
        from tutelage.studies.recovery_curves import figure as curves
        from tutelage.studies.recovery_map import figure as plane

        save_figure({"recovery_curves": curves, "recovery_map": plane}[figure].draw(data), plot)
    return str(json) == "-"
