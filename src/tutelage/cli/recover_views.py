"""What `tutelage recover` computes and prints: one instance, a curve, the maps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tutelage.cli.support import print_table, progress_bar, save_figure, say, write_json
from tutelage.quadratic.batch import Progress
from tutelage.quadratic.counts import sample_instances
from tutelage.quadratic.datasets import curve_dataset, full_map_dataset, map_dataset
from tutelage.quadratic.feasible import FeasibleSize, feasible_sizes
from tutelage.quadratic.recovery import TOLERANCES
from tutelage.quadratic.solver import Method, Minimised, minimise
from tutelage.quadratic.teacher import matrix_of, sample_start
from tutelage.quadratic.thresholds import critical_samples, effective_parameters_frozen, statistical_dimension
from tutelage.quadratic.uniqueness import Certificate, certify_batch
from tutelage.quadratic.widths import width_thresholds


@dataclasses.dataclass(frozen=True)
class Training:
    """How the student is trained: method, width m, relative training loss to stop at, steps allowed."""

    method: Method
    student_width: int
    loss: float
    max_steps: int

    def arguments(self) -> dict[str, Any]:
        """As keyword arguments of the functions of :mod:`tutelage.quadratic`."""
        return {
            "method": self.method,
            "student_width": self.student_width,
            "tolerance": self.loss,
            "max_steps": self.max_steps,
        }

    def __str__(self) -> str:
        return f"{self.method}, m = {self.student_width}, to relative training loss {self.loss:g}"


def show_instance(
    d: int, width: int, n: int, seed: int, starts: int, training: Training, law: Any, json: Path | None
) -> None:
    """Certificate, size of the set of fits, and training from several starts, of one instance."""
    A, X = sample_instances(d, width, n, [0], seed, law)
    certificates = certify_batch(A, X)
    size = feasible_sizes(A, X, 8, seed, certificates)[0]
    begin = np.array([matrix_of(sample_start(training.student_width, d, seed, i)) for i in range(starts)])
    run = minimise(
        np.repeat(A, starts, axis=0), np.repeat(X, starts, axis=0), begin, training.method, training.loss, training.max_steps
    )  # fmt: skip
    result = _instance_result(d, width, n, certificates[0], size, run)
    result |= {"seed": seed, "weights": law.spec, **training.arguments()}
    if json is not None:
        write_json(json, result)
    if str(json) != "-":
        title = f"d = {d}, m* = {width}, n = {n}, seed {seed}"
        print_table(title, ("quantity", "value"), _instance_rows(result, training))


def _instance_result(
    d: int, width: int, n: int, certificate: Certificate, size: FeasibleSize, run: Minimised
) -> dict[str, Any]:
    unique = certificate.status == "unique"
    return {
        "d": d, "teacher_width": width, "n": n,
        "status": certificate.status, "margin": certificate.margin, "reason": certificate.reason,
        "free_dimensions": certificate.n_free,
        "fits_width": size.width, "fits_trace": size.trace, "error_at_centre": size.error_at_centre,
        "loss": run.loss, "error": run.error, "steps": run.steps, "arrived": run.converged,
        "disagreements": int(np.sum((run.error <= 1e-4) != unique)),
        "n_c": critical_samples(d, width), "n_eff": effective_parameters_frozen(d, width),
        "statistical_dimension": statistical_dimension(d, width).value,
    }  # fmt: skip


def _instance_rows(result: dict[str, Any], training: Training) -> list[tuple[str, Any]]:
    low, high = result["fits_trace"]
    starts, disagree = len(result["loss"]), result["disagreements"]
    unbounded = "unbounded above" if not np.isfinite(high) else f"{low:.4g} ... {high:.4g}"
    verdict = "agree" if disagree == 0 else f"DISAGREE for {disagree} of {starts} starts at error 1e-4"
    return [
        ("certificate", f"{result['status']} ({result['reason']}; margin {result['margin']:.2g})"),
        ("free dimensions", result["free_dimensions"]),
        ("width of the set of fits / |A*|", result["fits_width"]),
        ("trace of the fits / tr A*", unbounded),
        ("training", f"{training}"),
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
    d: int, width: int, samples: list[int], instances: int, seed: int, training: Training, law: Any,
    store: Any, json: Path | None, plot: Path | None,
) -> None:  # fmt: skip
    """Recovery against n."""
    with _bar("recovery curve") as report:
        data = curve_dataset(
            d, width, samples, instances, seed, weights=law, store=store, progress=report, **training.arguments()
        )  # fmt: skip
    if _kept_silently(data, training, law, json, plot, "recovery_curves"):
        return
    share = lambda name: data[name].values / instances  # noqa: E731
    unique, success = share("unique"), share("success")
    rows = [
        (
            n,
            _with_interval(unique[i], data.unique_low.values[i], data.unique_high.values[i]),
            *(
                _with_interval(success[i, j], data.success_low.values[i, j], data.success_high.values[i, j])
                for j in range(len(TOLERANCES))
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
        *(f"error <= {t:g}" for t in TOLERANCES),
        "width of fits",
        "disagree",
        "unfinished",
    )
    print_table(
        f"d = {d}, m* = {width}: {instances} instances per n, 95 % intervals; {training}; "
        f"n_c = {data.n_c}, statistical dimension {data.delta:.1f}; disagree: success at 1e-4 against the certificate",
        columns,
        rows,
    )


def _kept_silently(
    data: xr.Dataset, training: Training, law: Any, json: Path | None, plot: Path | None, figure: str
) -> bool:
    """Write the files asked for; true when standard output belongs to the JSON."""
    facts = {"weights": law.spec, "student_width": training.student_width}
    _write(data, facts, json, plot, figure)
    return str(json) == "-"


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{value:.2f} ({low:.2f}-{high:.2f})"


def _half(bounds: np.ndarray) -> str:
    low, point, high = ("?" if np.isnan(v) else f"{v:.1f}" for v in bounds)
    return f"{point} ({low}-{high})"


def show_map(
    d: int, largest: int, samples: list[int], instances: int, seed: int, training: Training, law: Any,
    store: Any, json: Path | None, plot: Path | None,
) -> None:  # fmt: skip
    """The three quantities over (m_*, n/d), one table each."""
    widths = range(1, largest + 1)
    with _bar("recovery map") as report:
        data = full_map_dataset(
            d, widths, samples, instances, seed, weights=law, store=store, progress=report, **training.arguments()
        )  # fmt: skip
    if _kept_silently(data, training, law, json, plot, "recovery_map"):
        return
    columns = ("n", "n/d", *(f"m* = {m}" for m in widths))
    tables = {
        "certified unique": data.unique / instances,
        "mean width of the set of fits / |A*|": data.fits,
        **{f"training within error {t:g}": data.success.sel(target=t) / instances for t in TOLERANCES},
    }
    say(f"d = {d}: {instances} instances each; {training}")
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
    law: Any,
    store: Any,
    json: Path | None,
    plot: Path | None,
) -> None:
    """Certified recovery alone, at every n: 50 % points with their errors."""
    with _bar("certified map") as report:
        data = map_dataset(d, range(1, largest + 1), instances, seed, law, store, report)
    _write(data, {"weights": law.spec}, json, plot, "recovery_map")
    if str(json) == "-":
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
    print_table(f"d = {d}: {instances} instances per width", columns, rows)


def show_widths(
    d: int, width: int, students: list[int], instances: int, seed: int, starts: int, law: Any,
    store: Any, json: Path | None,
) -> None:  # fmt: skip
    """The 50 % point of each student width beside its prediction."""
    with _bar("student widths") as report:
        data = width_thresholds(
            d, width, students, instances, seed, starts, weights=law, store=store, progress=report
        )
    _write(data, {}, json, None, "")
    if str(json) == "-":
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
    )


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    """A bar whose total is known with the first report."""
    with progress_bar(title) as advance:
        seen = [0]

        def report(done: int, total: int) -> None:
            advance(done - seen[0], total=total)
            seen[0] = done

        yield report


def _write(
    data: xr.Dataset, facts: dict[str, Any], json: Path | None, plot: Path | None, figure: str
) -> None:
    """The dataset as JSON and as a figure, where asked for."""
    if json is not None:
        names = {
            "sample": "samples",
            "target": "tolerances",
            "width": "teacher_widths",
            "bound": "bounds",
            "student_width": "student_widths",
        }
        coordinates = {names[str(c)]: data[c].values for c in data.coords if str(c) in names}
        content = {str(name): data[name].values for name in data.data_vars}
        write_json(json, dict(data.attrs) | facts | coordinates | content)
    if plot is not None:
        from tutelage.studies.recovery_curves import figure as curves
        from tutelage.studies.recovery_map import figure as plane

        save_figure({"recovery_curves": curves, "recovery_map": plane}[figure].draw(data), plot)
