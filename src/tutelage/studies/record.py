"""Claim files are read here and nowhere else: what comes out has the declared types, and a known study."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn

from tutelage.base.errors import InputError
from tutelage.studies.base import Study
from tutelage.studies.claim import Claim
from tutelage.studies.discover import study_class
from tutelage.studies.fields import checked, complete

_LARGEST_FILE = 1_000_000
"""Bytes; a claim takes about 2000."""

_TIMES_LARGER = 10
"""How much larger than the quick and full reports a file may ask a study to be: nobody's file may fill the memory."""

_FIELDS = {
    "claim": dict,
    "study": str,
    "parameters": dict,
    "dataset_key": str,
    "tutelage": str,
    "provenance": dict,
    "install": str,
    "recompute": str,
}


@dataclasses.dataclass(frozen=True)
class Record:
    """What a claim's file says. ``code`` is the hash of the source that it names (None without one)."""

    claim: Claim
    study: Study
    dataset_key: str
    version: str
    code: str | None


def read_json(path: str | Path, who: str) -> Any:
    """The content of a small file of strict JSON; a byte-order mark is ignored.

    Raises
    ------
    InputError
        It cannot be read, is larger than 1 MB, is not UTF-8 or JSON, repeats a key, holds NaN or an infinity, or is
        nested too deeply.
    """
    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(_LARGEST_FILE + 1)
        if len(raw) > _LARGEST_FILE:
            raise ValueError(f"larger than {_LARGEST_FILE} bytes")
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse)
    except (OSError, ValueError) as error:  # neither UTF-8 nor JSON, too many digits, a path with a null byte
        raise InputError(
            f"{who}: expected a file of JSON, could not read it ({error}); check the path"
        ) from None
    except RecursionError:
        raise InputError(
            f"{who}: expected a file of JSON, got one nested too deeply; check the path"
        ) from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def read_record(path: str | Path, own: Collection[type[Study]] = ()) -> Record:
    """The claim and the study of a claim's JSON file.

    Nothing is imported or executed on the file's word: it names one of the known studies or of the reader's ``own``,
    and its parameters are numbers and words of the types that the study declares, at most ten times larger than in the
    full report.

    Raises
    ------
    InputError
        No such file, not JSON, not written by tutelage, or a field of another type.
    """
    who = f"recheck({str(path)!r})"
    content = complete(read_json(path, who), _FIELDS, who)
    for name, hint in _FIELDS.items():
        checked(content[name], hint, who, name)
    claim = Claim.from_dict(content["claim"])
    known = {study.card.name: study for study in own}
    found = known.get(content["study"]) or study_class(content["study"])
    study = found.from_parameters(content["parameters"])
    complete(content["parameters"], study.parameters(), f"{who}: parameters")
    _check_sizes(study, who)
    code = content["provenance"].get("code")
    return Record(claim, study, content["dataset_key"], content["tutelage"], code)


def _check_sizes(study: Study, who: str) -> None:
    """Refuse work far beyond what a report does."""
    usual = [form.parameters() for form in (type(study).quick(), type(study).full())]
    for name, value in study.parameters().items():
        largest = _TIMES_LARGER * max((n for form in usual for n in _sizes(form[name])), default=0)
        asked = max(_sizes(value), default=0)
        if name != "seed" and asked > largest:
            raise InputError(
                f"{who}: expected {name} of at most {largest} ({_TIMES_LARGER} times what a report asks for), got "
                f"{asked}; compute it from Python: {type(study).__name__}({name}=...)"
            )


def _sizes(value: object) -> Iterator[int]:
    """The whole numbers in a parameter, and the lengths of its tuples."""
    if isinstance(value, tuple):
        yield len(value)
        for item in value:
            yield from _sizes(item)
    elif isinstance(value, int):
        yield abs(value)


__all__ = ["Record", "read_json", "read_record"]
