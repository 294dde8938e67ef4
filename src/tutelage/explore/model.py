"""From a state to the arrays that are drawn, by the public functions of the library; a stage a function, cheapest first."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from tutelage import empirical, laws
from tutelage.base.errors import InputError
from tutelage.base.progress import Progress
from tutelage.dynamics import (
    GradientDescent,
    NoisyTeacher,
    log_steps,
    predict_loss,
    simulate,
    spectral_measure,
)
from tutelage.explore.state import State
from tutelage.inputs import GaussianInputs
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.quadratic import (
    critical_samples,
    effective_parameters_frozen,
    statistical_dimension,
    unique_counts,
)
from tutelage.rank import effective_parameters, hessian_rank
from tutelage.spectra import Spectrum, spectrum
from tutelage.teachers import sample_teacher
from tutelage.weights import as_weight_law

PROVEN_UP_TO = 300
"""Largest P whose rank is proved: a second of exact arithmetic."""

CERTIFIED_UP_TO = 12
"""Largest d of a certified recovery curve: a second for its instances."""

INSTANCES = 20
PREDICTED_STEPS, TRAINED_STEPS = 100_000, 1000
_LAW_POINTS = 100


class Line(NamedTuple):
    """Points of one curve."""

    x: np.ndarray
    y: np.ndarray


@dataclasses.dataclass(frozen=True)
class Part:
    """What one stage found: lines by name, numbers by name, in the words of the page."""

    name: str
    lines: dict[str, Line] = dataclasses.field(default_factory=dict)
    numbers: dict[str, str] = dataclasses.field(default_factory=dict)
    note: str = ""


def parts(state: State, progress: Progress | None = None) -> Iterator[Part]:
    """The parts of the page, the quickest first; a part that cannot be had is a part with a note.

    Examples
    --------
    >>> [part.name for part in parts(State(d=3, k=2, run=False))]
    ['spectrum', 'curve', 'law', 'groups', 'rank', 'run', 'recovery']
    """
    stages: dict[str, Callable[[], Part]] = {
        "spectrum": lambda: spectrum_part(state),
        "curve": lambda: curve_part(state),
        "law": lambda: law_part(state),
        "groups": lambda: groups_part(state),
        "rank": lambda: rank_part(state),
        "run": lambda: run_part(state, progress),
        "recovery": lambda: recovery_part(state),
    }
    for name, stage in stages.items():
        try:
            yield stage()
        except InputError as error:
            yield Part(name, note=str(error))


def teacher_of(state: State) -> Network:
    """The random teacher; its hidden biases are standard normal."""
    network = sample_teacher(state.spec, state.d, state.k, state.seed, state.weights)
    if not state.biases:
        return network
    b = np.random.default_rng(state.seed).standard_normal(state.k)
    return Network(network.W, network.a, network.activation, b=b)


def problem_of(state: State) -> Problem | empirical.Problem:
    """The mean over Gaussian inputs, or the loss of samples with the teacher's labels."""
    teacher = teacher_of(state)
    if not state.samples:
        return Problem(teacher)
    X = GaussianInputs().sample(state.samples, state.d, state.seed)
    return empirical.Problem(X, teacher(X), teacher=teacher)


def spectrum_of(state: State) -> Spectrum:
    """Of the Hessian at the teacher."""
    usual = State()
    return _spectrum(dataclasses.replace(state, noise=usual.noise, width=usual.width, run=usual.run))


@functools.lru_cache(maxsize=8)
def _spectrum(state: State) -> Spectrum:
    """Kept, because half of what can be moved leaves it as it is."""
    teacher = teacher_of(state)
    return spectrum(problem_of(state).hessian(teacher) if state.samples else teacher)


def spectrum_part(state: State) -> Part:
    """Eigenvalues above their error bars, from the largest, against their index."""
    found = spectrum_of(state)
    values = found.eigenvalues[::-1]
    kept = values[values > found.errors.max()]
    numbers = {
        "parameters": str(found.n_params),
        "largest eigenvalue": f"{found.values[-1]:.10g}",
        "smallest above zero": f"{found.min_positive():.6g}",
        "trace": f"{found.trace():.10g}",
    }
    return Part("spectrum", {"eigenvalues": Line(np.arange(1.0, kept.size + 1), kept)}, numbers)


def curve_part(state: State) -> Part:
    """The loss that gradient descent is predicted to have, in the mean over starts, with one standard deviation."""
    found = spectrum_of(state)
    measure = spectral_measure(found, NoisyTeacher(state.noise))
    curve = predict_loss(measure, rule=rule_of(found), steps=log_steps(PREDICTED_STEPS))
    spread = np.zeros_like(curve.loss) if curve.std is None else curve.std
    upper, lower = curve.loss + spread, np.maximum(curve.loss - spread, 0.0)
    lines = {
        "predicted": Line(curve.times, curve.loss),
        "upper": Line(curve.times, upper),
        "lower": Line(curve.times, lower),
    }
    return Part("curve", lines, {"predicted loss at the end": f"{curve.loss[-1]:.6g}"})


