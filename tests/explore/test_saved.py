"""The saved page, the command, and what they refuse."""

import re
import socket
import sys

import pytest

from tutelage import InputError, MissingExtraError
from tutelage.cli import run
from tutelage.explore import State
from tutelage.explore.server import free_port, serve

pytest.importorskip("bokeh")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "page.html"
    assert run(["explore", "--save", str(path), "--state", "activation=linear&d=4&k=3"]) == 0
    return path


def test_a_saved_page_names_no_place_from_which_it_would_load(saved):
    text = saved.read_text(encoding="utf-8")
    text = re.sub(r"(<script[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)  # programs speak of links
    assert "<main>" in text
    assert not re.search(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=(?!["']?data:)""", text)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//|@import|url\(["']?(?:https?:)?//""", text)


def test_a_saved_page_has_the_program_and_the_command_that_goes_on(saved):
    text = saved.read_text(encoding="utf-8")
    assert "activation=linear&amp;d=4&amp;k=3" in text and "sample_teacher" in text


def test_a_saved_page_is_drawn_and_asks_nothing_of_the_network(saved, browser):
    page = browser.new_page()
    asked, failures = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failures.append(error))
    page.goto(saved.as_uri())
    page.get_by_text("largest eigenvalue").wait_for()
    assert asked == [saved.as_uri()] or all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    assert failures == []
    page.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--port", "70000"], "port <= 65535"),
        (["--port", "-1"], "port >= 0"),
        (["--state", "d=no"], "whole number for d"),
        (["--save", "page.pdf"], "ending in .html"),
        (["--save", "no/such/page.html"], "existing folder"),
    ],
)
def test_bad_options_are_one_line(options, says, capsys):
    assert run(["explore", "--no-browser", *options]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and says in error


def test_a_taken_port_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match=f"free port, got {taken.getsockname()[1]}"):
            free_port(taken.getsockname()[1])


def test_the_server_listens_on_this_machine_alone():
    server, address = serve(0, State(d=3))
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?d=3", address)
        assert server.address == "127.0.0.1"
    finally:
        server.stop()


def test_without_bokeh_the_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "bokeh", None)
    with pytest.raises(MissingExtraError, match=r"tutelage\[explore\]"):
        serve(0, State())
    assert run(["explore"]) == 2 and "tutelage[explore]" in capsys.readouterr().err
