"""Runs -> one self-contained HTML page: no script, no request, formulas in plain HTML."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tutelage
from tutelage.report.equations import Entry
from tutelage.studies.base import Claim
from tutelage.studies.judge import CORRECTED, FAILS, HOLDS
from tutelage.studies.runner import Judged

_MARK = {
    HOLDS: ("✓ holds", "holds"),
    CORRECTED: ("≈ holds with a correction", "corrected"),
    FAILS: ("✗ fails", "fails"),
}

def text(value: Any) -> str:
    """Escaped for HTML."""
    return html.escape(str(value))


def embedded(picture: Path) -> str:
    """A PNG file as a data address."""
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")


def verdict(word: str) -> str:
    """A verdict with a sign and a word, so that colour is never the only carrier."""
    sign, css = _MARK[word]
    return f'<span class="verdict {css}">{sign}</span>'


def claim_row(claim: Claim, study: str) -> str:
    """One row of the claims table."""
    error = f" ± {claim.uncertainty:.1g}" if claim.uncertainty else ""
    rule = claim.test if claim.test == "equal" else f"{claim.test} {claim.threshold:g}"
    expected = f"{claim.predicted:.5g}"
    if claim.corrected is not None:
        expected += f" (corrected {claim.corrected:.5g})"
    return (
        f'<tr class="claim" id="{text(claim.id)}"><td>{text(claim.text)} '
        f'<a class="soft" href="#{text(study)}">{text(study)}</a></td>'
        f'<td class="soft" data-label="where">{text(claim.place)}</td>'
        f'<td class="number" data-label="predicted">{expected}</td>'
        f'<td class="number" data-label="measured">{claim.measured:.5g}{error}</td>'
        f'<td class="soft" data-label="judged by" title="{text(claim.note)}">{text(rule)}</td>'
        f"<td>{verdict(claim.verdict)}</td></tr>"
    )


def claims_table(runs: Sequence[Judged]) -> str:
    """All claims, in the order of the studies."""
    rows = "\n".join(claim_row(claim, run.study.name) for run in runs for claim in run.claims)
    head = "<th>claim</th><th>where</th><th>predicted</th><th>measured</th><th>judged by</th><th>verdict</th>"
    return f'<table class="claims"><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>'


def definitions(content: Mapping[str, Any]) -> str:
    """A list of names and values."""
    return "<dl>" + "".join(f"<dt>{text(k)}</dt><dd>{text(v)}</dd>" for k, v in content.items()) + "</dl>"


def section(run: Judged, picture: Path) -> str:
    """One study: figure, words, formulas, parameters, how to compute it again."""
    study = run.study
    paragraphs = "".join(f"<p>{text(part)}</p>" for part in study.words.split("\n\n") if part)
    formulas = "".join(f"<li>{line}</li>" for line in study.formulas)
    notes = "".join(
        f'<li><a href="#{text(c.id)}">{text(c.text)}</a> {verdict(c.verdict)}'
        + (f'<br><span class="soft">{text(c.note)}</span>' if c.note else "")
        + "</li>"
        for c in run.claims
    )
    return f"""
