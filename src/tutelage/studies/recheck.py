"""A claim computed again from its file alone, and what differs from the file, field by field."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tutelage.base.errors import InputError, MissingExtraError
from tutelage.store import Store, code_version
from tutelage.studies.base import Study
from tutelage.studies.claim import Claim, Statement
from tutelage.studies.record import Record, read_record
from tutelage.studies.runner import key_of, run_study

_NUMBERS = {"predicted": 1.0, "measured": 1.0, "uncertainty": 10.0, "corrected": 1.0}
"""Fields that a machine repeats to some digits only, and the factor on how many."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """A field in which the file and the computation do not agree."""

    field: str
    recorded: Any
    computed: Any


@dataclasses.dataclass(frozen=True)
class Rechecked:
    """The claim as its file has it and as computed now; ``same_code``: the file names the code that ran now."""

    recorded: Claim
    now: Claim
    differences: tuple[Difference, ...]
    same_code: bool


def recheck(
    path: str | Path,
    store: Store | None = None,
    *,
    cached: bool = False,
    own: Collection[type[Study]] = (),
) -> Rechecked:
    """Compute a claim again from the parameters in its file and compare every field.

    Words, test and threshold must be equal, numbers as equal as machines repeat them (:class:`Repeats`). The key of
    the dataset, a hash of parameters and code, must be that of the file's parameters where the file names this code.

    Parameters
    ----------
    path : str or Path
    store : Store, optional
        The computed dataset is kept here; nothing is kept unless given.
    cached : bool
        Allow the store (the default one unless given) to answer instead of computing.
    own : collection of Study classes
        The reader's own studies, of which the file may name one.

    Raises
    ------
    InputError
        The file is not a claim (:func:`read_record`), or its study cannot be computed or makes no such claim.
    """
    record = read_record(path, own)
    study, recorded = record.study, record.claim
    statements = {statement.id: statement for statement in study.statements}
    if recorded.id not in statements:
        raise InputError(
            f"recheck: study {study.name} makes no claim {recorded.id[:80]!r}; it makes {', '.join(statements)}"
        )
    now = next(claim for claim in _claims(study, store, cached) if claim.id == recorded.id)
    same_code = record.code == code_version()
    found = [*_differences(recorded, now, statements[now.id]), *(_of_key(record) if same_code else ())]
    return Rechecked(recorded, now, tuple(found), same_code)


def _claims(study: Study, store: Store | None, cached: bool) -> list[Claim]:
    """The claims computed; parameters that nobody has ever computed with may break anything."""
    try:
        if store is None and not cached:
            return study.claims(study.compute())
        return run_study(study, store, fresh=not cached).claims
    except (InputError, MissingExtraError, OSError):
        raise
    except Exception as error:
        raise InputError(
            f"recheck: study {study.name} cannot be computed with the parameters in the file "
            f"({type(error).__name__}: {error}); were they changed by hand?"
        ) from error


def _differences(recorded: Claim, now: Claim, statement: Statement) -> Iterator[Difference]:
    for field in dataclasses.fields(Claim):
        theirs, ours = getattr(recorded, field.name), getattr(now, field.name)
        factor = _NUMBERS.get(field.name)
        if theirs is None or ours is None or factor is None:
            same = theirs == ours
        else:
            same = statement.repeats.same(theirs, ours, factor)
        if not same:
            yield Difference(field.name, theirs, ours)


def _of_key(record: Record) -> Iterator[Difference]:
    if record.dataset_key != (key := key_of(record.study)):
        yield Difference("parameters (their dataset_key)", record.dataset_key, key)


__all__ = ["Difference", "Rechecked", "recheck"]
