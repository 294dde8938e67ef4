"""One static file of what the explorer shows: it opens without a server and asks nothing of the network."""

from __future__ import annotations

from pathlib import Path

from tutelage.base.files import atomic_write
from tutelage.explore.server import require_bokeh
from tutelage.explore.state import State


def saved_page(state: State) -> str:
    """The page as HTML, with the library that draws it inside; its figures can be zoomed and downloaded.

    Raises
    ------
    MissingExtraError
        Bokeh is not installed.
    """
    require_bokeh()
    from bokeh.embed import file_html
    from bokeh.resources import INLINE

    from tutelage.explore.code import code
    from tutelage.explore.model import parts
    from tutelage.explore.page import TITLE, View, template

    view = View()
    for part in parts(state):
        view.add(part)
    view.code.text = code(state)
    view.say("", view.notes())
    shown = {"saved": state.query() or "activation=erf"}
    return file_html(view.roots, INLINE, TITLE, template=template(), template_variables=shown)


def save_page(state: State, path: Path) -> None:
    """Write :func:`saved_page` to a file."""
    content = saved_page(state)
    with atomic_write(path, "w", "explore --save") as stream:
        stream.write(content)
