"""What is asked of instances beside their sizes: how the student is trained, from what teachers, what is measured."""

from __future__ import annotations

import dataclasses
from typing import Literal

from tutelage.base import check
from tutelage.base.value import Value
from tutelage.quadratic.teacher import Weights
from tutelage.weights import Normal, as_weight_law

Method = Literal["gradient_descent", "gradient_flow", "interior", "lbfgs", "levenberg_marquardt"]
METHODS: tuple[Method, ...] = (
    "gradient_flow",
    "gradient_descent",
    "interior",
    "lbfgs",
    "levenberg_marquardt",
)

TARGETS = (1e-1, 1e-2, 1e-3, 1e-4)
"""Generalisation errors E/E(0) at which a run counts as a success."""

# Relative training loss asked for and steps allowed. Descent: at 1e-6 most runs arrive within 20 000 steps, and every
# decade further costs three times as many (loss ~ 1/t²). Flow: from 1e-10 to 1e-12 no verdict at 1e-4 changed in
# 140 instances at (8, 2, 21) and (16, 3, 60). Interior: at 1e-13 its error separates unique from other
# instances at every size tried (benchmarks/recovery.py).
_DEFAULTS: dict[str, tuple[float, int]] = {
    "gradient_descent": (1e-6, 100_000),
    "gradient_flow": (1e-10, 300),
    "interior": (1e-13, 100),
    "lbfgs": (1e-13, 3000),
    "levenberg_marquardt": (1e-13, 200),
}


def stopping(
    method: Method, training_loss: float | None, max_steps: int | None, who: str
) -> tuple[float, int]:
    """Training loss and steps at which a method stops: what the caller asks for, and the method's own for what is None."""
    own = _DEFAULTS[check.choice(method, who, "method", METHODS)]
    return (
        own[0] if training_loss is None else check.number(training_loss, who, "training_loss", above=0.0),
        own[1] if max_steps is None else check.integer(max_steps, who, "max_steps"),
    )


@dataclasses.dataclass(frozen=True)
class RecoverySettings(Value):
    """How instances of the recovery problem are made and trained, and what is measured on them.

    Parameters
    ----------
    method, training_loss, max_steps
        As in :func:`~tutelage.quadratic.minimise`: which training, the relative training loss E_n/E_n(0) at which it
        stops (the method's own unless given) and the steps allowed to it.
    student_width : int, optional
        m, 2 d unless given. m < d runs too, but the statement that every minimum has zero loss needs m >= d.
    weights : WeightLaw, str or frozen scipy.stats distribution
        Law of the teacher's weights.
    sizes : bool
        Also measure the set of fits.

    Examples
    --------
    >>> RecoverySettings("interior").training_loss
    1e-13
    """

    method: Method = "gradient_flow"
    training_loss: float | None = None
    max_steps: int | None = None
    student_width: int | None = None
    weights: Weights = Normal()  # noqa: RUF009  (a frozen value)
    sizes: bool = False

    def __post_init__(self) -> None:
        who = type(self).__name__
        loss, steps = stopping(self.method, self.training_loss, self.max_steps, who)
        object.__setattr__(self, "training_loss", loss)
        object.__setattr__(self, "max_steps", steps)
        object.__setattr__(self, "weights", as_weight_law(self.weights))
        if self.student_width is not None:
            check.integer(self.student_width, who, "student_width")

    def width(self, d: int) -> int:
        """m at dimension d."""
        return 2 * d if self.student_width is None else self.student_width

    def to_dict(self, d: int) -> dict[str, str | float | int | None]:
        """Everything in it, for keys, attributes and JSON."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return plain | {"student_width": self.width(d), "weights": as_weight_law(self.weights).spec}

    def __str__(self) -> str:
        width = "" if self.student_width is None else f", m = {self.student_width}"
        return f"{self.method}{width}, to relative training loss {self.training_loss:g}"
