"""Sliders, choices and fields: one widget a value of the state."""

from __future__ import annotations

from collections.abc import Callable

from bokeh.models import Checkbox, Select, Slider, TextInput, Widget

from tutelage.explore.state import ACTIVATION_NAMES, LARGEST, WEIGHT_NAMES, State

Changed = Callable[[str, str], None]
"""Called with the name of a value and what was chosen, as a link would write it."""

_FLAGS = {"biases": "hidden biases", "run": "train one student"}
_FIELDS = {"noise": "noise of the start", "samples": "samples (0: the mean over inputs)", "seed": "seed"}


def controls(state: State, changed: Changed) -> dict[str, Widget]:
    """The widgets by the names of their values, at this state."""
    found: dict[str, Widget] = {
        "activation": Select(title="activation", options=list(ACTIVATION_NAMES), value=state.activation),
        "alpha": Slider(title="α of u + αu²", start=-2, end=2, step=0.05, value=state.alpha),
        "d": Slider(title="inputs d", start=1, end=LARGEST, value=state.d),
        "k": Slider(title="neurons k", start=1, end=LARGEST, value=state.k),
        "weights": Select(
            title="law of the weights", options=_with(WEIGHT_NAMES, state.weights), value=state.weights
        ),
    }
    found |= {
        name: TextInput(title=title, value=str(getattr(state, name))) for name, title in _FIELDS.items()
    }
    found["width"] = Slider(
        title="neurons m of the recovered teacher", start=1, end=12, value=min(state.width, 12)
    )
    found |= {name: Checkbox(label=label, active=getattr(state, name)) for name, label in _FLAGS.items()}
    for name, widget in found.items():
        widget.name, widget.sizing_mode = name, "stretch_width"
        _listen(widget, name, changed)
    found["alpha"].visible = state.activation == "quadratic"
    return found


def _listen(widget: Widget, name: str, changed: Changed) -> None:
    if isinstance(widget, Checkbox):
        widget.on_change("active", lambda _, __, new: changed(name, "yes" if new else "no"))
    else:
        widget.on_change("value", lambda _, __, new: changed(name, str(new)))


def _with(names: tuple[str, ...], chosen: str) -> list[str]:
    return [*names, *({chosen} - set(names))]
