"""What the page says and how: headings, groups, corrections, reasons; read as HTML, on a phone and printed."""

import dataclasses
import html
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from tutelage import studies
from tutelage.report import claims as claim_pages
from tutelage.report import page as pages
from tutelage.report.equations import index
from tutelage.report.page import Pictures, command, glossary, page, terms
from tutelage.report.typeset import breaks, formula, heading, label, prose
from tutelage.studies.claim import Claim, Measured, Statement
from tutelage.studies.judge import TESTS, VERDICTS


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


def test_formulas_are_words_with_mathml_between_dollars():
    found = str(formula(r"k < d: $N_\mathrm{eff} \le n_c$ counts"))
    assert found.startswith("k &lt; d: <math") and found.endswith("</math> counts")
    assert found.count("<msub>") == 2 and "&#x02264;" in found


@pytest.mark.parametrize("line", [r"$\frac{$", "$<script>$", "$\x1b$", "one $ alone", "$$"])
def test_a_formula_that_cannot_be_read_is_shown_and_does_nothing(line):
    assert "<script" not in formula(line) and "\x1b" not in formula(line)


def test_every_formula_of_every_study_becomes_mathml_without_a_stray_command():
    for name, card in studies.cards().items():
        for line in card.formulas:
            found = str(formula(line))
            assert line.count("$") % 2 == 0 and found.count("<math") == line.count("$") // 2, (name, line)
            assert "\\" not in found and "$" not in found, (name, line)


def test_no_study_shows_an_underscore_where_a_subscript_belongs():
    for name in studies.available():
        card = studies.cards()[name]
        texts = [heading(card), card.words]
        texts += [part for s in card.statements for part in (s.text, s.place, s.reason, s.note)]
        shown = [str(prose(part)) for part in texts]
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


def test_long_names_break_after_dots_and_underscores_only():
    assert breaks("a_b.c") == "a_<wbr>b.<wbr>c"
    assert breaks("plain") == "plain"


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


def test_a_threshold_says_what_the_measurement_must_exclude():
    claim = dataclasses.replace(_claim(), null=0.0)
    assert "Must exclude: 0, by four standard errors" in claim_pages.why(claim)


def test_failures_come_first_and_a_correction_says_all_three_numbers(built):
    run = built[0].runs[0]
    fails, corrected = _claim(measured=7.0), _claim(measured=2.0, corrected=2.05)
    judged = claim_pages.rows(dataclasses.replace(run, claims=[corrected, _claim(), fails]))
    first, second = claim_pages.exceptions(judged)
    assert (first.title, second.title) == ("What fails", "What holds only with a correction")
    assert [(c.where, c.predicted, c.measured, c.rule) for c in first.claims] == [
        ("Fig. 7", "1", "7 ± 0.01", "within 0.1")
    ]
    assert [(c.corrected, c.measured) for c in second.claims] == [("2.05", "2 ± 0.01")]
    assert claim_pages.exceptions(claim_pages.rows(dataclasses.replace(run, claims=[_claim()]))) == []


def test_counts_say_undecided_only_where_something_is():
    assert [c.verdict for c in claim_pages.counts([_claim()])] == [
        "holds",
        "holds with a correction",
        "fails",
    ]
    rough = dataclasses.replace(_claim(), verdict="undecided")
    assert [(c.verdict, c.number) for c in claim_pages.counts([rough])][2] == ("undecided", 1)


def _pictures(report, folder):
    return {run.study.name: Pictures(folder / "figures" / f"{run.study.name}.png") for run in report.runs}


def _page(built, **options):
    report, folder, _ = built
    pictures = _pictures(report, folder)
    verdicts = {claim.id: claim.verdict for run in report.runs for claim in run.claims}
    return page(report.runs, pictures, index(verdicts), {}, {}, **({"full": False, "seed": 0} | options))


def test_a_part_of_the_report_begins_with_one_heading(built, monkeypatch):
    heading = '<h2 class="part">What &lt;else&gt;</h2>'
    assert heading not in _page(built)
    first, second = (type(run.study) for run in built[0].runs)
    monkeypatch.setattr(second, "card", dataclasses.replace(second.card, part="What <else>"))
    content = _page(built)
    places = [content.index(f'<section id="{study.card.name}"') for study in (first, second)]
    assert content.count(heading) == 1 and places[0] < content.index(heading) < places[1]
    monkeypatch.setattr(first, "card", dataclasses.replace(first.card, part="What <else>"))
    assert _page(built).count(heading) == 1


