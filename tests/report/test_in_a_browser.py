"""The page in Chromium: its first screen, on a phone, in the dark, filtered and printed."""

import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from tutelage.report import page as pages
from tutelage.report.equations import index


@pytest.fixture(scope="module")
def file(built, tmp_path_factory):
    """The page of the two small studies, which stand on its first screen as the three of the usual one do."""
    report, folder, _ = built
    pictures = {
        run.study.name: pages.Pictures(folder / "figures" / f"{run.study.name}.png") for run in report.runs
    }
    verdicts = {claim.id: claim.verdict for run in report.runs for claim in run.claims}
    path = tmp_path_factory.mktemp("page") / "index.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "FRONT", ("fig7", "fig6", "fig7"))
        content = pages.page(report.runs, pictures, index(verdicts), {}, {"os": "any"}, full=False, seed=0)
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def opened(file, browser):
    """``opened(width)``: the page in Chromium."""
    shown = []

    def visit(width, height=900, **options):
        shown.append(browser.new_page(viewport={"width": width, "height": height}, **options))
        shown[-1].goto(file.as_uri())
        return shown[-1]

    yield visit
    for each in shown:
        each.close()


SIZES = pytest.mark.parametrize(("width", "height"), [(1300, 900), (390, 844), (320, 640)])


@SIZES
def test_the_pictures_of_the_first_screen_are_on_it(opened, width, height):
    boxes = opened(width, height).eval_on_selector_all(
        ".fronts img", "all => all.map(e => [e.getBoundingClientRect().bottom, e.clientWidth])"
    )
    assert len(boxes) == 3 and boxes[0][0] <= height
    assert min(across for _, across in boxes) > 100


@SIZES
def test_nothing_is_wider_than_the_page(opened, width, height):
    """Details are opened first; what scrolls in its own box does not widen the page."""
    beyond = opened(width, height).evaluate(
        """() => {
            document.querySelectorAll('details').forEach(d => d.open = true);
            const scrolls = e => { for (; e; e = e.parentElement) {
                if (['auto', 'hidden'].includes(getComputedStyle(e).overflowX)) return true; } };
            return [...document.querySelectorAll('body *')].filter(e =>
                e.getBoundingClientRect().right > window.innerWidth + 1 && !scrolls(e.parentElement)
            ).map(e => e.outerHTML.slice(0, 100)).concat(
                document.documentElement.scrollWidth > window.innerWidth ? ['the page'] : []);
        }"""
    )
    assert beyond == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(opened, scheme):
    """The contrast (WCAG 2) of every element's own letters with the nearest ground below them."""
    faint = opened(1300, color_scheme=scheme).evaluate(
        """() => {
            document.querySelectorAll('details').forEach(d => d.open = true);
            const parts = c => c.match(/[0-9.]+/g).map(Number);
            const light = c => { const [r, g, b] = parts(c).map(v => v / 255).map(
                v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
            const ground = e => { for (; e; e = e.parentElement) {
                const c = getComputedStyle(e).backgroundColor; if (parts(c)[3] !== 0) return c; }
                return 'rgb(255, 255, 255)'; };
            return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() &&
                [...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim())
            ).map(e => { const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
                return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 80)];
            }).filter(([ratio]) => ratio < 4.5);
        }"""
    )
    assert faint == []


def test_pictures_are_dark_on_a_dark_page(opened):
    def shade(scheme):
        page = opened(600, color_scheme=scheme)
        picture = page.locator("figure img").first.screenshot()
        page.close()
        return np.asarray(Image.open(io.BytesIO(picture)).convert("L")).mean()

    assert shade("light") > 200 and shade("dark") < 80


def test_the_claims_can_be_filtered_by_verdict_and_by_figure(opened, built):
    shown = opened(1300)
    rows = shown.locator("tr.claim:visible")
    runs = built[0].runs
    assert rows.count() == sum(len(run.claims) for run in runs)
    shown.check("#only-corrected")
    assert rows.count() == sum(c.verdict == "holds with a correction" for run in runs for c in run.claims)
    shown.check("input[name=verdict] >> nth=0")
    shown.select_option("select[name=study]", "fig6")
    assert rows.count() == len(runs[1].claims)


_VISIBLE = "all => all.map(e => e.checkVisibility() && e.getBoundingClientRect().height > 0)"


def test_printed_reasons_are_visible_though_their_details_are_closed(built, opened):
    shown = opened(1200)
    count = sum(len(run.claims) for run in built[0].runs)
    assert shown.eval_on_selector_all(".why", _VISIBLE) == [False] * count
    shown.emulate_media(media="print")
    assert shown.eval_on_selector_all(".why", _VISIBLE) == [True] * count
    assert set(shown.eval_on_selector_all("dl", _VISIBLE)) == {True}


@pytest.fixture
def printed(opened, tmp_path):
    """The page as a PDF of A4."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (apt-get install poppler-utils)")
    opened(1200).pdf(path=tmp_path / "page.pdf", format="A4")
    return tmp_path / "page.pdf"


def test_the_printed_file_has_every_reason(built, printed):
    words = subprocess.run(["pdftotext", printed, "-"], capture_output=True, text=True, check=True).stdout
    assert words.count("Threshold:") == sum(len(run.claims) for run in built[0].runs)


def test_no_printed_page_but_the_last_is_half_empty(printed):
    subprocess.run(["pdftoppm", "-r", "20", "-gray", printed, printed.with_name("p")], check=True)
    filled = [_lowest_ink(path) for path in sorted(printed.parent.glob("p-*.pgm"))]
    assert len(filled) > 2 and min(filled[:-1]) > 0.55, filled


def _lowest_ink(path):
    rows = (np.asarray(Image.open(path)) < 200).any(axis=1)
    return np.flatnonzero(rows)[-1] / len(rows)


def test_on_a_phone_each_entry_of_the_navigation_is_one_line(opened):
    heights = opened(390).eval_on_selector_all("nav a", "a => a.map(a => a.clientHeight)")
    assert max(heights) < 35


def test_on_a_phone_pieces_of_a_picture_stand_one_above_the_other(opened):
    """As wide as the page, so that letters stay as large as on a desk."""
    widths = opened(390).eval_on_selector_all("figure:not(.judged) img", "all => all.map(e => e.clientWidth)")
    assert len(widths) == 4 and min(widths) > 320
    beside = opened(1300).eval_on_selector_all(
        "figure:not(.judged) img", "all => all.map(e => e.getBoundingClientRect().top)"
    )
    assert len(set(beside)) == 2


def test_at_desktop_width_names_in_the_equation_index_break_where_they_may(opened):
    """No piece between two allowed breaks is wider than its cell, so that none is broken inside a word."""
    wide = opened(1280).evaluate(
        """() => [...document.querySelectorAll('.equations code')].flatMap(code => {
            const room = code.closest('td').clientWidth, range = document.createRange();
            return [...code.childNodes].filter(n => n.nodeType == 3).filter(n => {
                range.selectNodeContents(n); return range.getClientRects().length > 1;
            }).map(n => n.textContent + ' in ' + room);
        })"""
    )
    assert wide == []
