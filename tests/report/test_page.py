"""What the page says and how: headings, groups, corrections, reasons; read as HTML, on a phone and printed."""

import dataclasses
import html
import re
import shutil
import subprocess

import pytest

from tutelage import studies
from tutelage.report import claims as claim_pages
from tutelage.report.equations import index
from tutelage.report.page import command, page, sections
from tutelage.report.typeset import dotted, first_sentence, heading, label, prose, typeset
from tutelage.studies.claim import Claim, Measured, Statement
from tutelage.studies.judge import TESTS


@pytest.mark.parametrize(
    ("plain", "html"),
    [
        ("n_c = d(m_*+1)", "n<sub>c</sub> = d(m<sub>*</sub>+1)"),
        ("N_eff, λ_min t and 2λ_max.", "N<sub>eff</sub>, λ<sub>min</sub> t and 2λ<sub>max</sub>."),
        ("4α²(s_i² + s_j²)", "4α²(s<sub>i</sub>² + s<sub>j</sub>²)"),
        ("χ²_k/k, H_ww, x_νᵀ, min_τ", "χ²<sub>k</sub>/k, H<sub>ww</sub>, x<sub>ν</sub>ᵀ, min<sub>τ</sub>"),
        ("A_*G(Δ), a_1 < b_2", "A<sub>*</sub>G(Δ), a<sub>1</sub> &lt; b<sub>2</sub>"),
        ("learning_curves, effective_parameters", "learning_curves, effective_parameters"),
        ("a_b_c, x_y.py_z, __main__", "a_b_c, x<sub>y</sub>.py_z, __main__"),
        ("study `n_c`, 1e-4", "study <code>n_c</code>, 1e-4"),
        ("<b>n_c</b>", "&lt;b&gt;n<sub>c</sub>&lt;/b&gt;"),
    ],
)
def test_subscripts_of_single_letters_are_set_and_names_are_left(plain, html):
    assert prose(plain) == html


def test_formulas_keep_their_own_tags():
    assert typeset("k &lt; d: N<sub>eff</sub> ≤ n_c") == "k &lt; d: N<sub>eff</sub> ≤ n<sub>c</sub>"


def test_no_study_shows_an_underscore_where_a_subscript_belongs():
    for name in studies.available():
        card = studies.cards()[name]
        texts = [heading(card), card.words]
        texts += [part for s in card.statements for part in (s.text, s.place, s.reason, s.note)]
        shown = [prose(part) for part in texts] + [typeset(line) for line in card.formulas]
        left = re.findall(r"\S*_\S*", re.sub(r"<code>.*?</code>", "", " ".join(shown)))
        assert all(word.strip(".,;:()") in studies.available() for word in left), (name, left)


def test_headings_begin_with_the_figure_of_the_paper():
    found = {name: label(card.place) for name, card in studies.cards().items()}
    for number in range(1, 10):
        assert found[f"fig{number}"] == f"Fig. {number}"
    assert found["appendix-a3"] == "Appendix A.3" and found["appendix-d"] == "Appendix D"
    assert found["sampled"] == found["recovery"] == found["two-papers"] == ""
    assert heading(studies.cards()["fig2"]).startswith("Fig. 2 · The linear network")
    assert "·" not in heading(studies.cards()["sampled"])


def test_a_sentence_ends_before_a_capital_and_not_at_an_abbreviation():
    assert first_sentence("As in Fig. 2 of\nthe paper. Blue is e.g. this.") == "As in Fig. 2 of the paper."
    assert first_sentence("no stop") == "no stop"
    assert first_sentence("") == ""


def test_long_names_break_after_dots_and_underscores_only():
    assert dotted("a_b.c") == "a_<wbr>b.<wbr>c"
    assert dotted("plain") == "plain"


def _claim(test="within", predicted=1.0, measured=1.0, threshold=0.1, corrected=None, reason="why", note=""):
    statement = Statement("x.y", "n_c is < 2.", "[S20] abstract", test, threshold, reason, note)
    return Claim.judged(statement, Measured(predicted, measured, 0.01, corrected))


@pytest.mark.parametrize("test", TESTS)
def test_every_test_is_said_in_words(test):
    assert claim_pages.rule(_claim(test, threshold=4)).startswith(test.split()[0])