<section id="{text(study.name)}">
<h2>{text(study.title)}</h2>
<p class="place">{text(study.place)}</p>
<figure><img src="{embedded(picture)}" alt="{text(study.title)}: figure of study {text(study.name)}"></figure>
{paragraphs}
{f'<ul class="formulas">{formulas}</ul>' if formulas else ""}
<details><summary>{len(run.claims)} claims and why their thresholds</summary><ul>{notes}</ul></details>
<details><summary>Parameters and how to compute it again</summary>
{definitions(study.parameters() | {"dataset": run.key, "computing time": f"{run.seconds:.1f} s"})}
<p><code>tutelage reproduce {text(study.name)}</code>; one claim:
<code>tutelage recheck claims/{text(run.claims[0].id if run.claims else "ID")}.json</code>.
Files: <code>figures/{text(study.name)}.pdf</code>, <code>datasets/{text(study.name)}.zarr.zip</code>.</p></details>
</section>"""


def equations_section(entries: Iterable[Entry], shown_studies: Collection[str]) -> str:
    """The equation index as a table."""
    rows = []
    for entry in entries:
        code = ", ".join(f"<code>{text(name.removeprefix('tutelage.'))}</code>" for name in entry.code) or "—"
        names = [f"<code>{text(test.rpartition('::')[2])}</code>" for test in entry.tests]
        tests = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "") or "—"
        figures = ", ".join(f'<a href="#{text(name)}">{text(name)}</a>' for name in entry.figures if name in shown_studies) or "—"
        shown = "<br>".join(
            f'<a href="#{text(claim)}">{text(claim)}</a> {verdict(word)}' if word else text(claim)
            for _, claim, word in entry.claims
        )
        rows.append(
            f'<tr><td>({entry.number}) </td><td>{text(entry.what)}</td><td data-label="code">{code}</td>'
            f'<td data-label="tests">{tests}</td><td data-label="figures">{figures}</td>'
            f'<td data-label="claims">{shown or "—"}</td></tr>'
        )
    head = "<th></th><th>equation</th><th>code</th><th>tests</th><th>figures</th><th>claims</th>"
    return (
        '<section id="equations"><h2>Equation index</h2><p>Every numbered equation of the paper, with the code that '
        "states it, the tests that use that code, the figures that show it and the claims that judge it; generated from the "
        "sources. One equation: <code>tutelage where 14</code>.</p>"
        f'<div class="scroll"><table class="equations"><thead><tr>{head}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div></section>'
    )


def page(
    runs: Sequence[Judged],
    pictures: Mapping[str, Path],
    entries: Sequence[Entry],
    failures: Mapping[str, str],
    provenance: Mapping[str, Any],
    *,
    full: bool,
    seed: int,
) -> str:
    """The whole report; ``pictures`` are the PNG files of the studies."""
    seconds = sum(run.seconds for run in runs)
    verdicts = [claim.verdict for run in runs for claim in run.claims]
    counts = "".join(
        f'<span class="count"><b>{verdicts.count(word)}</b> {verdict(word)}</span>'
        for word in (HOLDS, CORRECTED, FAILS)
    )
    links = "".join(f'<a href="#{text(r.study.name)}">{text(r.study.title)}</a>' for r in runs)
    broken = "".join(
        f'<p class="fails">Study {text(name)} could not be computed: {text(message)}</p>'
        for name, message in failures.items()
    )
    css = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    flat = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in provenance.items()}
    size = "full" if full else "quick"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>tutelage: learning near the optimum, figures and claims</title><link rel="icon" href="data:,">
<style>{css}</style></head><body><main>
<h1>Learning near the optimum: figures, claims, verdicts</h1>
<p class="lead">A network, the student, learns from the outputs of another, the teacher, of the same shape. Close to the end of
learning everything is decided by one matrix, the Hessian of the loss: its eigenvalues say how fast each direction is
learned, and how many of them are not zero says how many parameters really count.</p>
<p>This report rebuilds the figures of <i>A Teacher-Student Perspective on the Dynamics of Learning Near the Optimal
Point</i> (Couto, Mourão, Figueiredo, Ribeiro, arXiv:2512.15606, cited as [C25]) and judges what it claims, and some claims of
our own. Thresholds are data of the studies, fixed before the run that is shown; nearly all rest on a reason written in
their note (a standard error, an exact count, a printed error size), but their author had seen earlier runs when choosing them.
Networks are f(x) = Σ<sub>i</sub> a<sub>i</sub> σ(w<sub>i</sub>·x) with d inputs, k hidden neurons, P = k(d + 1) parameters,
x ~ N(0, I), and weights of variance 1/d and 1/k. The loss is half the mean squared difference.</p>
<p>{counts}</p>{broken}
<nav>{links}<a href="#equations">Equation index</a><a href="#provenance">Provenance</a></nav>
<section id="claims"><h2>All claims</h2>
<p class="soft">“within errors 4” means at most four standard errors apart; “at most” and “at least” compare the
measurement with the threshold; ± is one standard error over independent teachers.</p>
{claims_table(runs)}</section>
{"".join(section(run, pictures[run.study.name]) for run in runs)}
{equations_section(entries, pictures)}
<section id="provenance"><h2>Provenance</h2>
<p>Made by <code>tutelage report{" --full" if full else ""}{f" --seed {seed}" if seed else ""}</code>,
version {text(tutelage.__version__)}, the {size} form;
computing time of all studies {seconds:.0f} s. Every claim can be computed again from its JSON file alone:
<code>tutelage recheck claims/ID.json</code>.</p>{definitions(flat)}</section>
</main></body></html>
"""
