"""predict_run: what any rule does on the quadratic loss around the optimum, to draw beside what it does on the loss."""

from __future__ import annotations

from typing import Any

from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.quadratic import as_problem
from tutelage.dynamics.rules import FLOW
from tutelage.dynamics.setting import Start
from tutelage.dynamics.simulate import simulate
from tutelage.network import Network
from tutelage.problem import AbstractProblem


def predict_run(
    problem: AbstractProblem | Network,
    start: Start,
    rule: Any = FLOW,
    *,
    times: ArrayLike | None = None,
    steps: ArrayLike | None = None,
    runs: int = 1,
    seed: int = 0,
    learning_rate: float = 1.0,
    label: str = "predicted",
) -> Curve:
    r"""The run that :func:`simulate` would make, were the loss exactly :math:`\tfrac12\delta^T H\delta` at the optimum.

    For the rules with a filter this is :func:`predict_loss` of the same start; it also holds for every optax optimiser,
    also those that move each coordinate at its own rate (Adam), which no function of the eigenvalues alone describes.

    Parameters
    ----------
    problem : AbstractProblem or Network
        With a known optimum: a problem before its teacher, or the teacher alone.
    start : NoisyTeacher, Network or array_like (P,)
        The same as of the run; an array is the displacement from the optimum.
    rule : Rule, str or optax.GradientTransformation
    times, steps, runs, seed, learning_rate, label
        As of :func:`simulate`; the same seed is the same start.

    Raises
    ------
    InputError
        A problem whose optimum is not known, and whatever :func:`simulate` refuses.

    Examples
    --------
    >>> import optax
    >>> from tutelage import NoisyTeacher, Problem, sample_teacher, simulate
    >>> problem = Problem(sample_teacher("linear", d=3, k=2, seed=0))
    >>> how = dict(start=NoisyTeacher(1e-4), rule=optax.adam(1e-5), steps=[0, 10, 20], seed=1)
    >>> predicted, trained = predict_run(problem, **how), simulate(problem, **how)
    >>> bool(abs(trained.loss / predicted.loss - 1).max() < 0.01)
    True
    """
    problem = as_problem(problem, "predict_run")
    optimum = problem.optimum
    if optimum is None:
        raise InputError(
            "predict_run: expected a problem with a known optimum, got none; pass Problem(teacher), or simulate the "
            "Hessian where training ended"
        )
    if isinstance(start, Network):
        start = problem.theta(start) - problem.theta(optimum)
    return simulate(
        problem.hessian(optimum), start, rule, times=times, steps=steps, runs=runs, seed=seed,
        learning_rate=learning_rate, label=label,
    )  # fmt: skip