def test_a_relative_threshold_is_a_percentage_and_errors_are_a_number_of_them():
    assert claim_pages.rule(_claim("within relative", threshold=0.05)) == "within 5 %"
    assert claim_pages.rule(_claim("within errors", threshold=4)) == "within 4 errors"


def test_a_threshold_says_its_reason_and_then_the_note():
    why = claim_pages.why(_claim(reason="the step is 0.1", note="m_* = 2"))
    assert why == "Threshold: within 0.1. Why: the step is 0.1. Note: m_* = 2."
    assert claim_pages.why(dataclasses.replace(_claim(), reason="")) == "Threshold: within 0.1."
    row = claim_pages.claim_row(_claim(reason='"a" < b'))
    assert 'title="Threshold: within 0.1. Why: &quot;a&quot; &lt; b."' in row


def test_failures_come_first_and_a_correction_says_all_three_numbers(built):
    run = built[0].runs[0]
    fails, corrected = _claim(measured=7.0), _claim(measured=2.0, corrected=2.05)
    shown = claim_pages.exceptions([dataclasses.replace(run, claims=[corrected, _claim(), fails])])
    assert shown.index("What fails") < shown.index("as stated 1; measured 7 ± 0.01 (within 0.1)")
    assert shown.index("measured 7") < shown.index("What holds only with a correction")
    assert "as stated 1 → corrected 2.05; measured 2 ± 0.01 (within 0.1)" in shown
    assert shown.count("<li>Fig. 7: ") == shown.count("<li>") == 2
    assert claim_pages.exceptions([dataclasses.replace(run, claims=[_claim()])]) == ""


def _page(built, **options):
    report, folder, _ = built
    pictures = {run.study.name: folder / "figures" / f"{run.study.name}.png" for run in report.runs}
    verdicts = {claim.id: claim.verdict for run in report.runs for claim in run.claims}
    return page(report.runs, pictures, index(verdicts), {}, {}, **({"full": False, "seed": 0} | options))


def test_a_part_of_the_report_begins_with_one_heading(built):
    report, folder, _ = built
    picture = folder / "figures" / f"{report.runs[0].study.name}.png"

    def run(name, part):
        card = dataclasses.replace(report.runs[0].study.card, name=name, part=part)
        study = type("Parted", (type(report.runs[0].study),), {"card": card})()
        return dataclasses.replace(report.runs[0], study=study)

    runs = [run("first", ""), run("second", "What <else>"), run("third", "What <else>")]
    shown = sections(runs, dict.fromkeys(("first", "second", "third"), picture), "", {})
    heading = '<h2 class="part">What &lt;else&gt;</h2>'
    assert shown.count("<h2 class=") == shown.count(heading) == 1
    assert shown.index('id="first"') < shown.index(heading) < shown.index('id="second"')


def test_words_of_others_are_shown_on_the_page_and_do_nothing(built):
    """In every field of text of a claim, in a failure and in the provenance."""
    acting = "<script>a</script>\"'><img src=x onerror=a> \x1b[31m \x00 \u202e `<b>` <i_j>"
    claim = dataclasses.replace(_claim(), id=acting, text=acting, place=acting, reason=acting, note=acting)
    report, folder, _ = built
    pictures = {run.study.name: folder / "figures" / f"{run.study.name}.png" for run in report.runs}
    options = {"full": False, "seed": 0}
    for verdict in ("holds", "holds with a correction", "fails"):
        runs = [
            dataclasses.replace(run, claims=[dataclasses.replace(claim, verdict=verdict)])
            for run in report.runs
        ]
        content = page(
            runs, pictures, [], {acting: acting}, {acting: acting, "packages": {acting: acting}}, **options
        )
        assert content.count("<img ") == 2 and "<script" not in content and "<b>`" not in content
        assert "<i_j" not in content and all(c.isprintable() or c == "\n" for c in content)
        assert content.count("&lt;script&gt;a&lt;/script&gt;&quot;&#x27;&gt;&lt;img src=x") > 10


def test_commands_repeat_the_size_and_the_seed_of_the_page(built):
    usual, other = _page(built), _page(built, full=True, seed=31)
    for name in ("fig7", "fig6"):
        assert f"<code>tutelage reproduce {name}</code>" in usual
        assert f"<code>tutelage reproduce {name} --full --seed 31</code>" in other
    assert "tutelage report --only fig7 --only fig6 --full --seed 31</code>" in other
    assert "Seed 31." in other and "seed 31 added" in other
    assert "Seed " not in usual and "<code>tutelage report --only fig7 --only fig6</code>" in usual
    assert command(list(studies.available()), " --full") == "tutelage report --full"


