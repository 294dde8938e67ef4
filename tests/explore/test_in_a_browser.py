"""The served page in Chromium: moved, restored, downloaded from, given a bad value; and nobody else is asked."""

import csv
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

import tutelage

pytest.importorskip("bokeh")

_LIMIT = 120_000
"""Milliseconds until something is there on a loaded machine: a limit of patience, nothing that is measured."""


@pytest.fixture
def visit(address, browser):
    """``visit(query)``: the page once all is computed; at the end, everything it asked for came from 127.0.0.1."""
    asked, pages, failures = [], [], []

    def opened(query="", **options):
        pages.append(browser.new_page(**options))
        pages[-1].set_default_timeout(_LIMIT)
        pages[-1].on("request", lambda request: asked.append(request.url))
        pages[-1].on("websocket", lambda socket: asked.append(socket.url))
        pages[-1].on("pageerror", lambda error: failures.append(error))
        pages[-1].goto(address + query)
        _ready(pages[-1])
        return pages[-1]

    yield opened
    for page in pages:
        page.close()
    assert failures == []
    assert {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))} == {
        "127.0.0.1"
    }
    assert any(url.startswith("ws:") for url in asked)


def _ready(page):
    page.get_by_text("ready", exact=True).wait_for()


def _text(download):
    return Path(download.value.path()).read_text(encoding="utf-8")


def _number(page, name):
    return page.get_by_role("row", name=name).locator("td").inner_text()


def _shown(page, spectrum):
    """Waits for the number that the library has for this state."""
    page.get_by_role("row", name=f"largest eigenvalue {spectrum.values[-1]:.10g}").wait_for()
    _ready(page)
    assert _number(page, "trace") == f"{spectrum.trace():.10g}"


def test_a_slider_and_an_activation_change_the_numbers_to_the_librarys(visit):
    page = visit("?activation=linear&d=4&k=3")
    _shown(page, tutelage.spectrum(tutelage.sample_teacher("linear", 4, 3)))
    handle = page.locator(".controls .noUi-handle:visible").first
    handle.focus()
    handle.press("ArrowRight")
    _shown(page, tutelage.spectrum(tutelage.sample_teacher("linear", 5, 3)))
    page.locator(".controls select").first.select_option("relu")
    moved = tutelage.sample_teacher("relu", 5, 3)
    _shown(page, tutelage.spectrum(moved))
    rank = tutelage.hessian_rank(moved)
    assert _number(page, "effective parameters") == f"{rank.rank} ({rank.confidence})"
    assert urlsplit(page.url).query == "activation=relu&d=5&k=3"


def test_a_link_restores_what_was_shown(visit):
    page = visit("?activation=quadratic&d=3&k=4&alpha=0.75&seed=7")
    teacher = tutelage.sample_teacher("quadratic:alpha=0.75", 3, 4, seed=7)
    _shown(page, tutelage.spectrum(teacher))
    assert page.locator(".controls select").first.input_value() == "quadratic"
    assert "'quadratic:alpha=0.75', 3, 4, seed=7" in page.locator(".program pre").inner_text()


def test_a_bad_value_is_a_message_and_the_page_goes_on(visit):
    page = visit("?activation=linear&d=four&k=3")
    page.get_by_text("whole number for d, got 'four'").wait_for()
    field = page.get_by_label("noise of the start")
    field.fill("much")
    field.press("Enter")
    page.get_by_text("number for noise, got 'much'").wait_for()
    field.fill("0.01")
    field.press("Enter")
    page.get_by_text("number for noise, got 'much'").wait_for(state="detached")
    _ready(page)
    assert "NoisyTeacher(0.01)" in page.locator(".program pre").inner_text()


def test_downloads_hold_what_is_drawn(visit, tmp_path):
    page = visit("?activation=linear&d=4&k=3")
    with page.expect_download() as got:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(_text(got).splitlines()))
    drawn = [float(row["y"]) for row in rows if row["line"] == "eigenvalues"]
    spectrum = tutelage.spectrum(tutelage.sample_teacher("linear", 4, 3))
    np.testing.assert_array_equal(drawn, spectrum.eigenvalues[::-1][: len(drawn)])
    with page.expect_download() as got:
        page.get_by_role("button", name="Python").click()
    names = {}
    exec(_text(got), names)
    np.testing.assert_array_equal(names["spectrum"].values, spectrum.values)
    with page.expect_download() as got:
        page.get_by_role("button", name="PNG").click()
    assert Path(got.value.path()).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("width", [1300, 390])
def test_nothing_is_wider_than_the_page(visit, width):
    page = visit("?activation=linear&d=4&k=3", viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
