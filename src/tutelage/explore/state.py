"""What the explorer shows, as one value that a link carries."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tutelage.activations.registry import ACTIVATIONS
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.weights import WEIGHT_LAWS, as_weight_law

WHO = "explore"

LARGEST = 50
"""Of d and k: 2550 parameters, whose dense spectrum takes seconds."""

ACTIVATION_NAMES = (
    "linear",
    "quadratic",
    *sorted(ACTIVATIONS.keys() - {"linear", "quadratic", "polynomial"}),
)
WEIGHT_NAMES = tuple(name if name != "student_t" else "student_t:nu=5" for name in WEIGHT_LAWS)


@dataclasses.dataclass(frozen=True)
class State:
    """All that the sliders and fields say.

    Parameters
    ----------
    activation : str
        A built-in name; ``alpha`` is that of :math:`u + \\alpha u^2` and used by ``quadratic`` alone.
    d, k : int
        Input dimension and width, at most 50.
    alpha : float
    weights : str
        Written form of the law of the teacher's weights.
    biases : bool
        Hidden biases, drawn as the teacher's weights are with variance 1.
    noise : float
        Of the start: a teacher with N(0, noise²) on every parameter.
    samples : int
        0 for the mean over Gaussian inputs, else the loss of so many samples.
    width : int
        Neurons of the quadratic teacher that is recovered from samples; at most d are used.
    run : bool
        Train one student beside the predicted curve.
    seed : int

    Raises
    ------
    InputError
        A value out of its bounds.

    Examples
    --------
    >>> State(activation="relu", d=5).query()
    'activation=relu&d=5'
    >>> State.from_query("d=5&activation=relu")[0] == State(activation="relu", d=5)
    True
    """

    activation: str = "erf"
    d: int = 10
    k: int = 20
    alpha: float = 0.5
    weights: str = "normal"
    biases: bool = False
    noise: float = 1e-3
    samples: int = 0
    width: int = 2
    run: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, rule in _RULES.items():
            object.__setattr__(self, name, rule(getattr(self, name), name))

    @property
    def spec(self) -> str:
        """The activation's written form."""
        return f"quadratic:alpha={self.alpha!r}" if self.activation == "quadratic" else self.activation

    def query(self) -> str:
        """What follows the question mark of a link: the values that are not the usual ones."""
        pairs = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return urlencode({name: _written(value) for name, value in pairs.items() if value != _USUAL[name]})

    @classmethod
    def from_query(cls, text: str) -> tuple[State, list[str]]:
        """The state of a link, and a message for every value that was not understood: the usual one is taken."""
        state, messages = cls(), []
        for name, value in parse_qsl(text.removeprefix("?"), keep_blank_values=True):
            state, message = state.changed(name, value)
            messages += [message] if message else []
        return state, messages

    def changed(self, name: str, text: str) -> tuple[State, str]:
        """The state with one value as it was written; itself and a message where it is not understood."""
        try:
            check.choice(name, WHO, "value", _RULES)
            return dataclasses.replace(self, **{name: _read(_USUAL[name], text, name)}), ""
        except InputError as error:
            return self, str(error)


def _whole(low: int, high: int) -> Callable[[Any, str], int]:
    return lambda value, name: check.integer(value, WHO, name, low, high)


def _real(low: float, high: float) -> Callable[[Any, str], float]:
    return lambda value, name: check.number(value, WHO, name, minimum=low, maximum=high)


def _flag(value: Any, name: str) -> bool:
    return check.flag(value, WHO, name)


def _law(value: Any, name: str) -> str:
    return as_weight_law(check.text(value, WHO, name)).spec


_RULES: dict[str, Callable[[Any, str], Any]] = {
    "activation": lambda value, name: check.choice(value, WHO, name, ACTIVATION_NAMES),
    "d": _whole(1, LARGEST),
    "k": _whole(1, LARGEST),
    "alpha": _real(-10.0, 10.0),
    "weights": _law,
    "biases": _flag,
    "noise": _real(1e-8, 1.0),
    "samples": _whole(0, 20_000),
    "width": _whole(1, LARGEST),
    "run": _flag,
    "seed": _whole(0, 2**53),
}
_USUAL = {f.name: f.default for f in dataclasses.fields(State)}


def _written(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _read(usual: Any, text: str, name: str) -> Any:
    """A text as the type of the usual value."""
    if isinstance(usual, bool):
        return check.choice(text, WHO, name, ("no", "yes")) == "yes"
    if isinstance(usual, str):
        return text
    try:
        return type(usual)(text)
    except ValueError:
        kind = "a whole number" if isinstance(usual, int) else "a number"
        raise InputError(
            f"{WHO}: expected {kind} for {name}, got {text[:40]!r}; write it in digits"
        ) from None
