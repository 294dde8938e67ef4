"""Runs -> one self-contained HTML page: no script, no request, formulas in plain HTML."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import tutelage
from tutelage.report.claims import claims_table, counts, exceptions, reasons, sign
from tutelage.report.equations import Entry
from tutelage.report.typeset import dotted, first_sentence, heading, prose, text, typeset
from tutelage.studies import available
from tutelage.studies.runner import Judged


def embedded(picture: Path) -> str:
    """A PNG file as a data address."""
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")


def definitions(content: Mapping[str, object]) -> str:
    """A list of names and values."""
    return "<dl>" + "".join(f"<dt>{text(k)}</dt><dd>{text(v)}</dd>" for k, v in content.items()) + "</dl>"


def options(*, full: bool, seed: int) -> str:
    """The options of a command that makes the same numbers again."""
    return (" --full" if full else "") + (f" --seed {seed}" if seed else "")


def command(names: Sequence[str], flags: str, own: Mapping[str, str] = MappingProxyType({})) -> str:
    """The command that makes this page; ``own`` maps names of the reader's own studies to ``module:Class``."""
    ours = [name for name in names if name not in own]
    only = "" if set(ours) >= set(available()) else "".join(f" --only {name}" for name in ours or names)
    return f"tutelage report{only}{''.join(f' --study {path}' for path in own.values())}{flags}"


def section(run: Judged, picture: Path, flags: str, own: str = "") -> str:
    """One study: figure, words, formulas, parameters, how to compute it again; ``own``: ``module:Class`` of a reader's."""
    study, card = run.study, run.study.card
    name, one = text(study.name), text(run.claims[0].id if run.claims else "ID")
    whose = text(f" --study {own}") if own else ""
    paragraphs = "".join(f"<p>{prose(part)}</p>" for part in card.words.split("\n\n") if part)
    formulas = "".join(f"<li>{typeset(line)}</li>" for line in card.formulas)
    seen = f"{heading(card)}: {first_sentence(card.words)}"
    return f"""
<section id="{name}">
<h2>{prose(heading(card))}</h2>
<p class="place">{prose(card.place)}</p>
<figure><img src="{embedded(picture)}" alt="{text(seen)}" aria-describedby="{name}-words"></figure>
<div id="{name}-words">{paragraphs}</div>
{f'<ul class="formulas">{formulas}</ul>' if formulas else ""}
<details><summary>{len(run.claims)} claims and why their thresholds</summary>{reasons(run.claims)}</details>
<details><summary>Parameters and how to compute it again</summary>
{definitions(study.parameters() | {"dataset": run.key, "computing time": f"{run.seconds:.1f} s"})}
<p><code>tutelage reproduce {text(own or study.name)}{flags}</code>; one claim:
<code>tutelage recheck claims/{one}.json{whose}</code>.
Files: <code>figures/{name}.pdf</code>, <code>datasets/{name}.zarr.zip</code>.</p></details>
</section>"""


def sections(runs: Sequence[Judged], pictures: Mapping[str, Path], flags: str, own: Mapping[str, str]) -> str:
    """All studies, with a heading where a part begins."""
    shown, part = [], ""
    for run in runs:
        card = run.study.card
        if card.part and card.part != part:
            shown.append(f'<h2 class="part">{prose(card.part)}</h2>')
        part = card.part
        shown.append(section(run, pictures[card.name], flags, own.get(card.name, "")))
    return "".join(shown)


def _judged_by(entry: Entry) -> str:
    """The claims of an equation that are on the page, and how many are not."""
    shown = [
        f'<a href="#{text(claim)}">{dotted(claim)}</a>&nbsp;{sign(word)}'
        for _, claim, word in entry.claims
        if word
    ]
    hidden = len(entry.claims) - len(shown)
    if hidden:
        shown.append(f'<span class="soft">{hidden} in studies not shown here</span>')
    return ", ".join(shown) or "—"


def _equation_row(entry: Entry, shown_studies: Collection[str]) -> str:
    code = ", ".join(f"<code>{dotted(name.removeprefix('tutelage.'))}</code>" for name in entry.code)
    names = [f"<code>{dotted(test.rpartition('::')[2])}</code>" for test in entry.tests]
    tests = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    figures = ", ".join(
        f'<a href="#{text(name)}">{dotted(name)}</a>' for name in entry.figures if name in shown_studies
    )
    return (
        f'<tr><td>({entry.number}) </td><th scope="row">{text(entry.what)}</th>'
        f'<td data-label="code">{code or "—"}</td><td data-label="tests">{tests or "—"}</td>'
        f'<td data-label="figures">{figures or "—"}</td><td data-label="claims">{_judged_by(entry)}</td></tr>'
    )