def rule_of(found: Spectrum) -> GradientDescent:
    """Gradient descent at half the largest stable rate."""
    return GradientDescent(1 / float(found.values[-1]))


def law_part(state: State) -> Part:
    """The law of the eigenvalues at the quantiles that belong to their indices."""
    law, count = law_of(state)
    index = np.unique(np.rint(np.geomspace(1, count, _LAW_POINTS)))
    height = np.asarray(law.isf((index - 0.5) / count))
    above = height > 0
    return Part("law", {"law": Line(index[above], height[above])}, {"law": type(law).__name__})


def law_of(state: State) -> tuple[laws.Law, int]:
    """The law, and how many eigenvalues it is the law of."""
    if not as_weight_law(state.weights).has_variance:
        raise InputError(
            f"law: expected weights with a variance, got {state.weights}; no law is known without"
        )
    if state.samples:
        found = spectrum_of(dataclasses.replace(state, samples=0))
        return laws.SampledHessian(found, state.samples), found.n_params
    law = laws.law_of(teacher_of(state))
    return law, law.rank


def groups_part(state: State) -> Part:
    """The groups that these weights predict, each value at its place among all of them, from the largest."""
    groups = {name: values for name, values in _groups(state).items() if values.size}
    place = np.argsort(np.argsort(-np.concatenate([*groups.values()]), kind="stable"), kind="stable") + 1.0
    starts = np.cumsum([0, *(values.size for values in groups.values())])
    lines = {
        name: Line(place[start : start + values.size], values)
        for start, (name, values) in zip(starts, groups.items(), strict=False)
    }
    return Part(
        "groups", lines, {"groups": ", ".join(f"{name} {line.x.size}" for name, line in lines.items())}
    )


def _groups(state: State) -> dict[str, np.ndarray]:
    teacher = teacher_of(state)
    if state.samples or state.biases:
        raise InputError(
            "groups: expected no biases and no samples; the groups are those of the mean over inputs"
        )
    if state.activation == "linear":
        return {"top": laws.linear_eigenvalues(teacher.W, teacher.a)[::-1]}
    if state.activation == "quadratic":
        found = laws.QuadraticGroups(teacher.W, teacher.a, state.alpha)
        return {"top": np.array([found.outlier]), "middle": found.group, "bulk": found.bulk}
    odd = laws.OddGroups(teacher.W, teacher.a, teacher.activation)
    return {"top": odd.top, "middle": odd.middle, "bulk": odd.bulk}


def rank_part(state: State) -> Part:
    """Proved where that takes a second, structural where there is one, else counted in floating point."""
    return Part("rank", numbers={"effective parameters": _rank(state)})


def _rank(state: State) -> str:
    if proves(state):
        teacher = teacher_of(state)
        result = effective_parameters(teacher) if state.biases else hessian_rank(teacher)
        return f"{result.rank} ({result.confidence})"
    found = spectrum_of(state)
    if found.rank is not None:
        return f"{found.rank} (structural)"
    return f"{found.numerical_rank().rank} (floating point)"


def proves(state: State) -> bool:
    """Whether the rank is asked of exact arithmetic: small networks under Gaussian inputs."""
    return not state.samples and state.k * (state.d + 1 + state.biases) <= PROVEN_UP_TO


def run_part(state: State, progress: Progress | None = None) -> Part:
    """One student, trained on the loss itself."""
    if not state.run:
        return Part("run")
    curve = simulate(
        problem_of(state), NoisyTeacher(state.noise), rule_of(spectrum_of(state)),
        steps=log_steps(TRAINED_STEPS), seed=state.seed, progress=progress,
    )  # fmt: skip
    return Part(
        "run",
        {"trained": Line(curve.times, curve.loss)},
        {"trained loss at the end": f"{curve.loss[-1]:.6g}"},
    )


def recovery_part(state: State) -> Part:
    """How many samples determine a quadratic teacher with frozen read-outs: certified probability, and the three counts."""
    d, m = state.d, min(state.width, state.d)
    dimension = statistical_dimension(d, m).value
    counts = {
        "locally": effective_parameters_frozen(d, m),
        "counted": critical_samples(d, m),
        "convex": dimension,
    }
    lines = {name: Line(np.array([n, n], float), np.array([0.0, 1.0])) for name, n in counts.items()}
    words = ("locally unique from", "counted", "statistical dimension")
    numbers = {f"samples, {word}": f"{n:.6g}" for word, n in zip(words, counts.values(), strict=True)}
    if d > CERTIFIED_UP_TO:
        return Part(
            "recovery", lines, numbers, f"recovery: certified instances are shown up to d = {CERTIFIED_UP_TO}"
        )
    curve = unique_counts(d, m, INSTANCES, state.seed).curve(np.arange(1, d * (d + 1) // 2 + 1))
    lines["certified"] = Line(curve.samples.astype(float), curve.probability)
    return Part("recovery", lines, numbers | {"samples, half certified": f"{curve.half_point:.6g}"})
