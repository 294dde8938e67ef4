"""The learning curve near the optimum: predicted, and simulated on the same axis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tutelage.cli.support import ActivationText

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutelage.dynamics import Curve, Rule, Timescales
    from tutelage.network import Network
    from tutelage.population import Problem

_POINTS = 120


def dynamics(
    *,
    activation: ActivationText = "",
    d: Annotated[int | None, Parameter(name=("-d", "--d"))] = None,
    k: Annotated[int | None, Parameter(name=("-k", "--k"))] = None,
    seed: int = 0,
    weights: Path | None = None,
    biases: str = "",
    inputs: str = "",
    noise: float = 1e-3,
    rule: str = "flow",
    learning_rate: float | None = None,
    momentum: float | None = None,
    until: float | None = None,
    simulate: bool = False,
    batch: int | None = None,
    label_noise: float | None = None,
    runs: int = 1,
    json: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    plot: Path | None = None,
) -> int:
    """Predict the loss of a student that starts at its teacher plus noise; `--simulate` trains one beside it.

    Example: `tutelage dynamics --activation linear -d 10 -k 20 --rule gd --learning-rate 0.1 --simulate
    --plot c.png`

    `--rule sgd --batch 4 --label-noise 0.01` draws the mean of SGD, its floor, the curve at the largest stable rate and a run.

    Parameters
    ----------
    activation
        `linear`, `quadratic:alpha=0.7`, `erf:scale=1`, ..., or a class of your own, `module:Class:key=value`.
    d
        Input dimension.
    k
        Hidden width.
    seed
        Of the teacher, and of the start when it is simulated.
    weights
        An npz file with `W` (k, d), `a` (k,) or (m, k), and biases `b` and `c` if any, instead of a random teacher.
    biases
        Law of random biases, `normal`, `uniform`, ...: hidden ones of variance 1/d, output ones of variance 1/k.
    inputs
        Law of the inputs: `spiked:strength=5,count=2`, `power_law:exponent=1`, or an npz file with `mean` and `covariance`.
    noise
        Standard deviation of every parameter of the start around the teacher.
    rule
        `flow`, `gd`, `heavy_ball`, `nesterov` or `sgd` (fresh inputs at every step).
    learning_rate
        Of the stepping rules; a warning gives the largest stable one when it is exceeded. `sgd` takes half of it by default.
    momentum
        Of `heavy_ball` and `nesterov` (default 0.9).
    until
        Final time (learning rate × steps); by default until the mean loss has fallen by six decades.
    simulate
        Also train one student and predict ITS curve (not the mean over starts).
    batch
        Simulate online SGD with this many fresh inputs per step instead of full gradients (`sgd`: 1 by default).
    label_noise
        Variance of normal noise on the labels, for `sgd`.
    runs
        Simulated runs, whose mean is shown, for `sgd`.
    json
        Write times, losses and time scales to this file (`-` prints them instead of the table).
    plot
        Write a figure with logarithmic axes: `.png`, `.pdf` or `.svg`.
    """
    import warnings

    from tutelage.base import check
    from tutelage.base.errors import InputError
    from tutelage.cli.dynamics_sgd import SgdQuestion, answer_sgd
    from tutelage.cli.dynamics_views import content as content_of
    from tutelage.cli.dynamics_views import draw, print_curves
    from tutelage.cli.support import FIGURE_SUFFIXES, check_output, write_json
    from tutelage.dynamics import NoisyTeacher, StabilityWarning, predict_loss, spectral_measure, timescales
    from tutelage.input_families import parse_inputs
    from tutelage.population import Problem
    from tutelage.spectra import spectrum

    if json is not None:
        json = check_output(json, "dynamics --json")
    if plot is not None:
        plot = check_output(plot, "dynamics --plot", FIGURE_SUFFIXES)
    if until is not None:
        check.number(until, "dynamics", "--until", above=0.0)
    if rule == "sgd":
        if momentum is not None:
            raise InputError("dynamics: sgd takes no --momentum; choose --rule heavy_ball or nesterov")
        question = SgdQuestion(noise, learning_rate, batch or 1, label_noise or 0.0, until, runs, seed)
        teacher = _teacher(activation, d, k, seed, weights, biases)
        return answer_sgd(teacher, parse_inputs(inputs, teacher.d), question, json, plot)
    if label_noise is not None or runs != 1:
        raise InputError("dynamics: --label-noise and --runs are those of SGD; choose --rule sgd")

    teacher = _teacher(activation, d, k, seed, weights, biases)
    problem = Problem(teacher, parse_inputs(inputs, teacher.d))
    moving = _rule(rule, learning_rate, momentum, lambda: timescales(problem))
    start, rates = NoisyTeacher(noise), timescales(problem)
    measure = spectral_measure(spectrum(problem), start)
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StabilityWarning)
        times = _times(measure, moving, until)
        curves = [predict_loss(measure, times, moving, label=f"predicted mean, noise {noise:g}")]
        if simulate or batch is not None:
            curves += _simulated(problem, start, moving, times, seed, batch)
            if (status := curves[-1].meta["status"]).startswith("stopped"):
                notes.append(f"dynamics: the simulated flow {status}; its later losses are not numbers")
        notes += sorted({str(w.message) for w in caught if issubclass(w.category, StabilityWarning)})
    _warn(notes)
    content = content_of(teacher, rates, moving.spec, noise, seed, curves, notes)
    if json is not None:
        write_json(json, content)
    if plot is not None:
        draw(teacher, curves, measure, times, moving, plot)
    if str(json) != "-":
        print_curves(teacher, rates, curves)
    return 0


def _rule(
    name: str, learning_rate: float | None, momentum: float | None, rates: Callable[[], Timescales]
) -> Rule:
    """The rule of the options; options it does not take are refused."""
    from tutelage.base import check
    from tutelage.base.errors import InputError
    from tutelage.dynamics.rules import RULES, parse_rule

    if ":" in name:
        return parse_rule(name)
    check.choice(name, "dynamics", "rule", (*RULES, "sgd"))
    if name == "flow":
        if learning_rate is not None or momentum is not None:
            raise InputError("dynamics: flow takes no --learning-rate or --momentum; choose --rule gd")
        return RULES[name]()
    if learning_rate is None:
        half = rates().stable_rate / 2
        raise InputError(
            f"dynamics: --rule {name} needs --learning-rate; try {half:.2g}, half of the largest stable one here"
        )
    if momentum is None:
        return RULES[name](learning_rate)
    if name == "gd":
        raise InputError("dynamics: gd takes no --momentum; choose --rule heavy_ball or nesterov")
    return RULES[name](learning_rate, momentum)


def _teacher(
    activation: str, d: int | None, k: int | None, seed: int, weights: Path | None, biases: str
) -> Network:
    from tutelage.base.errors import InputError
    from tutelage.network import sample_teacher
    from tutelage.network_file import load_network

    if weights is not None:
        if biases:
            raise InputError("dynamics: --weights holds its own biases; leave --biases out")
        if d is not None or k is not None:
            raise InputError("dynamics: expected --weights or -d and -k, got both; leave the sizes out")
        return load_network(weights, activation or None)
    missing = [
        flag for flag, value in (("--activation", activation), ("-d", d), ("-k", k)) if value in ("", None)
    ]
    if missing:
        raise InputError(f"dynamics: missing {', '.join(missing)}; give them, or --weights FILE.npz")
    return sample_teacher(activation, d, k, seed, biases=biases)


def _times(measure: Any, rule: Rule, until: float | None) -> Any:
    """Log-spaced times from before the fastest mode to the end; whole steps for a stepping rule."""
    import numpy as np

    from tutelage.base import check
    from tutelage.dynamics import GradientFlow, log_steps, predict_loss, time_to_loss

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
    problem: Problem, start: Any, rule: Rule, times: Any, seed: int, batch: int | None
) -> list[Curve]:
    """One run, and the prediction of that same start."""
    from tutelage.cli.support import fraction_bars
    from tutelage.dynamics import predict_loss, simulate, spectral_measure

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


def _warn(notes: list[str]) -> None:
    from tutelage.cli.support import say

    for note in notes:
        say(f"tutelage: warning: {note}", error=True)