def test_words_of_others_are_shown_on_the_page_and_do_nothing(built):
    """In every field of text of a claim, in a failure and in the provenance."""
    acting = "<script>a</script>\"'><img src=x onerror=a> \x1b[31m \x00 \u202e `<b>` <i_j>"
    claim = dataclasses.replace(_claim(), id=acting, text=acting, place=acting, reason=acting, note=acting)
    report, folder, _ = built
    pictures = _pictures(report, folder)
    options = {"full": False, "seed": 0}
    for verdict in VERDICTS:
        runs = [
            dataclasses.replace(run, claims=[dataclasses.replace(claim, verdict=verdict)])
            for run in report.runs
        ]
        content = page(
            runs, pictures, [], {acting: acting}, {acting: acting, "packages": {acting: acting}}, **options
        )
        assert content.count("<img ") == 4 and "<script" not in content and "<b>`" not in content
        assert "<i_j" not in content and all(c.isprintable() or c == "\n" for c in content)
        assert content.count("&lt;script&gt;a&lt;/script&gt;&#34;&#39;&gt;&lt;img src=x") > 10


def test_commands_repeat_the_size_and_the_seed_of_the_page(built):
    usual, other = _page(built), _page(built, full=True, seed=31)
    for name in ("fig7", "fig6"):
        assert f"<code>tutelage reproduce {name}</code>" in usual
        assert f"<code>tutelage reproduce {name} --full --seed 31</code>" in other
    assert "tutelage report --only fig7 --only fig6 --full --seed 31</code>" in other
    assert "Seed 31:" in other and "seed 31 added" in other
    assert "Seed " not in usual and "<code>tutelage report --only fig7 --only fig6</code>" in usual
    assert command(list(studies.available()), " --full") == "tutelage report --full"


def test_claims_stand_under_the_heading_of_their_study(built):
    content = built[0].path.read_text(encoding="utf-8")
    table = content[content.index('<table class="claims">') :]
    table = table[: table.index("</table>")]
    for group, run in zip(table.split('<tr class="study">')[1:], built[0].runs, strict=True):
        title = f'<a href="#{run.study.name}">{prose(heading(run.study.card))}</a>'
        assert title in group and content.count(title) == 2, "once in the navigation, once in the table"
        assert f"<h2>{prose(heading(run.study.card))}</h2>" in content
        assert re.findall('class="claim [a-z]+" id="([^"]*)"', group) == [claim.id for claim in run.claims]


def test_figures_say_what_is_drawn_and_every_header_cell_has_a_scope(built):
    content = built[0].path.read_text(encoding="utf-8")
    for run in built[0].runs:
        card = run.study.card
        spoken = re.search(f'alt="([^"]*)" aria-describedby="{run.study.name}-words"', content)
        assert html.unescape(spoken[1]) == f"{heading(card)}: {card.takeaway}" and card.takeaway
        assert f'<div id="{run.study.name}-words">\n<p>' in content
    assert re.findall(r"<th(?! scope=)[ >][^>]*", content) == []
    assert all(" alt=" in image for image in re.findall(r"<img [^>]*>", content))


def test_a_section_has_picture_takeaway_code_words_and_folded_claims_in_this_order(built):
    content = built[0].path.read_text(encoding="utf-8")
    for run in built[0].runs:
        whole = content[content.index(f'<section id="{run.study.name}">') :]
        whole = whole[: whole.index("</section>")]
        parts = (
            "<h2>",
            "<img ",
            "<figcaption>",
            "<pre ",
            f'id="{run.study.name}-words"',
            "<details>",
            'class="reasons"',
        )
        places = [whole.index(part) for part in parts]
        assert places == sorted(places)


