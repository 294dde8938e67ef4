"""What commands share: output checks before long work, atomic files, progress bars and tables."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutelage.base.errors import InputError
from tutelage.base.printable import printable

if TYPE_CHECKING:
    from cyclopts import Token
    from matplotlib.figure import Figure
    from rich.progress import Progress

    from tutelage.base.progress import Progress as Fraction
    from tutelage.studies.base import Claim

FIGURE_SUFFIXES = (".png", ".pdf", ".svg")


def check_output(path: str | Path, who: str, suffixes: Iterable[str] = ()) -> Path:
    """A file path that can be written, checked BEFORE any long computation.

    ``-`` stands for standard output and passes when no suffix is asked for.
    """
    from tutelage.base.files import check_file

    path, suffixes = Path(path), tuple(suffixes)
    if str(path) == "-" and not suffixes:
        return path
    if suffixes and path.suffix.lower() not in suffixes:
        raise InputError(
            f"{who}: expected a file name ending in {', '.join(suffixes)}, got {str(path)!r}; add an ending"
        )
    check_file(path, who)
    return path


def check_output_folder(path: str | Path, who: str) -> Path:
    """A folder that can be written; made when it does not exist."""
    from tutelage.base.files import check_folder

    check_folder(path, who)
    return Path(path)


def strict(type_: Any, tokens: Sequence[Token]) -> Any:
    """Convert an option as cyclopts does, save that an integer must be written as one (``2.5`` is not rounded)."""
    from cyclopts import CoercionError, convert

    def leaf(type_: Any, text: str) -> Any:
        if type_ is not int:
            return convert(type_, [text])
        try:
            return int(text)
        except ValueError:
            raise CoercionError(msg=f"expected an integer, got {text!r}") from None

    return convert(type_, tokens, leaf)


def _finite(value: object) -> Any:
    """NaN and infinities as null (JSON has neither)."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and value - value != 0.0 else value


def write_json(path: str | Path, content: object) -> None:
    """Write strict JSON with full float64 precision, atomically; ``-`` prints it."""
    from tutelage.base.files import atomic_write
    from tutelage.store.plain import plain

    text = json.dumps(_finite(plain(content, "write_json")), indent=2, allow_nan=False) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return
    with atomic_write(path, "w", "write_json") as stream:
        stream.write(text)


def save_figure(figure: Figure, path: str | Path, dpi: int = 150, pdf_fonts: int = 42) -> None:
    """Write a figure as PNG, PDF or SVG by its suffix, atomically; the same figure gives the same bytes.

    ``pdf_fonts`` is matplotlib's ``pdf.fonttype``: 42 (TrueType) is what conferences accept; 3 takes a third of the time.
    """
    import matplotlib

    from tutelage.base.files import atomic_write

    path = check_output(path, "save_figure", FIGURE_SUFFIXES)
    form = path.suffix.lower().removeprefix(".")
    stamp = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[form]
    with (
        matplotlib.rc_context({"svg.hashsalt": "tutelage", "pdf.fonttype": pdf_fonts}),
        atomic_write(path, "wb", "save_figure") as stream,
    ):
        figure.savefig(stream, format=form, dpi=dpi, metadata=stamp)


@contextlib.contextmanager
def progress_bar(description: str, total: float | None = None) -> Iterator[Callable[..., None]]:
    """A bar on stderr, only on a terminal; yields ``advance(amount=1, description=None, total=None)``."""
    with _bars() as bars:
        task = bars.add_task(printable(description), total=total)

        def advance(amount: float = 1, description: str | None = None, total: float | None = None) -> None:
            shown = None if description is None else printable(description)
            bars.update(task, advance=amount, description=shown, total=total)

        yield advance


@contextlib.contextmanager
def fraction_bars() -> Iterator[Callable[[str], Fraction]]:
    """Several bars: ``add(description)`` gives the progress that moves one; at 1 its bar vanishes."""
    with _bars() as bars:

        def add(description: str) -> Fraction:
            task = bars.add_task(printable(description), total=1.0)

            def show(fraction: float, message: str | None = None, /) -> None:
                shown = printable(f"{description}: {message}" if message else description)
                bars.update(task, completed=fraction, visible=fraction < 1.0, description=shown)

            return show

        yield add


def bars_are_seen() -> bool:
    """Whether standard error is a terminal, where bars are drawn."""
    from rich.console import Console

    return Console(stderr=True).is_terminal


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    return Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),  # else lines meant for a file would go to the terminal
    )


def say(text: object, *, error: bool = False, flush: bool = False) -> None:
    """One line on standard output, or on standard error; nothing in it acts on the terminal.

    Commands write nothing except through this function, :func:`print_table` and :func:`write_json`, because any
    text may have come from a file or an option: a name, a path, the message of an exception.
    """
    print(printable(text), file=sys.stderr if error else sys.stdout, flush=flush)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on standard output; cells are shown as they are (no markup, no escapes), floats with six digits."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(printable(title), "table.title"), title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(Text(printable(column)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(f"{c:.6g}" if isinstance(c, float) else printable(c)) for c in row))
    Console().print(table)


def print_claims(title: str, claims: Iterable[Claim]) -> None:
    """Claims with prediction, measurement and verdict."""
    rows = [
        (
            claim.text,
            claim.predicted,
            f"{claim.measured:.6g}" + (f" ± {claim.uncertainty:.1g}" if claim.uncertainty else ""),
            claim.test + (f" {claim.threshold:g}" if claim.test != "equal" else ""),
            claim.verdict,
        )
        for claim in claims
    ]
    print_table(title, ("claim", "predicted", "measured", "test", "verdict"), rows)
