"""A local page of sliders: spectra, ranks, learning curves and recovery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutelage.explore import State


def explore(*, port: int = 5006, browser: bool = True, state: str = "", save: Path | None = None) -> int:
    """Open the explorer in the browser, or save what it shows as one file; no request leaves this machine.

    Example: `tutelage explore`, or `tutelage explore --save page.html --state "activation=relu&d=12"`

    Parameters
    ----------
    port
        Where the page is served, on 127.0.0.1 alone; 0 takes any free one.
    browser
        Open it in the browser; its address is printed in any case.
    state
        What is shown first: what follows the `?` in the page's address.
    save
        Write one static HTML file instead of serving.
    """
    from tutelage.base.errors import InputError
    from tutelage.explore import State
    from tutelage.explore.server import require_bokeh

    require_bokeh()
    first, messages = State.from_query(state)
    if messages:
        raise InputError(messages[0])
    if save is not None:
        return _save(first, save)
    return _serve(first, port, browser)


def _save(state: State, path: Path) -> int:
    from tutelage.cli.support import check_output, say
    from tutelage.explore.saved import save_page

    path = check_output(path, "explore --save", (".html",))
    save_page(state, path)
    say(f"written {path}", error=True)
    return 0


def _serve(state: State, port: int, browser: bool) -> int:
    from tutelage.cli.support import say
    from tutelage.explore.server import serve

    server, address = serve(port, state)
    say(f"the explorer is at {address} (Ctrl-C ends it)", flush=True)
    if browser:
        import webbrowser

        server.io_loop.add_callback(webbrowser.open, address)
    try:
        server.io_loop.start()
    except KeyboardInterrupt:
        say("")
    finally:
        server.stop()
    return 0
