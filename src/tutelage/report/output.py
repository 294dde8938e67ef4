"""Files that commands and reports write: checked before long work, atomic, the same bytes for the same content."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tutelage.base.errors import InputError
from tutelage.base.files import atomic_write, check_file, check_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_SUFFIXES = (".png", ".pdf", ".svg")

DPI = 150
"""Pixels to the inch of a PNG."""


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
    check_file(path, who)
    return path


def check_output_folder(path: str | Path, who: str) -> Path:
    """A folder that can be written; made when it does not exist."""
    check_folder(path, who)
    return Path(path)


def _finite(value: object) -> object:
    """NaN and infinities as null (JSON has neither)."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and value - value != 0.0 else value


def write_json(path: str | Path, content: object) -> None:
    """Write strict JSON with full float64 precision, atomically; ``-`` prints it."""
    from tutelage.store.plain import plain  # the commands' help needs no NumPy

    text = json.dumps(_finite(plain(content, "write_json")), indent=2, allow_nan=False) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return
    with atomic_write(path, "w", "write_json") as stream:
        stream.write(text)


def save_figure(figure: Figure, path: str | Path, dpi: int = DPI, pdf_fonts: int = 42) -> None:
    """Write a figure as PNG, PDF or SVG by its suffix, atomically; the same figure gives the same bytes.

    ``pdf_fonts`` is matplotlib's ``pdf.fonttype``: 42 (TrueType) is what conferences accept; 3 takes a third of the time.
    """
    import matplotlib

    path = check_output(path, "save_figure", FIGURE_SUFFIXES)
    form = path.suffix.lower().removeprefix(".")
    stamp = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[form]
    with (
        matplotlib.rc_context({"svg.hashsalt": "tutelage", "pdf.fonttype": pdf_fonts}),
        atomic_write(path, "wb", "save_figure") as stream,
    ):
        figure.savefig(stream, format=form, dpi=dpi, metadata=stamp)