def equations_section(entries: Iterable[Entry], shown_studies: Collection[str]) -> str:
    """The equation index as a table."""
    columns = ("no.", "equation", "code", "tests", "figures", "claims")
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return (
        '<section id="equations"><h2>Equation index</h2><p>Every numbered equation of [C25], with the code that '
        "states it, the tests that use that code, the figures that show it and the claims that judge it (✓ holds, "
        "≈ holds with a correction, ✗ fails); generated from the sources. One equation: <code>tutelage where 14</code>.</p>"
        f'<div class="scroll"><table class="equations"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(_equation_row(entry, shown_studies) for entry in entries)}</tbody></table></div></section>"
    )


def notices(left_out: int, seed: int, failures: Mapping[str, str], own: Collection[str] = ()) -> str:
    """What makes this page unlike the usual report: other random numbers, few studies, broken ones."""
    lines = []
    if seed:
        lines.append(
            f'<p class="notice"><b>Seed {seed}.</b> This page was made with <code>--seed {seed}</code>: every study drew other '
            "random numbers than in the usual report, and the same thresholds judge them.</p>"
        )
    if left_out:
        known, yours = len(available()), f", and {len(own)} of your own" if own else ""
        lines.append(
            f'<p class="notice">{known - left_out} of {known} studies are shown{yours}; all: '
            "<code>tutelage report</code>.</p>"
        )
    lines += [
        f'<p class="fails">Study {text(name)} could not be computed: {text(message)}</p>'
        for name, message in failures.items()
    ]
    return "".join(lines)


def page(
    runs: Sequence[Judged],
    pictures: Mapping[str, Path],
    entries: Sequence[Entry],
    failures: Mapping[str, str],
    provenance: Mapping[str, object],
    *,
    full: bool,
    seed: int,
    own: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The whole report; ``pictures`` are the PNG files of the studies, ``own`` names those of the reader's."""
    left_out = len(set(available()) - set(pictures) - set(failures))
    flags = options(full=full, seed=seed)
    claims = [claim for run in runs for claim in run.claims]
    links = "".join(f'<a href="#{text(r.study.name)}">{prose(heading(r.study.card))}</a>' for r in runs)
    css = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    flat = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in provenance.items()}
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>tutelage: learning near the optimum, figures and claims</title><link rel="icon" href="data:,">
<style>{css}</style></head><body><main>
<h1>Learning near the optimum: figures, claims, verdicts</h1>
<p class="lead">A network, the student, learns from the outputs of another, the teacher, of the same shape. Close to the end of
learning everything is decided by one matrix, the Hessian of the loss: its eigenvalues say how fast each direction is
learned, and how many of them are not zero says how many parameters really count.</p>
<p>This report rebuilds the figures of <i>A Teacher-Student Perspective on the Dynamics of Learning Near the Optimal
Point</i> (Couto, Mourão, Figueiredo, Ribeiro, arXiv:2512.15606, cited as [C25]), follows up <i>Optimization and Generalization
of Shallow Neural Networks with Quadratic Activation Functions</i> (Sarao Mannelli, Vanden-Eijnden, Zdeborová, NeurIPS 2020,
cited as [S20]) and judges what they claim, and some claims of our own. Thresholds are part of the code and each says its
reason, under its figure below. To judge them on random numbers nobody has seen, run <code>tutelage report --seed 7</code>; what
happened on unseen seeds is in <code>benchmarks/README.md</code>.</p>
<p>Networks are f(x) = Σ<sub>i</sub> a<sub>i</sub> σ(w<sub>i</sub>·x) with d inputs, k hidden neurons, P = k(d + 1) parameters,
x ~ N(0, I), and weights of variance 1/d and 1/k. The loss is half the mean squared difference.</p>
{notices(left_out, seed, failures, own)}
<p>{counts(claims)}</p>
{exceptions(runs)}
<nav aria-label="Contents"><a href="#claims">All claims</a>{links}<a href="#equations">Equation index</a>
<a href="#provenance">Provenance</a></nav>
<section id="claims"><h2>All claims</h2>
<p class="soft">“Equal” and “within” compare the measurement with the prediction, “at most” and “at least” with the threshold
alone; ± is one standard error over independent repetitions: teachers, samples or instances, and “within 4 errors”
means four of them. “Ours”: not in either paper. How claims are judged, and how to doubt one: <code>docs/claims.md</code>.</p>
{claims_table(runs)}</section>
{sections(runs, pictures, flags, own)}
{equations_section(entries, pictures)}
<section id="provenance"><h2>Provenance</h2>
<p>Made by <code>{text(command([*pictures, *failures], flags, own))}</code>, version {text(tutelage.__version__)}, the
{"full" if full else "quick"} form{f", seed {seed} added to that of every study" if seed else ""};
computing time of all studies {sum(run.seconds for run in runs):.0f} s. Every claim can be computed again from its JSON file
alone: <code>tutelage recheck claims/ID.json</code>.</p>{definitions(flat)}</section>
</main></body></html>
"""
