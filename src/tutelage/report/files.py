"""What a run of a study leaves on disk: figures as PNG and PDF, a JSON per claim, the dataset in zarr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tutelage.base.files import own_name
from tutelage.report.output import DPI, save_figure, write_json
from tutelage.store import save_dataset
from tutelage.store.keys import SUFFIX
from tutelage.store.ownership import refuse_others
from tutelage.studies.runner import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

JUDGED = "-judged"
"""What follows a study's name in the picture that its claims are judged by."""


def write_run(run: Run, figures: Path, claims: Path, datasets: Path, *, pdf_fonts: int = 42) -> list[Path]:
    """Write everything of one run into three existing folders (which may be the same); returns the paths.

    The dataset comes first: it says that the rest is ours (:func:`refuse_others_of`).
    """
    written = [save_dataset(run.dataset, own_name(datasets / f"{run.study.name}{SUFFIX}"))]
    drawn = {"": run.study.draw(run.dataset), JUDGED: run.study.draw_judged(run.dataset)}
    for ending, figure in drawn.items():
        if figure is not None:
            written += _write_figure(figure, figures / f"{run.study.name}{ending}", pdf_fonts)
    for claim in run.claims:
        path = own_name(claims / f"{claim.id}.json")
        write_json(path, run.record(claim))
        written.append(path)
    return [*written[1:], written[0]]


def _write_figure(figure: Figure, stem: Path, pdf_fonts: int) -> list[Path]:
    paths = [own_name(stem.with_name(stem.name + suffix)) for suffix in (".png", ".pdf")]
    _settle(figure)
    for path in paths:
        save_figure(figure, path, pdf_fonts=pdf_fonts)
    return paths


def _settle(figure: Figure) -> None:
    """Find the places once, for both files: while a figure has a layout engine, saving draws it once more in vain."""
    from tutelage.plotting.style import plain_powers

    plain_powers(figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        figure.set_dpi(DPI)
        engine.execute(figure)
        figure.set_layout_engine(None)


def refuse_others_of(study: str, folder: Path, who: str) -> None:
    """Refuse a folder whose ``STUDY.png`` or the like is not ours: no dataset of that study lies beside it."""
    if not (folder / f"{study}{SUFFIX}").is_file():
        advice = "choose another (--output)"
        ours = (f"{study}.", f"{study}{JUDGED}.")
        refuse_others(folder, lambda entry: not entry.name.startswith(ours), who, advice)
