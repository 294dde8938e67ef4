"""Claims -> HTML: the table by study, what needs a correction, and why each threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tutelage.report.typeset import heading, label, prose, text
from tutelage.studies.claim import Claim
from tutelage.studies.judge import CORRECTED, FAILS, HOLDS
from tutelage.studies.runner import Judged

_MARK = {
    HOLDS: ("✓ holds", "holds"),
    CORRECTED: ("≈ holds with a correction", "corrected"),
    FAILS: ("✗ fails", "fails"),
}
_RULE = {
    "equal": "equal",
    "within": "within {0:g}",
    "within relative": "within {1:g} %",
    "within errors": "within {0:g} errors",
    "at most": "at most {0:g}",
    "at least": "at least {0:g}",
}
_COLUMNS = ("claim", "where", "predicted", "measured", "judged by", "verdict")


def verdict(word: str) -> str:
    """A verdict with a sign and a word, so that colour is never the only carrier."""
    mark, css = _MARK[word]
    return f'<span class="verdict {css}">{mark}</span>'


def sign(word: str) -> str:
    """A verdict's sign alone, for dense lists; read aloud it is the word."""
    mark, css = _MARK[word]
    return f'<span class="verdict {css}" role="img" aria-label="{word}" title="{word}">{mark[0]}</span>'


def counts(claims: Sequence[Claim]) -> str:
    """How many claims have each verdict."""
    verdicts = [claim.verdict for claim in claims]
    return "".join(
        f'<span class="count"><b>{verdicts.count(word)}</b> {verdict(word)}</span>' for word in _MARK
    )


def rule(claim: Claim) -> str:
    """The test and its threshold in words."""
    return _RULE[claim.test].format(claim.threshold, 100 * claim.threshold)


def measured(claim: Claim) -> str:
    """The measurement with its standard error."""
    error = f" ± {claim.uncertainty:.1g}" if claim.uncertainty else ""
    return f"{claim.measured:.5g}{error}"


def why(claim: Claim) -> str:
    """The threshold, its reason and what is compared, in plain text."""
    reason = f". Why: {claim.reason}" if claim.reason else ""
    note = f". Note: {claim.note}" if claim.note else ""
    return f"Threshold: {rule(claim)}{reason}{note}."


def claim_row(claim: Claim) -> str:
    """One row of the claims table."""
    expected = f"{claim.predicted:.5g}"
    if claim.corrected is not None:
        expected += f" (corrected {claim.corrected:.5g})"
    return (
        f'<tr class="claim" id="{text(claim.id)}" title="{text(why(claim))}">'
        f'<th scope="row">{prose(claim.text)}</th>'
        f'<td class="soft" data-label="where">{prose(claim.place)}</td>'
        f'<td class="number" data-label="predicted">{expected}</td>'
        f'<td class="number" data-label="measured">{measured(claim)}</td>'
        f'<td class="soft rule" data-label="judged by">{rule(claim)}</td>'
        f"<td>{verdict(claim.verdict)}</td></tr>"
    )


def study_rows(run: Judged) -> str:
    """The claims of one study under its heading."""
    rows = "\n".join(claim_row(claim) for claim in run.claims)
    return (
        f'<tbody>\n<tr class="study"><th scope="rowgroup" colspan="{len(_COLUMNS)}">'
        f'<a href="#{text(run.study.name)}">{prose(heading(run.study.card))}</a></th></tr>\n{rows}\n</tbody>'
    )


def claims_table(runs: Sequence[Judged]) -> str:
    """All claims, by study."""
    head = "".join(f'<th scope="col">{column}</th>' for column in _COLUMNS)
    return f'<table class="claims"><thead><tr>{head}</tr></thead>{"".join(map(study_rows, runs))}</table>'


def reasons(claims: Iterable[Claim]) -> str:
    """The claims of a section with their verdicts and why their thresholds."""
    items = "".join(
        f'<li><a href="#{text(claim.id)}">{prose(claim.text)}</a> {verdict(claim.verdict)}<br>'
        f'<span class="soft why">{prose(why(claim))}</span></li>'
        for claim in claims
    )
    return f'<ul class="reasons">{items}</ul>'


def _exception(run: Judged, claim: Claim) -> str:
    where = label(run.study.card.place)
    correction = "" if claim.corrected is None else f" → corrected {claim.corrected:.5g}"
    return (
        f'<li>{f"{where}: " if where else ""}<a href="#{text(claim.id)}">{prose(claim.text)}</a> '
        f'<span class="numbers">as stated {claim.predicted:.5g}{correction}; measured {measured(claim)} '
        f"({rule(claim)})</span></li>"
    )


def exceptions(runs: Sequence[Judged]) -> str:
    """What fails, then what holds only with a correction: a line each; nothing where there is nothing."""
    parts = []
    for word, title in ((FAILS, "What fails"), (CORRECTED, "What holds only with a correction")):
        lines = [_exception(run, claim) for run in runs for claim in run.claims if claim.verdict == word]
        if lines:
            parts.append(f'<h2 class="minor">{title}</h2><ul class="exceptions">{"".join(lines)}</ul>')
    return "".join(parts)
