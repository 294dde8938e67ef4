"""Does the data determine a quadratic teacher? One instance, a curve in n, or a map (Sarao Mannelli et al. 2020)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter


def recover(
    *,
    d: Annotated[int, Parameter(name=["-d", "--dimension"])] = 8,
    teacher_width: Annotated[int, Parameter(name=["-m", "--teacher-width"])] = 2,
    n: Annotated[str | None, Parameter(name=["-n", "--samples"])] = None,
    seed: int = 0,
    student_width: int | None = None,
    instances: int = 100,
    map: bool = False,
    weights: str = "normal",
    method: str = "descent_then_gauss_newton",
    json: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    plot: Path | None = None,
    store: Path | None = None,
) -> None:
    """Certify whether the data determine the teacher, and minimise from random starts.

    Parameters
    ----------
    d
        Input dimension.
    teacher_width
        Number of teacher neurons m_*; with --map the largest one (all from 1 on are drawn).
    n
        One sample count (one instance), or a range first:last[:step] (a curve); n_c by default.
    seed
        Seed of teachers, inputs and starts.
    student_width
        Student neurons m; 2 d by default.
    instances
        Instances per point of a curve or map.
    map
        Certified recovery against (m_*, n/d).
    weights
        Law of the teacher's weights: normal, uniform, rademacher, laplace, student_t:nu=3, ...
    method
        descent_then_gauss_newton, interior, levenberg_marquardt or gradient_descent.
    json
        Write the numbers here ("-": standard output).
    plot
        Write a figure here (.png, .pdf, .svg).
    store
        Keep finished points in this folder; an interrupted run resumes.
    """
    from tutelage import check
    from tutelage.cli.support import FIGURE_SUFFIXES, check_output
    from tutelage.quadratic.solver import METHODS
    from tutelage.quadratic.thresholds import critical_samples
    from tutelage.weights import as_weight_law

    who = "tutelage recover"
    d, width = check.integer(d, who, "-d"), check.integer(teacher_width, who, "--teacher-width")
    instances, seed = (
        check.integer(instances, who, "--instances"),
        check.integer(seed, who, "--seed", minimum=0),
    )
    m = 2 * d if student_width is None else check.integer(student_width, who, "--student-width")
    check.choice(method, who, "--method", METHODS)
    law = as_weight_law(weights)
    samples = [critical_samples(d, width)] if n is None else sample_range(n, who)
    if json is not None:
        check_output(json, f"{who} --json")
    if plot is not None:
        check_output(plot, f"{who} --plot", FIGURE_SUFFIXES)
    if m < d and not map:
        _note(
            f"student width m = {m} < d = {d}: that every minimum has zero loss needs m >= d; running it all the same"
        )
    if map:
        show_map(d, width, instances, seed, law, store, json, plot)
    elif len(samples) > 1:
        show_curve(d, width, samples, instances, seed, method, m, law, store, json, plot)
    else:
        show_instance(d, width, samples[0], seed, method, m, law, json, plot)


def sample_range(text: str, who: str) -> list[int]:
    """``"21"`` -> [21]; ``"10:30:5"`` -> [10, 15, 20, 25, 30]."""
    from tutelage import check
    from tutelage.errors import InputError

    try:
        parts = [int(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3:
        raise InputError(
            f"{who}: expected -n as a number or first:last[:step], got {text!r}; write 21 or 10:36:2"
        )
    check.integer(parts[0], who, "-n")
    if len(parts) == 1:
        return parts
    step = check.integer(parts[2], who, "the step of -n") if len(parts) == 3 else 1
    if parts[1] <= parts[0]:
        raise InputError(
            f"{who}: expected -n first:last with last > first, got {text!r}; write the smaller count first"
        )
    return list(range(parts[0], parts[1] + 1, step))


def _note(text: str) -> None:
    import sys

    print(f"tutelage: note: {text}", file=sys.stderr)


def show_instance(
    d: int, width: int, n: int, seed: int, method: str, m: int, law: Any, json: Path | None, plot: Path | None
) -> None:
    """Certificate, size of the set of fits and one minimisation of one instance."""
    import numpy as np

    from tutelage.cli.support import print_table, write_json
    from tutelage.errors import InputError
    from tutelage.quadratic.feasible import feasible_sizes
    from tutelage.quadratic.recovery import sample_instances
    from tutelage.quadratic.solver import minimise
    from tutelage.quadratic.teacher import matrix_of, sample_start
    from tutelage.quadratic.thresholds import (
        critical_samples,
        effective_parameters_frozen,
        statistical_dimension,
    )
    from tutelage.quadratic.uniqueness import certify_batch

    if plot is not None:
        raise InputError(
            "tutelage recover: --plot draws a curve or a map, got one instance; pass -n first:last or --map"
        )
    A, X = sample_instances(d, width, n, [0], seed, law)
    certificates = certify_batch(A, X)
    size = feasible_sizes(A, X, 8, seed, certificates)[0]
    run = minimise(A, X, matrix_of(sample_start(m, d, seed))[None], method=method)  # pyright: ignore[reportArgumentType]
    result = {
        "d": d, "teacher_width": width, "n": n, "seed": seed, "student_width": m, "weights": law.spec, "method": method,
        "status": certificates[0].status, "margin": certificates[0].margin, "reason": certificates[0].reason,
        "free_dimensions": certificates[0].n_free, "fits_width": size.width, "fits_trace": size.trace,
        "error_at_centre": size.error_at_centre, "loss": float(run.loss[0]), "error": float(run.error[0]),
        "steps": int(run.steps[0]), "n_c": critical_samples(d, width), "n_eff": effective_parameters_frozen(d, width),
        "statistical_dimension": statistical_dimension(d, width).value,
    }  # fmt: skip
    agree = (result["error"] <= 1e-4) == (result["status"] == "unique")
    if json is not None:
        write_json(json, result)
    if str(json) == "-":
        return
    low, high = size.trace
    rows = [
        ("certificate", f"{result['status']} ({result['reason']}; margin {result['margin']:.2g})"),
        ("free dimensions", result["free_dimensions"]),
        ("width of the set of fits / |A*|", size.width),
        (
            "trace of the fits / tr A*",
            f"{low:.4g} ... {high:.4g}" if np.isfinite(high) else "unbounded above",
        ),
        ("minimisation: E_n / E_n(0)", result["loss"]),
        ("generalisation error E / E(0)", result["error"]),
        (
            "certificate and minimisation",
            "agree" if agree else "DISAGREE at error 1e-4 (see the loss and the width)",
        ),
        (
            "n_c, N_eff, statistical dimension",
            f"{result['n_c']}, {result['n_eff']}, {result['statistical_dimension']:.1f}",
        ),
    ]
    print_table(f"d = {d}, m* = {width}, n = {n}, seed {seed}", ("quantity", "value"), rows)


def show_curve(
    d: int, width: int, samples: list[int], instances: int, seed: int, method: str, m: int, law: Any,
    store: Path | None, json: Path | None, plot: Path | None,
) -> None:  # fmt: skip
    """Recovery against n."""
    from tutelage.cli.support import print_table, progress_bar, save_figure, write_json
    from tutelage.quadratic.datasets import curve_dataset
    from tutelage.quadratic.recovery import TOLERANCES, wilson_interval

    with progress_bar("recovery curve", total=len(samples)) as advance:
        data = curve_dataset(
            d,
            width,
            samples,
            instances,
            seed,
            method,
            m,
            True,
            law,
            _store(store),
            lambda done, total: advance(1),  # pyright: ignore[reportArgumentType]
        )
    low, high = wilson_interval(data.unique.values, instances)
    if json is not None:
        content = {name: data[name].values for name in data.data_vars}
        attrs = dict(data.attrs) | {"weights": law.spec, "student_width": m}
        write_json(
            json,
            attrs
            | {"samples": samples, "tolerances": TOLERANCES, "unique_low": low, "unique_high": high}
            | content,
        )
    if plot is not None:
        from tutelage.figures.recovery_curves import draw

        save_figure(draw(data), plot)
    if str(json) == "-":
        return
    columns = (
        "n",
        "certified unique",
        "95 %",
        *(f"error <= {t:g}" for t in TOLERANCES),
        "width of fits",
        "disagree",
    )
    certified, success = data.unique.values / instances, data.success.values / instances
    rows = [
        (
            n,
            certified[i],
            f"{low[i]:.2f}-{high[i]:.2f}",
            *success[i],
            data.width.values[i],
            data.disagreements.values[i],
        )
        for i, n in enumerate(samples)
    ]
    title = f"d = {d}, m* = {width}: {instances} instances per n; n_c = {data.n_c}, statistical dimension {data.delta:.1f}"
    print_table(title, columns, rows)


def show_map(
    d: int,
    largest: int,
    instances: int,
    seed: int,
    law: Any,
    store: Path | None,
    json: Path | None,
    plot: Path | None,
) -> None:
    """Certified recovery against (m_*, n/d)."""
    from tutelage.cli.support import print_table, progress_bar, save_figure, write_json
    from tutelage.quadratic.datasets import map_dataset

    with progress_bar("recovery map", total=largest) as advance:
        data = map_dataset(
            d, range(1, largest + 1), instances, seed, law, _store(store), lambda done, total: advance(1)
        )
    if json is not None:
        content = {name: data[name].values for name in data.data_vars}
        write_json(
            json, dict(data.attrs) | {"weights": law.spec, "teacher_widths": data.width.values} | content
        )
    if plot is not None:
        from tutelage.figures.recovery_map import draw

        save_figure(draw(data), plot)
    if str(json) == "-":
        return
    rows = [
        (
            int(row.width),
            float(row.half_point),
            float(row.half_point_error),
            int(row.n_c),
            float(row.delta),
            float(row.half_point / d),
        )
        for row in (data.isel(width=i) for i in range(data.sizes["width"]))
    ]
    columns = ("m*", "certified 50 % point", "s.e.", "n_c", "statistical dimension", "50 % / d")
    print_table(f"d = {d}: {instances} instances per width", columns, rows)


def _store(folder: Path | None) -> Any:
    if folder is None:
        return None
    from tutelage.cli.support import check_output_folder
    from tutelage.store import Store

    return Store(check_output_folder(folder, "tutelage recover --store"))
