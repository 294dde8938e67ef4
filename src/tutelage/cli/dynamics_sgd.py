"""`tutelage dynamics --rule sgd`: mean curve, floor, stability limit and a run on one axis."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.cli.support import fraction_bars, print_table, save_figure, say, write_json
from tutelage.dynamics import (
    Curve,
    GradientDescent,
    NoiseFloor,
    NoisyTeacher,
    StabilityWarning,
    StableRate,
    log_steps,
    noise_floor,
    predict_sgd,
    sgd_stability,
    simulate,
)
from tutelage.inputs import GaussianInputs
from tutelage.network import Network
from tutelage.plotting.style import BLACK, BLUE, ORANGE, RED, panels, style
from tutelage.population import Problem

_ROWS, _POINTS, _LONGEST = 12, 120, 100_000


@dataclasses.dataclass(frozen=True)
class SgdQuestion:
    """The options of the command."""

    noise: float
    learning_rate: float | None
    batch: int
    label_noise: float
    until: float | None
    runs: int
    seed: int


@dataclasses.dataclass(frozen=True)
class _Answer:
    limit: StableRate
    floor: NoiseFloor
    predicted: Curve
    at_limit: Curve
    run: Curve
    notes: list[str]


def answer_sgd(
    teacher: Network, inputs: GaussianInputs, question: SgdQuestion, json: Path | None, plot: Path | None
) -> int:
    """Compute, then write, draw and print."""
    found = _compute(Problem(teacher, inputs, label_noise=question.label_noise), question)
    for note in found.notes:
        say(f"tutelage: warning: {note}", error=True)
    if json is not None:
        write_json(json, _content(teacher, question, found))
    if plot is not None:
        _draw(teacher, question, found, plot)
    if str(json) != "-":
        _print(teacher, question, found)
    return 0


def _compute(problem: Problem, question: SgdQuestion) -> _Answer:
    start, batch = NoisyTeacher(question.noise), question.batch
    limit = sgd_stability(problem, batch=batch)
    rate = 0.5 * float(limit) if question.learning_rate is None else question.learning_rate
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StabilityWarning)
        floor = noise_floor(problem, learning_rate=rate, batch=batch)
        steps = _steps(problem, question, rate, float(floor))
        predicted = predict_sgd(problem, start, learning_rate=rate, batch=batch, steps=steps)
        with fraction_bars() as bars:
            run = simulate(
                problem, start, GradientDescent(rate), steps=steps, batch=batch, runs=question.runs,
                seed=question.seed, label="simulated", progress=bars("simulated"),
            )  # fmt: skip
    notes = sorted({str(w.message) for w in caught if issubclass(w.category, StabilityWarning)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StabilityWarning)  # it stands exactly at the limit
        at_limit = predict_sgd(
            problem, start, learning_rate=float(limit), batch=batch, times=predicted.times,
            label=f"at the largest stable rate {float(limit):.3g}",
        )  # fmt: skip
    return _Answer(limit, floor, predicted, at_limit, run, notes)


def _steps(problem: Problem, question: SgdQuestion, rate: float, floor: float) -> np.ndarray:
    """To twice the time at which the mean has nearly reached its floor, or has fallen by six decades."""
    if question.until is not None:
        return log_steps(max(1, round(question.until / rate)), _POINTS)
    tried = log_steps(_LONGEST, _POINTS)
    start = NoisyTeacher(question.noise)
    loss = predict_sgd(problem, start, learning_rate=rate, batch=question.batch, steps=tried).loss
    near = (
        np.flatnonzero(np.abs(loss - floor) <= max(0.1 * floor, 1e-6 * loss[0])) if np.isfinite(floor) else []
    )
    return log_steps(min(_LONGEST, 2 * int(tried[near[0]])) if len(near) else 1000, _POINTS)


def _content(teacher: Network, question: SgdQuestion, found: _Answer) -> dict[str, Any]:
    """The documented JSON keys."""
    return {
        "activation": teacher.activation.spec,
        "d": teacher.d,
        "k": teacher.k,
        "n_params": teacher.n_params,
        "seed": question.seed,
        "noise": question.noise,
        "rule": "sgd",
        "batch": question.batch,
        "label_noise": question.label_noise,
        "learning_rate": found.floor.learning_rate,
        "stability": dataclasses.asdict(found.limit),
        "floor": found.floor.value,
        "floor_small_rate": found.floor.small_rate,
        "warnings": found.notes,
        "times": found.predicted.times,
        "predicted_mean": found.predicted.loss,
        "at_largest_stable_rate": found.at_limit.loss,
        "simulated": found.run.loss,
        "simulated_std": found.run.std,
        "diverged_at": found.run.diverged_at,
    }


def _draw(teacher: Network, question: SgdQuestion, found: _Answer, path: Path) -> None:
    with style():
        figure, (axes,) = panels(1, width=6.4, height=4.2)
        found.predicted.plot(axes, color=BLUE)
        found.at_limit.plot(axes, color=RED, lw=1.0, ls=":")
        found.run.plot(axes, band=False, color=ORANGE, ls="", marker=".")
        if 0.0 < found.floor.value < np.inf:
            axes.axhline(found.floor.value, color=BLACK, lw=1.0, ls="--", label="floor of the label noise")
        axes.set_title(
            f"{teacher.activation.spec}, d = {teacher.d}, k = {teacher.k}, B = {question.batch}, "
            f"η = {found.floor.learning_rate:.3g}"
        )
        axes.legend()
        save_figure(figure, path)


def _print(teacher: Network, question: SgdQuestion, found: _Answer) -> None:
    limit, floor = found.limit, found.floor
    about = f" ({limit.order})" if limit.approximate else ""
    title = f"{teacher.activation.spec}, d = {teacher.d}, k = {teacher.k}, P = {teacher.n_params}"
    shown = (
        ("learning rate", f"{floor.learning_rate:.6g}"),
        (f"largest stable rate, batches of {limit.batch}", f"{limit.value:.6g}{about}"),
        ("largest stable rate, full gradients", f"{limit.full_batch:.6g}"),
        ("batch where the two cross, tr H / λ_max", f"{limit.crossing_batch:.6g}"),
        (f"floor of label noise {question.label_noise:g}", f"{floor.value:.6g}"),
        ("floor for small rates", f"{floor.small_rate:.6g}"),
    )
    print_table(title, ("quantity", "value"), shown)
    curves = (found.predicted, found.run)
    chosen = np.unique(np.linspace(0, len(found.run) - 1, _ROWS).astype(int))
    rows = [(float(found.run.times[i]), *(float(c.loss[i]) for c in curves)) for i in chosen]
    print_table("excess loss", ["time", *(curve.label for curve in curves)], rows)
    if found.run.diverged_at is not None:
        say(f"the run diverged at step {found.run.diverged_at}")
