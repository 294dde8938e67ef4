"""What commands share: output checks before long work, atomic files, progress bars and tables."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutelage.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_SUFFIXES = (".png", ".pdf", ".svg")


def check_output(path: str | Path, who: str, suffixes: Iterable[str] = ()) -> Path:
    """A file path that can be written, checked BEFORE any long computation.

    ``-`` stands for standard output and passes when no suffix is asked for.
    """
    path, suffixes = Path(path), tuple(suffixes)
    if str(path) == "-" and not suffixes:
        return path
    if suffixes and path.suffix.lower() not in suffixes:
        raise InputError(
            f"{who}: expected a file name ending in {', '.join(suffixes)}, got {str(path)!r}; add an ending"
        )
    if path.is_dir():
        raise InputError(f"{who}: expected a file name, got the folder {str(path)!r}; add a name")
    if not path.parent.is_dir():
        raise InputError(f"{who}: expected an existing folder, got {str(path.parent)!r}; create it first")
    _try_writing(path.parent, who)
    return path


def check_output_folder(path: str | Path, who: str) -> Path:
    """A folder that can be written; made when it does not exist."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{who}: cannot make the folder {str(path)!r}: {error.strerror}; choose another"
        ) from None
    _try_writing(path, who)
    return path


def _try_writing(folder: Path, who: str) -> None:
    # os.access says yes to root on read-only mounts, so try it.
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"{who}: cannot write to {str(folder)!r}: {error.strerror}; choose another folder"
        ) from None


def write_atomic(path: str | Path, write: Callable[[Path], None]) -> None:
    """Call ``write`` on a temporary name beside ``path`` and rename it there: complete or absent."""
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    try:
        write(Path(name))
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _plain(value: Any) -> Any:
    """Arrays and NumPy scalars as lists and numbers; NaN and infinities as null (JSON has neither)."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return _plain(value.tolist())


def write_json(path: str | Path, content: Any) -> None:
    """Write strict JSON with full float64 precision, atomically; ``-`` prints it."""
    text = json.dumps(_plain(content), indent=2, allow_nan=False) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
    else:
        write_atomic(path, lambda name: name.write_text(text, encoding="utf-8"))


def save_figure(figure: Figure, path: str | Path, dpi: int = 150) -> None:
    """Write a figure as PNG, PDF or SVG by its suffix, atomically; the same figure gives the same bytes."""
    import matplotlib

    path = check_output(path, "save_figure", FIGURE_SUFFIXES)
    stamps = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    with matplotlib.rc_context({"svg.hashsalt": "tutelage"}):
        write_atomic(path, lambda name: figure.savefig(name, dpi=dpi, metadata=stamps[path.suffix.lower()]))


@contextlib.contextmanager
def progress_bar(description: str, total: float | None = None) -> Iterator[Callable[..., None]]:
    """A bar on stderr, only on a terminal; yields ``advance(amount=1, description=None, total=None)``."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(description, total=total)

        def advance(amount: float = 1, description: str | None = None, total: float | None = None) -> None:
            bar.update(task, advance=amount, description=description, total=total)

        yield advance


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on standard output; cells are shown as they are, floats with six digits."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(f"{cell:.6g}" if isinstance(cell, float) else escape(str(cell)) for cell in row))
    Console().print(table)
