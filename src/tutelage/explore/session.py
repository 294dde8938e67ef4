"""One visitor of the served page: what happens when something is moved."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable

from bokeh.document import Document
from bokeh.models import Column, CustomJS

from tutelage.explore.code import code
from tutelage.explore.controls import controls
from tutelage.explore.model import parts
from tutelage.explore.page import TITLE, View, template
from tutelage.explore.state import State
from tutelage.explore.worker import Latest, Superseded

_compiled: set[str] = set()
"""Activations that this process has computed with, and so compiled for."""

# Without a reload: the address is always a link to what is shown.
_ADDRESS = 'history.replaceState(null, "", "?" + link.tags[0]);'


class Session:
    """The page of one visitor; its numbers are computed in a thread of its own, so that the page never waits."""

    def __init__(self, document: Document, query: str) -> None:
        self.document, self.view = document, View()
        self.state, messages = State.from_query(query)
        self.messages: dict[str, str] = {f"link {i}": text for i, text in enumerate(messages)}
        self.controls = controls(self.state, self.changed)
        self._calls: deque[Callable[[], None]] = deque()
        self.latest = Latest(self.compute)
        document.title, document.template = TITLE, template()
        for root in (
            Column(children=[*self.controls.values()], name="controls", sizing_mode="stretch_width"),
            *self.view.roots,
        ):
            document.add_root(root)
        self.view.status.js_on_change("tags", CustomJS(args={"link": self.view.status}, code=_ADDRESS))
        document.on_session_destroyed(lambda _: self.latest.end())
        self.ask()

    def changed(self, name: str, text: str) -> None:
        """A widget was moved: the new state, or a message beside the old one."""
        self.state, message = self.state.changed(name, text)
        self.messages = {name: message} if message else {}
        self.controls["alpha"].visible = self.state.activation == "quadratic"
        self.ask()

    def ask(self) -> None:
        """Have the present state computed; says so at once."""
        self.view.say(
            "computing …" if self.state.spec in _compiled else "compiling …", [*self.messages.values()]
        )
        self.view.status.tags = [self.state.query()]
        self.latest.ask(self.state)

    def compute(self, state: State, check: Callable[[], None]) -> None:
        """In the thread: one stage after the other is shown as soon as it is there."""
        try:
            self._stages(state, check)
        except Superseded:
            raise
        except Exception as error:  # memory that ran out, a fault of ours: the page says it and lives on
            self.later(functools.partial(self.view.say, "failed", [f"{type(error).__name__}: {error}"]))

    def _stages(self, state: State, check: Callable[[], None]) -> None:
        self.later(self.view.clear)
        for part in parts(state, lambda *_: check()):
            check()
            self.later(functools.partial(self.view.add, part))
            if part.name == "curve":
                _compiled.add(state.spec)
                self.later(self.rest)
                self.latest.settle()
        self.later(functools.partial(self.finish, code(state), state))

    def later(self, call: Callable[[], None]) -> None:
        """Run on the event loop, where models may be changed, in the order of the calls (Bokeh keeps none)."""
        self._calls.append(call)
        self.document.add_next_tick_callback(self._run_calls)

    def _run_calls(self) -> None:
        while self._calls:
            self._calls.popleft()()

    def rest(self) -> None:
        """Spectrum and curve are shown; the slower parts are on their way."""
        self.view.say("computing …", [*self.messages.values(), *self.view.notes()])

    def finish(self, program: str, state: State) -> None:
        """All is shown."""
        if state == self.state:
            self.view.code.text = program
            self.view.say("ready", [*self.messages.values(), *self.view.notes()])
