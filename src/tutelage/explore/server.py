"""The local server: it listens on 127.0.0.1 alone and speaks with nobody else."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

from tutelage.base import check
from tutelage.base.errors import InputError, MissingExtraError
from tutelage.explore.state import WHO, State

if TYPE_CHECKING:
    from bokeh.document import Document
    from bokeh.server.server import Server

ADDRESS = "127.0.0.1"


def require_bokeh() -> None:
    """Refuse to go on without the library that draws the page.

    Raises
    ------
    MissingExtraError
        Bokeh is not installed.
    """
    try:
        import bokeh  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"{WHO}: expected Bokeh, which is not installed; pip install 'tutelage[explore]'"
        ) from error


def free_port(port: int) -> int:
    """The port itself, or a free one for 0.

    Raises
    ------
    InputError
        No port, or one that is taken.
    """
    port = check.integer(port, WHO, "port", 0, 65535)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise InputError(
                f"{WHO}: expected a free port, got {port} ({error.strerror}); choose another, or 0 for any"
            ) from None
        return probe.getsockname()[1]


def serve(port: int, usual: State) -> tuple[Server, str]:
    """A server that listens, and the address of its page; ``server.io_loop.start()`` answers.

    Parameters
    ----------
    port : int
        0 for any that is free.
    usual : State
        Shown where the address says nothing.
    """
    require_bokeh()
    port = free_port(port)
    from bokeh.application import Application
    from bokeh.application.handlers.function import FunctionHandler
    from bokeh.server.server import Server

    from tutelage.explore.session import Session

    # Whoever closes the page while it computes is no news.
    logging.getLogger("bokeh.server.views.ws").setLevel(logging.ERROR)

    def visit(document: Document) -> None:
        request = document.session_context.request if document.session_context else None
        Session(document, (request.query if request else "") or usual.query())

    server = Server(
        {"/": Application(FunctionHandler(visit))}, port=port, address=ADDRESS,
        allow_websocket_origin=[f"{ADDRESS}:{port}", f"localhost:{port}"],
    )  # fmt: skip
    server.start()
    return server, f"http://{ADDRESS}:{port}/" + (f"?{usual.query()}" if usual.query() else "")
