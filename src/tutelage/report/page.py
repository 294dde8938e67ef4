"""Runs -> one self-contained HTML page: no script, no request, formulas as MathML; templates/ says how it looks."""

from __future__ import annotations

import functools
import itertools
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import tutelage
from tutelage.base.printable import printable
from tutelage.report.claims import CSS_CLASS, SIGN, counts, exceptions, rows
from tutelage.report.equations import Entry
from tutelage.report.pictures import share_of_page, strips
from tutelage.report.typeset import breaks, formula, heading, prose
from tutelage.studies import available
from tutelage.studies.judge import VERDICTS
from tutelage.studies.runner import Judged

FRONT = ("fig2", "fig3", "two-papers")
"""The studies whose first panel stands on the first screen."""


class Pictures(NamedTuple):
    """The PNG files of a study: its figure, and what its claims are judged by, where it has that."""

    figure: Path
    judged: Path | None = None


def options(*, full: bool, seed: int) -> str:
    """The options of a command that makes the same numbers again."""
    return (" --full" if full else "") + (f" --seed {seed}" if seed else "")


def command(names: Sequence[str], flags: str, own: Mapping[str, str] = MappingProxyType({})) -> str:
    """The command that makes this page; ``own`` maps names of the reader's own studies to ``module:Class``."""
    ours = [name for name in names if name not in own]
    only = "" if set(ours) >= set(available()) else "".join(f" --only {name}" for name in ours or names)
    return f"tutelage report{only}{''.join(f' --study {path}' for path in own.values())}{flags}"


@functools.cache
def glossary() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Term -> what it means, and the beginnings of words by which a section uses it."""
    content = tomllib.loads(Path(__file__).with_name("terms.toml").read_text(encoding="utf-8"))
    return {
        name: (entry["meaning"], tuple(word.lower() for word in entry.get("words", [name])))
        for name, entry in content.items()
    }


def terms(words: str) -> dict[str, str]:
    """The side notes of a section: the first three of the terms that its words use."""
    used = words.lower()
    found = (
        (name, meaning) for name, (meaning, parts) in glossary().items() if any(p in used for p in parts)
    )
    return dict(itertools.islice(found, 3))


def section(run: Judged, pictures: Pictures, flags: str, own: str = "") -> dict[str, Any]:
    """What the template shows of one study; ``own``: ``module:Class`` of a reader's."""
    study, card = run.study, run.study.card
    claims, whose = rows(run), f" --study {own}" if own else ""
    return {
        "name": study.name,
        "heading": heading(card),
        "part": card.part,
        "place": card.place,
        "counts": [count for count in counts(claims) if count.number],
        "strips": strips(pictures.figure),
        "judged_strips": [] if pictures.judged is None else strips(pictures.judged),
        "judged": card.judged or "What the claims of this section are judged by.",
        "spoken": f"{heading(card)}: {card.takeaway or card.words}",
        "takeaway": card.takeaway,
        "code": card.code.strip(),
        "paragraphs": [part for part in card.words.split("\n\n") if part],
        "terms": terms(f"{card.words} {card.takeaway}"),
        "formulas": card.formulas,
        "claims": claims,
        "parameters": study.parameters() | {"dataset": run.key, "computing time": f"{run.seconds:.1f} s"},
        "reproduce": f"tutelage reproduce {own or study.name}{flags}",
        "recheck": f"tutelage recheck claims/{claims[0].id if claims else 'ID'}.json{whose}",
    }


def equation_row(entry: Entry, shown: Collection[str]) -> dict[str, Any]:
    """One equation, with the claims that are on the page and how many are not."""
    judged = [(claim, word) for _, claim, word in entry.claims if word]
    return {
        "number": entry.number,
        "what": entry.what,
        "code": [name.removeprefix("tutelage.") for name in entry.code],
        "tests": [test.rpartition("::")[2] for test in entry.tests],
        "figures": [name for name in entry.figures if name in shown],
        "claims": judged,
        "hidden": len(entry.claims) - len(judged),
    }


def notices(left_out: int, seed: int, own: Collection[str] = ()) -> list[dict[str, str]]:
    """What makes this page unlike the usual report: other random numbers, few studies."""
    found = []
    if seed:
        words = (
            f"Seed {seed}: every study drew other random numbers than in the usual report, and the same thresholds "
            "judge them; made with"
        )
        found.append({"text": words, "code": f"--seed {seed}"})
    if left_out:
        known, yours = len(available()), f", and {len(own)} of your own" if own else ""
        words = f"{known - left_out} of {known} studies are shown{yours}; all:"
        found.append({"text": words, "code": "tutelage report"})
    return found


def fronts(sections: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first panels of the studies that show best what all of this is about, with what they lead to."""
    by_name = {content["name"]: content for content in sections}
    return [
        {"name": name, "heading": by_name[name]["takeaway"], "piece": by_name[name]["strips"][0][0]}
        for name in FRONT
        if name in by_name
    ]


def _shown(value: Any) -> Any:
    """Nothing that a template writes acts on the page: Jinja escapes HTML, this the characters that act themselves."""
    return value if isinstance(value, Markup) else printable(value, keep="\n")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tutelage.report"), autoescape=True, undefined=StrictUndefined, finalize=_shown,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "prose": prose, "formula": formula, "breaks": breaks, "share_of_page": share_of_page,
        "sign": SIGN.__getitem__, "css_class": CSS_CLASS.__getitem__,
    }  # fmt: skip
    return environment


def page(
    runs: Sequence[Judged],
    pictures: Mapping[str, Pictures],
    entries: Sequence[Entry],
    failures: Mapping[str, str],
    provenance: Mapping[str, object],
    *,
    full: bool,
    seed: int,
    own: Mapping[str, str] = MappingProxyType({}),
    beside: str = "",
) -> str:
    """The whole report; ``pictures`` are the files of the studies, ``own`` names those of the reader's.

    ``beside`` names the page of sliders that lies in the same folder.
    """
    flags = options(full=full, seed=seed)
    with ThreadPoolExecutor(2) as pool:  # cutting pictures is the work, and leaves Python to the other
        sections = list(
            pool.map(lambda r: section(r, pictures[r.study.name], flags, own.get(r.study.name, "")), runs)
        )
    claims = [claim for content in sections for claim in content["claims"]]
    left_out = len(set(available()) - set(pictures) - set(failures))
    return _environment().get_template("page.html").render(
        css=Markup(Path(__file__).with_name("style.css").read_text(encoding="utf-8")),
        sections=sections,
        fronts=fronts(sections),
        total=len(claims),
        counts=counts(claims),
        verdicts=VERDICTS,
        exceptions=exceptions(claims),
        notices=notices(left_out, seed, own),
        failures=failures,
        every_term={name: meaning for name, (meaning, _) in glossary().items()},
        equations=[equation_row(entry, pictures) for entry in entries],
        command=command([*pictures, *failures], flags, own),
        beside=beside,
        version=tutelage.__version__,
        form="full" if full else "quick",
        seed=seed,
        seconds=f"{sum(run.seconds for run in runs):.0f}",
        provenance={k: json.dumps(v) if isinstance(v, dict) else v for k, v in provenance.items()},
    )  # fmt: skip
