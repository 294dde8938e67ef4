"""Rules of motion: each is a scalar filter ψ(λ, t) for prediction and one update for simulation."""

from __future__ import annotations

import abc
import dataclasses
import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeAlias

import jax
import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.spec import format_spec, parse_spec
from tutelage.base.types import Array, PyTree
from tutelage.base.value import Shown
from tutelage.dynamics.recurrence import damped_response

State: TypeAlias = Any
"""What a rule carries from step to step: the previous parameters, or nothing; known to that rule alone."""


class StabilityWarning(UserWarning):
    """A learning rate lies above the largest stable one; the message gives both."""


class Rule(Shown, abc.ABC):
    r"""How parameters move downhill.

    Near an optimum every rule acts on each eigendirection of H alone: :math:`v_i\cdot\delta(t) =
    \psi(\lambda_i, t)\,v_i\cdot\delta(0)` (science 6.1). The *clock* of a rule is time for the flow
    and the number of steps for the others; time is learning rate times steps.
    """

    name: ClassVar[str]

    @property
    def step_size(self) -> float | None:
        """The learning rate; None where time is continuous."""
        return None

    @abc.abstractmethod
    def filter(self, eigenvalues: np.ndarray, clock: np.ndarray) -> np.ndarray:
        r""":math:`\psi`, shape (len(clock), len(eigenvalues)); :math:`\psi = 1` at clock 0."""

    def largest_stable_rate(self, largest: float) -> float:
        """The learning rate at which the steepest direction, eigenvalue ``largest``, stops shrinking."""
        return math.inf

    def init(self, theta: Array) -> State:
        """The state beside the parameters when a run starts."""
        return ()

    def update(self, gradient: Callable[[Array], Array], theta: Array, state: State) -> tuple[Array, State]:
        """One step: new parameters and state. ``gradient`` is a function of the parameters."""
        raise InputError(f"{self.name}: expected a rule with discrete steps to simulate, got {self!r}")

    @property
    def spec(self) -> str:
        """The written form, understood by :func:`parse_rule`."""
        return format_spec(self.name, self)


@dataclasses.dataclass(frozen=True)
class GradientFlow(Rule):
    r""":math:`\dot\theta = -\nabla\epsilon`; :math:`\psi = e^{-\lambda t}` ([C25] 6)."""

    name: ClassVar[str] = "flow"

    def filter(self, eigenvalues: np.ndarray, clock: np.ndarray) -> np.ndarray:
        return np.exp(-np.multiply.outer(clock, eigenvalues))


@dataclasses.dataclass(frozen=True)
class GradientDescent(Rule):
    r""":math:`\theta_{n+1} = \theta_n - \eta\nabla\epsilon(\theta_n)`; :math:`\psi = (1-\eta\lambda)^n`."""

    learning_rate: float
    name: ClassVar[str] = "gd"

    def __post_init__(self) -> None:
        check.number(self.learning_rate, "GradientDescent", "learning_rate", above=0.0)

    @property
    def step_size(self) -> float:
        return float(self.learning_rate)

    def filter(self, eigenvalues: np.ndarray, clock: np.ndarray) -> np.ndarray:
        x = self.learning_rate * np.asarray(eigenvalues, dtype=np.float64)
        factor = 1.0 - x
        # log1p keeps the rates of nearly flat directions, which 1 - x rounds away before n multiplies the
        # error.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            log_size = np.where(x < 0.5, np.log1p(-np.minimum(x, 0.5)), np.log(np.abs(factor)))
            size = np.exp(np.where(clock[:, None] == 0, 0.0, clock[:, None] * log_size[None, :]))
        odd = np.asarray(clock)[:, None] % 2 == 1
        return np.where(odd & (factor < 0)[None, :], -size, size)

    def largest_stable_rate(self, largest: float) -> float:
        return 2.0 / largest

    def update(self, gradient: Callable[[Array], Array], theta: Array, state: State) -> tuple[Array, State]:
        return theta - self.learning_rate * gradient(theta), state


@dataclasses.dataclass(frozen=True)
class HeavyBall(Rule):
    r"""Polyak:
    :math:`\theta_{n+1} = \theta_n - \eta\nabla\epsilon(\theta_n) + \beta(\theta_n - \theta_{n-1})`, at rest
    at 0.

    Stable below :math:`2(1+\beta)/\lambda_{max}`.
    """

    learning_rate: float
    momentum: float = 0.9
    name: ClassVar[str] = "heavy_ball"

    def __post_init__(self) -> None:
        check.number(self.learning_rate, "HeavyBall", "learning_rate", above=0.0)
        _momentum(self.momentum, "HeavyBall")

    @property
    def step_size(self) -> float:
        return float(self.learning_rate)

    def filter(self, eigenvalues: np.ndarray, clock: np.ndarray) -> np.ndarray:
        x = self.learning_rate * np.asarray(eigenvalues, dtype=np.float64)
        return damped_response(1.0 - self.momentum + x, np.full_like(x, self.momentum), x, clock)

    def largest_stable_rate(self, largest: float) -> float:
        return 2.0 * (1.0 + self.momentum) / largest

    def init(self, theta: Array) -> State:
        return theta

    def update(self, gradient: Callable[[Array], Array], theta: Array, state: State) -> tuple[Array, State]:
        return theta - self.learning_rate * gradient(theta) + self.momentum * (theta - state), theta


