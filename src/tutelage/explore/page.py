"""What a page shows of a state, served or saved: figures, numbers, messages, the program and the downloads."""

from __future__ import annotations

import html
from pathlib import Path

from bokeh.models import Div, Model, PreText, Row

from tutelage.base.printable import printable
from tutelage.explore.downloads import buttons
from tutelage.explore.figures import figures, show, sources, tidy
from tutelage.explore.model import Part

_HERE = Path(__file__).parent
TITLE = "tutelage explorer"

# Models live in shadow trees, which the style of the page does not reach.
_TABLE = "th { text-align: left; font-weight: normal; color: #556170; padding-right: 1rem; } td { overflow-wrap: anywhere; }"
_NOTES = "ul { margin: 0.2rem 0; padding-left: 1.1rem; color: #556170; } :host { font-size: 0.85rem; }"
_WRAPPED = "pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.82rem; }"


class View:
    """The models of one page, and how they are filled."""

    def __init__(self) -> None:
        self.data = sources()
        self.plots = figures(self.data)
        self.numbers = Div(name="numbers", sizing_mode="stretch_width", stylesheets=[_TABLE])
        self.status = Div(name="status", sizing_mode="stretch_width", stylesheets=[_NOTES])
        self.code = PreText(name="code", sizing_mode="stretch_width", stylesheets=[_WRAPPED])
        files = buttons(self.data, list(self.plots.values()), self.code)
        self.downloads = Row(children=[*files], name="downloads")
        self._found: dict[str, Part] = {}

    def clear(self) -> None:
        """Before the parts of another state: what is slow to come may not stay from the one before."""
        self._found = {}
        for name in ("law", "groups", "run", "recovery"):
            show(Part(name), self.data)

    def add(self, part: Part) -> None:
        """Show what a part found."""
        self._found[part.name] = part
        show(part, self.data)
        tidy(self.plots.values())
        rows = {name: text for found in self._found.values() for name, text in found.numbers.items()}
        self.numbers.text = _table(rows)

    def notes(self) -> list[str]:
        """Why parts are missing, each reason once."""
        return list(dict.fromkeys(part.note for part in self._found.values() if part.note))

    def say(self, word: str, messages: list[str]) -> None:
        """The line under the title: what goes on, and what could not be done."""
        said = "".join(f"<li>{html.escape(printable(message))}</li>" for message in messages)
        self.status.text = f"<b>{word}</b>" + (f"<ul>{said}</ul>" if said else "")

    @property
    def roots(self) -> list[Model]:
        """All that a page places, by name."""
        return [self.status, self.numbers, self.downloads, self.code, *self.plots.values()]


def _table(rows: dict[str, str]) -> str:
    cells = "".join(f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in rows.items())
    return f"<table>{cells}</table>"


def template() -> str:
    """The page around the roots, with its style; nothing of it lies elsewhere."""
    text = (_HERE / "page.html").read_text(encoding="utf-8")
    return text.replace("/* style */", (_HERE / "style.css").read_text(encoding="utf-8"))