def test_headings_descend_one_level_at_a_time_and_the_table_of_claims_is_last(built):
    content = built[0].path.read_text(encoding="utf-8")
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", content)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    sections = re.findall(r'<section id="([^"]*)"', content)
    assert sections[-3:] == ["equations", "claims", "provenance"]


def test_the_first_screen_leads_to_the_figures_and_claims(built, monkeypatch):
    monkeypatch.setattr(pages, "FRONT", ("fig6", "nowhere", "fig7"))
    content = _page(built)
    header = content[content.index("<header>") : content.index("</header>")]
    fronts = header[header.index('<ul class="fronts">') : header.index("</ul>")]
    assert re.findall(r'href="#([^"]*)"', fronts) == ["fig6", "fig7"] and fronts.count("<img ") == 2
    assert 'href="#claims"' in header and header.index("badges") < header.index("<nav")


#: The five questions of docs/claims.md, each with what answers it, in the order in which it is read.
FIRST_SCREEN = {
    "What is studied?": r"A student network learns from the outputs of a teacher",
    "Which object decides everything, and why?": r"one matrix, the Hessian of the loss: its eigenvalues say how fast",
    "What does tutelage do with it?": r"tutelage computes that matrix's spectrum exactly",
    "Do the claims hold?": r'class="badges"><a href="#claims">\d+ claims</a>: <span class="badge [^>]*><b>\d+</b>',
    "Where do I go on?": r'<nav aria-label="Contents">\s*<a href="#',
}
SECTION = {
    "What is drawn, and of which paper?": r'<h2>[^<]+.*?<p class="place">[^<]+',
    "What does it show?": r"<figcaption>[^<]{20,}",
    "How do I make it?": r"<pre [^>]*><code>[^<]*\btutelage",
    "Why is it so?": r'<div id="[^"]+-words">\s*<p>[^<]{20,}',
    "How far may I trust it?": r"<summary>\d+ claims: what was predicted, what was measured.*?class=\"verdict",
}


def _answered(part, questions):
    place = 0
    for question, answer in questions.items():
        found = re.compile(answer, re.DOTALL).search(re.sub(r"\s+", " ", part), place)
        assert found, question
        place = found.start()


def test_the_first_screen_and_every_section_answer_the_questions_of_a_new_reader(built):
    content = built[0].path.read_text(encoding="utf-8")
    _answered(content[content.index("<header>") : content.index("</header>")], FIRST_SCREEN)
    for run in built[0].runs:
        start = content.index(f'<section id="{run.study.name}">')
        _answered(content[start : content.index("</section>", start)], SECTION)


def test_the_questions_are_those_of_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+\?) \|", page, re.MULTILINE)
    assert rows == [*FIRST_SCREEN, *SECTION]


def test_side_notes_are_those_of_the_words_and_at_most_three():
    assert list(terms("The bulk; a certificate proves it.")) == ["bulk", "certificate"]
    assert terms("nothing of that kind") == {}
    assert len(terms(" ".join(glossary()))) == 3
    for card in studies.cards().values():
        assert len(terms(f"{card.words} {card.takeaway}")) <= 3


def test_every_study_says_its_takeaway_in_one_sentence_and_shows_its_code():
    for name, card in studies.cards().items():
        assert 20 < len(card.takeaway) < 240 and card.takeaway.rstrip().endswith("."), name
        assert not re.search(r"\.\s+[A-Z]", card.takeaway), (name, "one sentence")
        assert card.code.startswith("import") and len(card.code.splitlines()) <= 12, name


def _luminance(colour):
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def _contrast(one, other):
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_letters_is_that_of_the_rule():
    """White on black is 21, by WCAG 2: any text on any ground it may stand on has 4.5."""
    assert _contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_have_a_contrast_of_four_and_a_half(scheme):
    style = Path(pages.__file__).with_name("style.css").read_text(encoding="utf-8")
    rules = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", rules[("light", "dark").index(scheme)]))
    for letters in ("ink", "soft", "accent", "holds", "corrected", "undecided", "fails"):
        for ground in ("paper", "tint", "mark"):
            assert _contrast(colours[letters], colours[ground]) >= 4.5, (letters, ground)


def test_the_equation_index_names_only_claims_of_the_page(built):
    content = _page(built)
    rows = content[content.index('<section id="equations">') : content.index('<section id="provenance">')]
    linked = set(re.findall(r'href="#([^"]*)"', rows))
    assert linked <= set(re.findall(r' id="([^"]*)"', content)) and "fig7.mean.wide" in linked
    assert "fig2." not in rows and "in studies not shown here" in rows
    assert f"2 of {len(studies.available())} studies are shown" in content
