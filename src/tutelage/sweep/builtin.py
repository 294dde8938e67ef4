"""The quantities a sweep knows by name; each calls the public function of its room."""

from __future__ import annotations

from typing import Any

import numpy as np

from tutelage.activations import parse_activation
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.dynamics import (
    NoisyTeacher,
    noise_floor,
    predict_loss,
    predict_sgd,
    sgd_stability,
    spectral_measure,
)
from tutelage.dynamics.rules import as_rule
from tutelage.quadratic import (
    certify_uniqueness,
    critical_samples,
    matrix_of,
    minimise,
    sample_inputs,
    sample_quadratic_teacher,
    sample_start,
)
from tutelage.quadratic.settings import METHODS as SOLVERS
from tutelage.rank import effective_parameters, hessian_rank
from tutelage.spectra.solve import METHODS
from tutelage.sweep.quantities import Evaluation, Quantity, Values

_METHOD = {"method": "auto"}
_CURVE = {"first": 0.01, "last": 1e4, "count": 61, "noise": 1.0, "rule": "flow", "method": "auto"}


def _check_method(method: str, **_: object) -> None:
    check.choice(method, "spectrum", "method", METHODS)


def _spectrum(point: Evaluation, method: str) -> Values:
    found = point.spectrum(method)
    axis = ("block",)
    return {
        "eigenvalues": (axis, found.values),
        "multiplicities": (axis, found.multiplicities),
        "eigenvalue_errors": (axis, found.errors),
        "n_params": found.n_params,
    }


def _lambda_min(point: Evaluation, method: str) -> Values:
    return {"lambda_min": point.spectrum(method).min_positive()}


def _lambda_max(point: Evaluation, method: str) -> Values:
    return {"lambda_max": point.spectrum(method).values[-1]}


def _trace_moments(point: Evaluation, orders: int, method: str) -> Values:
    found = point.spectrum(method)
    powers = found.values[:, None] ** np.arange(1, orders + 1)
    return {"trace_moments": (("order",), found.multiplicities @ powers)}


def _check_moments(orders: int, method: str) -> None:
    _check_method(method)
    _at_most(check.integer(orders, "trace_moments", "orders"), 1000, "trace_moments", "orders")


def _at_most(value: int, most: int, who: str, name: str) -> None:
    if value > most:
        raise InputError(f"{who}: expected {name} <= {most}, got {value}; choose a smaller one")


def _check_rank(primes: int, proof_limit: float = 0.0) -> None:
    check.integer(primes, "rank", "primes")
    check.number(proof_limit, "rank", "proof_limit", minimum=0.0)


def _rank(point: Evaluation, primes: int, proof_limit: float) -> Values:
    if point.problem.inputs.is_degenerate:
        raise InputError(
            "rank: expected inputs that see every direction, got a singular covariance; take the rank of the spectrum"
        )
    found = hessian_rank(point.teacher, primes=primes, proof_limit=proof_limit, floating=False)
    return {"rank": found.rank, "rank_status": found.status}


def _effective_parameters(point: Evaluation, primes: int) -> Values:
    found = effective_parameters(point.teacher, primes=primes)
    return {"effective_parameters": found.rank, "effective_parameters_status": found.status}


def _curve_times(first: float, last: float, count: int, **_: Any) -> dict[str, np.ndarray]:
    return {"time": np.geomspace(first, last, count)}


def _check_curve(first: float, last: float, count: int, noise: float, rule: str, method: str) -> None:
    who = "predicted_loss"
    _check_method(method)
    check.number(last, who, "last", above=check.number(first, who, "first", above=0.0))
    _at_most(check.integer(count, who, "count", minimum=2), 100_000, who, "count")
    NoisyTeacher(noise)
    as_rule(rule)


def _predicted_loss(point: Evaluation, noise: float, rule: str, method: str, **times: Any) -> Values:
    measure = spectral_measure(point.spectrum(method), NoisyTeacher(noise))
    curve = predict_loss(measure, _curve_times(**times)["time"], rule)
    return {
        "predicted_loss": (("time",), curve.loss),
        "predicted_loss_std": (("time",), curve.std),
    }


def _check_sgd(batch: int, share: float = 0.5, label_noise: float = 0.0, **curve: Any) -> None:
    who = "sgd"
    check.integer(batch, who, "batch")
    check.number(label_noise, who, "label_noise", minimum=0.0)
    if not 0.0 < check.number(share, who, "share") < 1.0:
        raise InputError(f"{who}: expected 0 < share < 1 of the largest stable rate, got {share:g}")
    if curve:
        NoisyTeacher(curve["noise"])
        _at_most(check.integer(curve["steps"], who, "steps"), 100_000, who, "steps")


def _sgd_stability(point: Evaluation, batch: int) -> Values:
    found = sgd_stability(point.problem, batch=batch)
    point.methods["sgd"] = found.method
    return {"stable_rate": found.value, "crossing_batch": found.crossing_batch}


