"""Receipts: under what key, code and fonts a study's files were written: unchanged files are shown again as they are."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from tutelage.cli.support import write_json
from tutelage.store import code_version
from tutelage.studies.base import Study
from tutelage.studies.runner import Judged, Run, key_of, read_record


def write_receipt(path: Path, run: Run, files: Iterable[Path], pdf_fonts: int) -> None:
    """Record the run's key, the code, the fonts and the SHA-256 of every file it wrote; after the files themselves."""
    content = {
        "dataset_key": run.key,
        "code": code_version(),
        "pdf_fonts": pdf_fonts,
        "seconds": run.seconds,
        "files": {os.path.relpath(file, path.parent): _digest(file) for file in files},
    }
    write_json(path, content)


def reused(path: Path, claims: Path, study: Study, pdf_fonts: int) -> Judged | None:
    """The study as its files tell it, its claims judged again; None unless the receipt is valid.

    The code is that of the whole package: a changed drawing, threshold or measurement is a reason to write
    the files again (from the store, where only the key counts).
    """
    try:
        receipt = json.loads(path.read_text(encoding="utf-8"))
        if (receipt["code"], receipt["pdf_fonts"]) != (code_version(), pdf_fonts):
            return None
        same = all(_digest(path.parent / name) == digest for name, digest in receipt["files"].items())
        if not same or receipt["dataset_key"] != key_of(study):
            return None
        found = [read_record(claims / f"{statement.id}.json")[0] for statement in study.statements]
        judged = [dataclasses.replace(claim, verdict=claim.rejudged()) for claim in found]
        return Judged(study, judged, receipt["dataset_key"], float(receipt["seconds"]), cached=True)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # no receipt, or a damaged one


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