def test_claims_stand_under_the_heading_of_their_study(built):
    content = built[0].path.read_text(encoding="utf-8")
    table = content[content.index('<table class="claims">') : content.index("</table>")]
    for group, run in zip(table.split('<tr class="study">')[1:], built[0].runs, strict=True):
        title = f'<a href="#{run.study.name}">{prose(heading(run.study.card))}</a>'
        assert title in group and content.count(title) == 2, "once in the navigation, once in the table"
        assert f"<h2>{prose(heading(run.study.card))}</h2>" in content
        assert re.findall('class="claim" id="([^"]*)"', group) == [claim.id for claim in run.claims]


def test_figures_say_what_is_drawn_and_every_header_cell_has_a_scope(built):
    content = built[0].path.read_text(encoding="utf-8")
    for run in built[0].runs:
        spoken = re.search(f'alt="([^"]*)" aria-describedby="{run.study.name}-words"', content)
        start = f"{heading(run.study.card)}: {first_sentence(run.study.card.words)[:40]}"
        assert html.unescape(spoken[1]).startswith(start)
        assert f'<div id="{run.study.name}-words"><p>' in content
    assert re.findall(r"<th(?! scope=)[ >][^>]*", content) == []


def test_the_equation_index_names_only_claims_of_the_page(built):
    content = _page(built)
    rows = content[content.index('<section id="equations">') : content.index('<section id="provenance">')]
    linked = set(re.findall(r'href="#([^"]*)"', rows))
    assert linked <= set(re.findall(r' id="([^"]*)"', content)) and "fig7.mean.wide" in linked
    assert "fig2." not in rows and "in studies not shown here" in rows
    assert f"2 of {len(studies.available())} studies are shown" in content


@pytest.fixture
def opened(built, browser):
    """``opened(width)``: the page in Chromium."""
    pages = []

    def visit(width):
        pages.append(browser.new_page(viewport={"width": width, "height": 900}))
        pages[-1].goto(built[0].path.as_uri())
        return pages[-1]

    yield visit
    for shown in pages:
        shown.close()


_VISIBLE = "all => all.map(e => e.checkVisibility() && e.getBoundingClientRect().height > 0)"


def test_printed_reasons_are_visible_though_their_details_are_closed(built, opened):
    shown = opened(1200)
    count = sum(len(run.claims) for run in built[0].runs)
    assert shown.eval_on_selector_all(".why", _VISIBLE) == [False] * count
    shown.emulate_media(media="print")
    assert shown.eval_on_selector_all(".why", _VISIBLE) == [True] * count
    assert set(shown.eval_on_selector_all("dl", _VISIBLE)) == {True}


def test_the_printed_file_has_every_reason_and_wide_claims(built, opened, tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (apt-get install poppler-utils)")
    shown = opened(1200)
    shown.pdf(path=tmp_path / "page.pdf", format="A4")
    words = subprocess.run(
        ["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    assert words.count("Threshold:") == sum(len(run.claims) for run in built[0].runs)
    first = words.split("\f")[0]
    assert "All claims" in first, "the introduction is not alone on its page"
    shown.emulate_media(media="print")
    share = shown.evaluate(
        "document.querySelector('tr.claim th').clientWidth / document.querySelector('.claims').clientWidth"
    )
    assert share > 0.35


def test_a_wide_figure_on_a_phone_says_that_it_scrolls(opened):
    hint = "getComputedStyle(document.querySelector('figure'), '::before').content"
    hidden = "f => f.map(f => f.scrollWidth - f.clientWidth)"
    phone, desk = opened(390), opened(1200)
    assert "sideways" in phone.evaluate(hint) and desk.evaluate(hint) == "none"
    beyond = phone.eval_on_selector_all("figure", hidden)
    assert min(beyond) > 100 and max(beyond) < 200, "legible, and at most half a screen to swipe"
    assert max(desk.eval_on_selector_all("figure", hidden)) <= 1


def test_on_a_phone_each_entry_of_the_navigation_is_one_line(opened):
    heights = opened(390).eval_on_selector_all("nav a", "a => a.map(a => a.clientHeight)")
    assert max(heights) < 35


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
