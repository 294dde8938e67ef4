"""Receipts: under what key, code and fonts a study's files were written: unchanged files are shown again as they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.files import own_name
from tutelage.report.output import write_json
from tutelage.store import code_version
from tutelage.studies.base import Study
from tutelage.studies.claim import Claim, Measured, Statement
from tutelage.studies.record import read_json, read_record
from tutelage.studies.runner import Judged, Run, key_of


def write_receipt(path: Path, run: Run, files: Iterable[Path], pdf_fonts: int) -> None:
    """Record the run's key, the code, the fonts and the SHA-256 of every file it wrote; after the files themselves."""
    content = {
        "dataset_key": run.key,
        "code": code_version(),
        "pdf_fonts": pdf_fonts,
        "seconds": run.seconds,
        "files": {os.path.relpath(file, path.parent): _digest(file) for file in files},
    }
    write_json(own_name(path), content)


def reused(path: Path, claims: Path, study: Study, pdf_fonts: int) -> Judged | None:
    """The study with the numbers in its files, judged again; None unless the receipt is valid.

    The code is that of the whole package: a changed drawing, threshold or measurement is a reason to write
    the files again (from the store, where only the key counts). Words, tests and thresholds are the code's own:
    of the claims' files only the numbers are taken.
    """
    try:
        receipt = read_json(path, "report")
        if (receipt["code"], receipt["pdf_fonts"]) != (code_version(), pdf_fonts):
            return None
        same = all(_digest(path.parent / name) == digest for name, digest in receipt["files"].items())
        if not same or receipt["dataset_key"] != key_of(study):
            return None
        judged = [
            _judged(claims / f"{statement.id}.json", statement, study) for statement in study.statements
        ]
        seconds = check.number(receipt["seconds"], "report", "seconds", minimum=0.0)
        return Judged(study, judged, receipt["dataset_key"], seconds, cached=True)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # no receipt, or a damaged one


def _judged(path: Path, statement: Statement, study: Study) -> Claim:
    record = read_record(path, [type(study)])
    if (record.claim.id, record.study) != (statement.id, study):
        raise InputError(f"report: expected {statement.id} of this study in {str(path)!r}, got another claim")
    claim = record.claim
    numbers = Measured(claim.predicted, claim.measured, claim.uncertainty, claim.corrected)
    return Claim.judged(statement, numbers)


def _digest(file: Path) -> str:
    if not file.is_file():  # a receipt may name a device, which has no end
        raise InputError(f"report: expected a file, got {str(file)!r}")
    return hashlib.sha256(file.read_bytes()).hexdigest()