def _noise_floor(point: Evaluation, batch: int, share: float, label_noise: float) -> Values:
    rate = share * float(sgd_stability(point.problem, batch=batch))
    found = noise_floor(point.problem, learning_rate=rate, batch=batch, label_noise=label_noise)
    return {"noise_floor": found.value, "noise_floor_rate": rate}


def _predicted_sgd(
    point: Evaluation, batch: int, share: float, label_noise: float, noise: float, steps: int
) -> Values:
    rate = share * float(sgd_stability(point.problem, batch=batch))
    curve = predict_sgd(
        point.problem, NoisyTeacher(noise), learning_rate=rate, batch=batch, steps=np.arange(steps + 1),
        label_noise=label_noise,
    )  # fmt: skip
    return {"predicted_sgd": (("step",), curve.loss)}


def _check_recovery(
    samples: int | None, student: int | None, target: float, solver: str, certify: bool
) -> None:
    who = "recovery"
    for value, name in ((samples, "samples"), (student, "student")):
        if value is not None:
            check.integer(value, who, name)
    check.number(target, who, "target", above=0.0)
    check.choice(solver, who, "solver", SOLVERS)
    if not isinstance(certify, bool):
        raise InputError(f"{who}: expected true or false for certify, got {certify!r}")


def _recovery(
    point: Evaluation, samples: int | None, student: int | None, target: float, solver: str, certify: bool
) -> Values:
    where = point.point
    activation = parse_activation(where.activation)
    if activation.degree != 2 or activation.taylor(2) != (0, 0, 1):
        raise InputError(
            f"recovery: expected the activation 'polynomial:coefficients=0,0,1' ([S20]), got {where.activation!r}; "
            "the recovery problem is stated for u^2 with frozen read-outs"
        )
    samples = where.extra.get("samples", samples)
    if samples is None:
        samples = critical_samples(where.d, where.k)
    stream = (where.seed, where.realization)
    teacher = sample_quadratic_teacher(where.d, where.k, stream[0], where.weights, stream[1])
    X = sample_inputs(samples, where.d, *stream)
    start = matrix_of(sample_start(student or where.d, where.d, *stream))
    found = minimise(teacher.matrix[None], X[None], start[None], method=solver)
    point.methods["recovery"] = solver
    values: dict[str, Any] = {
        "recovery_error": found.error[0],
        "recovery_loss": found.loss[0],
        "recovered": float(found.error[0] <= target),
        "recovery_samples": samples,
    }
    if certify:
        values["recovery_certificate"] = certify_uniqueness(teacher, X).status
    return values


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity(
            "spectrum",
            _spectrum,
            _METHOD,
            None,
            "distinct eigenvalues, multiplicities, error bars",
            _check_method,
        ),
        Quantity(
            "lambda_min",
            _lambda_min,
            _METHOD,
            None,
            "smallest eigenvalue above ten error bars",
            _check_method,
        ),
        Quantity(
            "lambda_max", _lambda_max, _METHOD, None, "largest eigenvalue", _check_method, resolves=False
        ),
        Quantity(
            "trace_moments",
            _trace_moments,
            {"orders": 4, **_METHOD},
            lambda orders, **_: {"order": np.arange(1, orders + 1)},
            "tr H^p for p = 1, ..., orders",
            _check_moments,
            resolves=False,
        ),
        Quantity(
            "rank",
            _rank,
            {"primes": 2, "proof_limit": 3.0},
            help="rank of the Hessian at this teacher",
            checked=_check_rank,
        ),
        Quantity(
            "effective_parameters",
            _effective_parameters,
            {"primes": 2},
            help="generic rank, exact",
            checked=_check_rank,
        ),
        Quantity(
            "predicted_loss",
            _predicted_loss,
            _CURVE,
            _curve_times,
            "mean loss from a noisy teacher",
            _check_curve,
        ),
        Quantity(
            "sgd_stability",
            _sgd_stability,
            {"batch": 1},
            help="largest stable rate of SGD, and the batch where sampling stops to limit it",
            checked=_check_sgd,
            plain=("outputs",),
        ),
        Quantity(
            "noise_floor",
            _noise_floor,
            {"batch": 1, "share": 0.5, "label_noise": 0.01},
            help="excess loss that label noise sustains, at a share of the largest stable rate",
            checked=_check_sgd,
            plain=("outputs",),
        ),
        Quantity(
            "predicted_sgd",
            _predicted_sgd,
            {"batch": 1, "share": 0.5, "label_noise": 0.0, "noise": 1.0, "steps": 100},
            lambda steps, **_: {"step": np.arange(steps + 1)},
            "mean excess loss of SGD at every step, at a share of the largest stable rate",
            _check_sgd,
            plain=("outputs",),
        ),
        Quantity(
            "recovery",
            _recovery,
            {"samples": None, "student": None, "target": 1e-6, "solver": "interior", "certify": False},
            None,
            "does the student find a quadratic teacher of width k from n samples",
            _check_recovery,
            plain=("biases", "inputs", "outputs"),
        ),
    )
}
"""Every named quantity."""
