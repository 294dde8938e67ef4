"""The lines of Python that compute again what the explorer shows."""

from __future__ import annotations

from collections.abc import Callable

from tutelage.base.errors import InputError
from tutelage.explore.model import (
    CERTIFIED_UP_TO,
    INSTANCES,
    PREDICTED_STEPS,
    TRAINED_STEPS,
    law_of,
    proves,
    spectrum_of,
)
from tutelage.explore.state import State


def code(state: State) -> str:
    """A program: ``spectrum``, ``rank``, ``curve``, and ``law``, ``trained`` and ``recovery`` where they are shown.

    Examples
    --------
    >>> print(code(State(d=2, k=2, seed=3)).splitlines()[1])
    teacher = tutelage.sample_teacher('erf', 2, 2, seed=3, weights='normal')
    """
    return "\n".join([*_teacher(state), *_results(state), *_law(state), *_run(state), *_recovery(state), ""])


def _teacher(state: State) -> list[str]:
    arguments = f"{state.spec!r}, {state.d}, {state.k}, seed={state.seed}, weights={state.weights!r}"
    lines = ["import tutelage", f"teacher = tutelage.sample_teacher({arguments})"]
    if state.biases:
        lines.insert(0, "import numpy")
        lines.append(f"b = numpy.random.default_rng({state.seed}).standard_normal({state.k})")
        lines.append("teacher = tutelage.Network(teacher.W, teacher.a, teacher.activation, b=b)")
    if state.samples:
        lines.append(f"X = tutelage.GaussianInputs().sample({state.samples}, {state.d}, {state.seed})")
        lines.append("problem = tutelage.empirical.Problem(X, teacher(X), teacher=teacher)")
    elif state.run:
        lines.append("problem = tutelage.Problem(teacher)")
    return lines


def _results(state: State) -> list[str]:
    source = "problem.hessian(teacher)" if state.samples else "teacher"
    exact = "effective_parameters" if state.biases else "hessian_rank"
    rank = f"tutelage.{exact}(teacher)" if proves(state) else "spectrum.numerical_rank()"
    if not _answered(spectrum_of, state):
        return [f"rank = {rank}.rank"] if proves(state) else []
    return [
        f"spectrum = tutelage.spectrum({source})",
        f"rank = {rank}.rank",
        f"start = tutelage.NoisyTeacher({state.noise!r})",
        "rule = tutelage.GradientDescent(1 / spectrum.values[-1])",
        "measure = tutelage.spectral_measure(spectrum, start)",
        f"curve = tutelage.predict_loss(measure, rule=rule, steps=tutelage.log_steps({PREDICTED_STEPS}))",
    ]


def _answered(question: Callable[[State], object], state: State) -> bool:
    """Whether the library has an answer; what it refuses is left out of the program."""
    try:
        question(state)
    except InputError:
        return False
    return True


def _law(state: State) -> list[str]:
    if not _answered(law_of, state):
        return []
    if state.samples:
        return [f"law = tutelage.laws.SampledHessian(tutelage.spectrum(teacher), {state.samples})"]
    return ["law = tutelage.laws.law_of(teacher)"]


def _run(state: State) -> list[str]:
    if not state.run or not _answered(spectrum_of, state):
        return []
    steps = f"tutelage.log_steps({TRAINED_STEPS})"
    return [f"trained = tutelage.simulate(problem, start, rule, steps={steps}, seed={state.seed})"]


def _recovery(state: State) -> list[str]:
    if state.d > CERTIFIED_UP_TO:
        return []
    counts = (
        f"tutelage.quadratic.unique_counts({state.d}, {min(state.width, state.d)}, {INSTANCES}, {state.seed})"
    )
    return [f"recovery = {counts}.curve(range(1, {state.d * (state.d + 1) // 2 + 1}))"]