@dataclasses.dataclass(frozen=True)
class Nesterov(Rule):
    r"""Constant momentum: :math:`y = \theta_n + \beta(\theta_n-\theta_{n-1})`,
    :math:`\theta_{n+1} = y - \eta\nabla\epsilon(y)`.

    Stable below :math:`2(1+\beta)/((1+2\beta)\lambda_{max})` (both roots of the recurrence inside the unit
    circle).
    """

    learning_rate: float
    momentum: float = 0.9
    name: ClassVar[str] = "nesterov"

    def __post_init__(self) -> None:
        check.number(self.learning_rate, "Nesterov", "learning_rate", above=0.0)
        _momentum(self.momentum, "Nesterov")

    @property
    def step_size(self) -> float:
        return float(self.learning_rate)

    def filter(self, eigenvalues: np.ndarray, clock: np.ndarray) -> np.ndarray:
        x = self.learning_rate * np.asarray(eigenvalues, dtype=np.float64)
        linear = 1.0 - self.momentum + x * (1.0 + self.momentum)
        return damped_response(linear, self.momentum * (1.0 - x), x, clock)

    def largest_stable_rate(self, largest: float) -> float:
        return 2.0 * (1.0 + self.momentum) / ((1.0 + 2.0 * self.momentum) * largest)

    def init(self, theta: Array) -> State:
        return theta

    def update(self, gradient: Callable[[Array], Array], theta: Array, state: State) -> tuple[Array, State]:
        ahead = theta + self.momentum * (theta - state)
        return ahead - self.learning_rate * gradient(ahead), theta


@dataclasses.dataclass(frozen=True)
class CustomFilter(Rule):
    r"""Any scalar filter: ``fn(eigenvalues, t)`` returns :math:`\psi` at one clock reading, shape of
    ``eigenvalues``."""

    fn: Callable[[np.ndarray, float], np.ndarray]
    learning_rate: float | None = None
    name: ClassVar[str] = "custom"

    def __post_init__(self) -> None:
        if not callable(self.fn):
            raise InputError(
                f"CustomFilter: expected a function as fn, got {type(self.fn).__name__}; pass psi(h, t)"
            )
        if self.learning_rate is not None:
            check.number(self.learning_rate, "CustomFilter", "learning_rate", above=0.0)

    @property
    def step_size(self) -> float | None:
        return self.learning_rate

    def filter(self, eigenvalues: np.ndarray, clock: np.ndarray) -> np.ndarray:
        rows = [np.asarray(self.fn(eigenvalues, t), dtype=np.float64) for t in clock]
        for row in rows:
            if row.shape != eigenvalues.shape:
                raise InputError(
                    f"CustomFilter: expected fn to return shape {eigenvalues.shape}, got {row.shape}; "
                    "write it elementwise in the eigenvalues"
                )
        return np.stack(rows)


def _register(rule: type) -> None:
    """Make a rule a pytree of its numbers; JAX rebuilds it around traced ones, which no check could read."""
    names = [field.name for field in dataclasses.fields(rule)]

    def rebuild(_: None, values: Iterable[PyTree]) -> Rule:
        made = object.__new__(rule)
        for name, value in zip(names, values, strict=True):
            object.__setattr__(made, name, value)
        return made

    jax.tree_util.register_pytree_node(
        rule, lambda made: ([getattr(made, name) for name in names], None), rebuild
    )


for _rule in (GradientDescent, HeavyBall, Nesterov):
    _register(_rule)

FLOW = GradientFlow()

RULES: dict[str, type] = {rule.name: rule for rule in (GradientFlow, GradientDescent, HeavyBall, Nesterov)}


def parse_rule(text: str) -> Rule:
    """The rule a written form names: ``"flow"``, ``"gd:learning_rate=0.1"``,
    ``"heavy_ball:learning_rate=0.1,momentum=0.9"``."""
    return parse_spec(text, RULES, "rule")


def as_rule(value: Rule | str) -> Rule:
    """A rule from itself or its written form."""
    if isinstance(value, Rule):
        return value
    if isinstance(value, str):
        return parse_rule(value)
    raise InputError(
        f"rule: expected a Rule or its name ({', '.join(RULES)}), got {type(value).__name__}; "
        "wrap a plain filter as CustomFilter(fn)"
    )


def warn_if_unstable(rule: Rule, largest: float, stacklevel: int = 3) -> None:
    """The one check of a learning rate: a :class:`StabilityWarning` with the largest stable one, from there on.

    ``stacklevel`` is as in :func:`warnings.warn`; 3 blames the caller of the function that checks.
    """
    rate = rule.step_size
    if rate is None or not largest > 0.0:
        return
    limit = rule.largest_stable_rate(largest)
    if rate >= limit:
        warnings.warn(
            f"learning rate {rate:g} is not below the largest stable rate {limit:.6g} of {rule.name} "
            f"(largest eigenvalue {largest:.6g}); the steepest directions will not shrink",
            StabilityWarning,
            stacklevel=stacklevel,
        )


def _momentum(value: float, who: str) -> None:
    if not 0.0 <= check.number(value, who, "momentum") < 1.0:
        raise InputError(f"{who}: expected 0 <= momentum < 1, got {value:g}; momentum 1 never loses energy")
