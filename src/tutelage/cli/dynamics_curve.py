"""`tutelage dynamics` with a deterministic rule: the mean curve, and a run beside its own prediction."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.cli.dynamics_views import content, draw, print_curves
from tutelage.cli.support import fraction_bars, say, write_json
from tutelage.dynamics import (
    Curve,
    GradientFlow,
    NoisyTeacher,
    Rule,
    StabilityWarning,
    Timescales,
    log_steps,
    predict_loss,
    simulate,
    spectral_measure,
    time_to_loss,
    timescales,
)
from tutelage.dynamics.rules import RULES, parse_rule
from tutelage.inputs import GaussianInputs
from tutelage.measure import Measure
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.spectra import spectrum

_POINTS = 120


@dataclasses.dataclass(frozen=True)
class CurveQuestion:
    """The options of the command."""

    noise: float
    rule: str
    learning_rate: float | None
    momentum: float | None
    until: float | None
    simulate: bool
    batch: int | None
    seed: int


def answer_curve(
    teacher: Network, inputs: GaussianInputs, question: CurveQuestion, json: Path | None, plot: Path | None
) -> int:
    """Compute, then write, draw and print."""
    problem = Problem(teacher, inputs)
    rates = timescales(problem)
    rule = _rule(question, rates)
    start = NoisyTeacher(question.noise)
    measure = spectral_measure(spectrum(problem), start)
    curves, notes = _curves(problem, start, rule, measure, question)
    for note in notes:
        say(f"tutelage: warning: {note}", error=True)
    if json is not None:
        write_json(json, content(teacher, rates, rule.spec, question.noise, question.seed, curves, notes))
    if plot is not None:
        draw(teacher, curves, measure, curves[0].times, rule, plot)
    if str(json) != "-":
        print_curves(teacher, rates, curves)
    return 0


def _curves(
    problem: Problem, start: NoisyTeacher, rule: Rule, measure: Measure, question: CurveQuestion
) -> tuple[list[Curve], list[str]]:
    """The mean, then the prediction of one start and its run; and what the user must be told."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StabilityWarning)
        times = _times(measure, rule, question.until)
        curves = [predict_loss(measure, times, rule, label=f"predicted mean, noise {question.noise:g}")]
        if question.simulate or question.batch is not None:
            curves += _simulated(problem, start, rule, times, question)
            if (status := curves[-1].meta["status"]).startswith("stopped"):
                notes.append(f"dynamics: the simulated flow {status}; its later losses are not numbers")
    return curves, notes + sorted(
        {str(w.message) for w in caught if issubclass(w.category, StabilityWarning)}
    )


def _rule(question: CurveQuestion, rates: Timescales) -> Rule:
    """The rule of the options; options it does not take are refused."""
    name, learning_rate, momentum = question.rule, question.learning_rate, question.momentum
    if ":" in name:
        return parse_rule(name)
    check.choice(name, "dynamics", "rule", (*RULES, "sgd"))
    if name == "flow":
        if learning_rate is not None or momentum is not None:
            raise InputError("dynamics: flow takes no --learning-rate or --momentum; choose --rule gd")
        return RULES[name]()
    if learning_rate is None:
        half = rates.stable_rate / 2
        raise InputError(
            f"dynamics: --rule {name} needs --learning-rate; try {half:.2g}, half of the largest stable one here"
        )
    if momentum is None:
        return RULES[name](learning_rate)
    if name == "gd":
        raise InputError("dynamics: gd takes no --momentum; choose --rule heavy_ball or nesterov")
    return RULES[name](learning_rate, momentum)


def _times(measure: Measure, rule: Rule, until: float | None) -> np.ndarray:
    """Log-spaced times from before the fastest mode to the end; whole steps for a stepping rule."""
    if until is None:
        until = time_to_loss(measure, 1e-6 * float(predict_loss(measure, [0.0]).loss[0]), GradientFlow())
    if rule.step_size is None:
        first = min(0.01 / float(measure.points[-1]), until / 10)
        return np.concatenate([[0.0], np.geomspace(first, until, _POINTS)])
    steps = until / rule.step_size
    check.affordable(
        steps, "dynamics", "steps (--until by --learning-rate)", 2.0**53, "more cannot be told apart"
    )
    return rule.step_size * log_steps(max(1, round(steps)), _POINTS)


def _simulated(
    problem: Problem, start: NoisyTeacher, rule: Rule, times: np.ndarray, question: CurveQuestion
) -> list[Curve]:
    """One run, and the prediction of that same start."""
    batch, seed = question.batch, question.seed
    label = "simulated" if batch is None else f"simulated, SGD with {batch} inputs per step"
    with fraction_bars() as bars:
        run = simulate(
            problem,
            start,
            rule,
            times=times,
            batch=batch,
            seed=seed,
            label=label,
            progress=bars(label),
        )
    displacement = start.displacement(problem.teacher.n_params, seed)
    own = predict_loss(spectral_measure(problem, displacement), times, rule, label="predicted, this start")
    return [own, run]
