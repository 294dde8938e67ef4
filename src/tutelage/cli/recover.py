"""Does the data determine a quadratic teacher? One instance, a curve in n, or a map (Sarao Mannelli et al. 2020)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from tutelage.store import Store


def recover(
    *,
    d: Annotated[int, Parameter(name=["-d", "--dimension"])] = 8,
    teacher_width: Annotated[int, Parameter(name=["-m", "--teacher-width"])] = 2,
    n: Annotated[str | None, Parameter(name=["-n", "--samples"])] = None,
    seed: int = 0,
    student_width: str | None = None,
    instances: int = 100,
    starts: int = 4,
    map: bool = False,
    certified_only: bool = False,
    weights: str = "normal",
    method: str = "gradient_flow",
    training_loss: float | None = None,
    max_steps: int | None = None,
    json: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    plot: Path | None = None,
    store: Path | None = None,
) -> None:
    """Certify whether the data determine the teacher, measure the set of fits, and train from random starts.

    Example: `tutelage recover -d 6 -m 2 -n 5:20 --plot recovery.png`

    Parameters
    ----------
    d
        Input dimension.
    teacher_width
        Number of teacher neurons m_*; with --map the largest one (all from 1 on are drawn).
    n
        One sample count (one instance), or a range first:last[:step] (a curve, or the rows of a map); n_c by default,
        for a map twelve counts up to d(d+1)/2.
    seed
        Seed of teachers, inputs and starts.
    student_width
        Student neurons m; 2 d by default. A range first:last[:step] measures the 50 % point of each width, beside the
        statistical dimension.
    instances
        Instances per point of a curve or map.
    starts
        Random starts of the one instance; of each instance of a range of student widths.
    map
        Three maps against (m_*, n/d): certified uniqueness, size of the set of fits, success of training.
    certified_only
        With --map: certified uniqueness alone, at every n (the way to thousands of instances at d = 32).
    weights
        Law of the teacher's weights: normal, uniform, rademacher, laplace, student_t:nu=3, ...
    method
        Training: gradient_flow (the limit of small steps, to its end), gradient_descent (plain, half the largest
        stable step), interior or levenberg_marquardt.
    training_loss
        Relative training loss at which training stops: 1e-10 for gradient_flow, 1e-6 for gradient_descent.
    max_steps
        Steps allowed to each run; runs that need more are counted as unfinished.
    json
        Write the numbers here ("-": standard output).
    plot
        Write a figure here (.png, .pdf, .svg).
    store
        Keep finished chunks of 50 instances in this folder; an interrupted run resumes.
    """
    from tutelage.base import check
    from tutelage.cli import recover_views as views
    from tutelage.quadratic import RecoverySettings

    who = "recover"
    d, width = check.integer(d, who, "-d"), check.integer(teacher_width, who, "--teacher-width")
    instances, seed = check.integer(instances, who, "--instances"), check.seed(seed, who)
    students = [2 * d] if student_width is None else sample_range(student_width, who, "--student-width")
    m = students[0]
    starts = check.integer(starts, who, "--starts")
    settings = RecoverySettings(method, training_loss, max_steps, m, weights, sizes=True)  # pyright: ignore[reportArgumentType]
    if len(students) > 1:
        _check_widths(n, map, plot, method, who)
        _check_files(json, plot, drawn=False, who=who)
        views.show_widths(d, width, students, instances, seed, starts, settings, _store(store), json)
        return
    samples = _samples(n, d, width, map, who)
    if certified_only:
        _check_certified_only(map, n, who)
    _check_files(json, plot, drawn=map or len(samples) > 1, who=who)
    if m < d and not certified_only:
        _note(
            f"student width m = {m} < d = {d}: that every minimum has zero loss needs m >= d; running it all the same"
        )
    where = (json, plot)
    if map and certified_only:
        views.show_certified_map(d, width, instances, seed, settings, _store(store), *where)
    elif map:
        views.show_map(d, width, samples, instances, seed, settings, _store(store), *where)
    elif len(samples) > 1:
        views.show_curve(d, width, samples, instances, seed, settings, _store(store), *where)
    else:
        views.show_instance(d, width, samples[0], seed, starts, settings, json)


def _check_certified_only(map: bool, n: str | None, who: str) -> None:
    from tutelage.base.errors import InputError

    if not map:
        raise InputError(f"{who}: --certified-only shortens a map, got none; pass --map as well")
    if n is not None:
        raise InputError(f"{who}: --certified-only covers every n, got -n {n}; leave -n out")


def _check_widths(n: str | None, map: bool, plot: Path | None, method: str, who: str) -> None:
    from tutelage.base.errors import InputError

    if n is not None or map or plot is not None or method != "gradient_flow":
        raise InputError(
            f"{who}: a range of --student-width finds its own sample counts by L-BFGS and prints a table, "
            "got -n, --map, --plot or --method; leave them out"
        )


def _check_files(json: Path | None, plot: Path | None, drawn: bool, who: str) -> None:
    from tutelage.base.errors import InputError
    from tutelage.cli.support import FIGURE_SUFFIXES, check_output

    if json is not None:
        check_output(json, f"{who} --json")
    if plot is not None:
        check_output(plot, f"{who} --plot", FIGURE_SUFFIXES)
        if not drawn:
            raise InputError(
                f"{who}: --plot draws a curve or a map, got one instance; pass -n first:last or --map"
            )


def _samples(text: str | None, d: int, width: int, map: bool, who: str) -> list[int]:
    """What -n says, or n_c; a map's default spans d to d(d+1)/2."""
    import numpy as np

    from tutelage.quadratic.thresholds import critical_samples

    if text is not None:
        return sample_range(text, who)
    if not map:
        return [critical_samples(d, width)]
    return [int(n) for n in np.unique(np.rint(np.geomspace(d, d * (d + 1) // 2, 12)))]


def sample_range(text: str, who: str, name: str = "-n") -> list[int]:
    """``"21"`` -> [21]; ``"10:30:5"`` -> [10, 15, 20, 25, 30]."""
    from tutelage.base import check
    from tutelage.base.errors import InputError

    try:
        parts = [int(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3:
        raise InputError(
            f"{who}: expected {name} as a number or first:last[:step], got {text!r}; write 21 or 10:36:2"
        )
    check.integer(parts[0], who, name)
    if len(parts) == 1:
        return parts
    step = check.integer(parts[2], who, f"step of {name}") if len(parts) == 3 else 1
    if parts[1] <= parts[0]:
        raise InputError(
            f"{who}: expected {name} first:last with last > first, got {text!r}; write the smaller count first"
        )
    found = range(parts[0], parts[1] + 1, step)
    check.affordable(len(found), who, f"values of {name}", 1e4, "each takes a while")
    return list(found)


def _note(text: str) -> None:
    from tutelage.cli.support import say

    say(f"tutelage: note: {text}", error=True)


def _store(folder: Path | None) -> Store | None:
    if folder is None:
        return None
    from tutelage.cli.support import check_output_folder
    from tutelage.store import Store

    return Store(check_output_folder(folder, "recover --store"))
