"""What commands share: output checks before long work, atomic files, progress bars and tables."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tutelage.base.printable import printable
from tutelage.report.output import FIGURE_SUFFIXES as FIGURE_SUFFIXES
from tutelage.report.output import check_output as check_output
from tutelage.report.output import check_output_folder as check_output_folder

if TYPE_CHECKING:
    from pathlib import Path

    from cyclopts import Token
    from matplotlib.figure import Figure
    from rich.progress import Progress

    from tutelage.base.progress import Progress as Fraction
    from tutelage.studies.claim import Claim


def import_activations(type_: object, text: str) -> None:
    """Validator of ``--activation``: import what its ``module:Class`` names, from Python's path or the current folder."""
    if ":" not in text:
        _refuse_unknown(text)
        return
    from tutelage.sweep.imports import load_activation

    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)  # last: a json.py that lies there is nobody's json
    for part in text.split(";"):
        load_activation(part, (), "activation")


def _refuse_unknown(text: str) -> None:
    """A wrong name is answered before JAX is imported, which takes a second."""
    from tutelage.base.errors import InputError
    from tutelage.base.nearest import nearest

    known = activation_names()
    for part in filter(None, map(str.strip, text.split(";"))):
        if part not in known:
            raise InputError(f"activation: unknown name {part!r}; {nearest(part, known)}")


def activation_names() -> set[str]:
    """Names of activations, read from the sources, so that nothing of JAX is imported."""
    import re
    from importlib.metadata import entry_points
    from pathlib import Path

    import tutelage

    room = Path(tutelage.__file__).with_name("activations")
    known = {
        name
        for file in room.glob("*.py")
        for name in re.findall(
            r'^    name(?:: [^=]+)? = "(\w+)"', file.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    return known | {entry.name for entry in entry_points(group="tutelage.activations")}


ActivationText = Annotated[str, Parameter(validator=import_activations)]
"""The type of ``--activation``: a written form, or ``module:Class:key=value`` of the user's own."""


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


@contextlib.contextmanager
def progress_bar(description: str, total: float | None = None) -> Iterator[Callable[..., None]]:
    """A bar on stderr, only on a terminal; yields ``advance(amount=1, description=None, total=None)``."""
    if not bars_are_seen():  # nothing of rich's bars is loaded
        yield lambda *_, **__: None
        return
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


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], dispensable: Sequence[str] = ()
) -> None:
    """A table on standard output; cells are shown as they are (no markup, no escapes), floats with six digits.

    No word or number is split: where the columns do not fit the terminal side by side, the ``dispensable`` ones go, the
    first named first, and a line says so; where the others do not fit either, every row is a card, a line a column.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(emoji=False)
    head = [printable(column) for column in columns]
    cells = [[f"{c:.6g}" if isinstance(c, float) else printable(c) for c in row] for row in rows]
    narrowest = [max(map(_longest_word, column)) for column in zip(head, *cells, strict=True)]
    kept = _fitting(narrowest, [columns.index(name) for name in dispensable], console.width)
    if kept is None:
        _print_cards(title, head, cells)
        return
    left_out = [name for i, name in enumerate(head) if i not in kept]
    head, narrowest, *cells = ([row[i] for i in kept] for row in (head, narrowest, *cells))
    table = Table(title=Text(printable(title), "table.title"), title_justify="left", header_style="bold")
    for column, width in zip(head, narrowest, strict=True):
        table.add_column(Text(column), overflow="fold", min_width=width)
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)
    if left_out:
        say(f"not shown, for want of width: {', '.join(left_out)}")


def _fitting(widths: Sequence[int], dispensable: Sequence[int], room: int) -> list[int] | None:
    """Which columns fit side by side, borders and margins included; None where the necessary ones do not."""
    for gone in range(len(dispensable) + 1):
        kept = [i for i in range(len(widths)) if i not in dispensable[:gone]]
        if sum(widths[i] for i in kept) + 3 * len(kept) + 1 <= room:
            return kept
    return None


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def _print_cards(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    say(title)
    for first, *others in rows:
        say("")
        say(f"{columns[0]}: {first}" if columns[0] else first)
        for column, cell in zip(columns[1:], others, strict=True):
            say(f"  {column}: {cell}")


def save_figure(figure: Figure, path: Path, dpi: int = 150, pdf_fonts: int = 42) -> None:
    """Write a figure, and say so."""
    from tutelage.report.output import save_figure as save

    save(figure, path, dpi, pdf_fonts)
    say_written(path)


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON to a file and say so, or to standard output for ``-``."""
    from tutelage.report.output import write_json as write

    write(path, content)
    if str(path) != "-":
        say_written(path)


def say_written(path: str | Path) -> None:
    """Every file that a command made is named, on standard error: standard output may be for a program."""
    say(f"written {path}", error=True)


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
    print_table(title, ("claim", "predicted", "measured", "test", "verdict"), rows, ("test", "predicted"))
