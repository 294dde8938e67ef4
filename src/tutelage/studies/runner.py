"""Run a study through the store: cached by parameters and code, recomputable from what it writes."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tutelage
from tutelage.base.errors import InputError
from tutelage.store import Store, code_version, dataset_key
from tutelage.studies import study_class
from tutelage.studies.base import Claim, Progress, Study

if TYPE_CHECKING:
    import xarray as xr

_ALWAYS = ("tutelage.network", "tutelage.weights", "tutelage.studies.statistics")


@dataclasses.dataclass(frozen=True)
class Judged:
    """A study with its claims; ``seconds`` is what computing took, then or now."""

    study: Study
    claims: list[Claim]
    key: str
    seconds: float
    cached: bool


@dataclasses.dataclass(frozen=True)
class Run(Judged):
    """A judged study with the dataset it was judged on."""

    dataset: xr.Dataset

    def record(self, claim: Claim) -> dict[str, Any]:
        """One claim with everything an outsider needs to compute it again."""
        provenance = json.loads(self.dataset.attrs["provenance_json"])
        return {
            "claim": claim.to_dict(),
            "study": self.study.name,
            "parameters": self.study.parameters(),
            "dataset_key": self.key,
            "tutelage": tutelage.__version__,
            "provenance": provenance,
            **_instructions(claim, provenance),
        }


def _instructions(claim: Claim, provenance: Mapping[str, Any]) -> dict[str, str]:
    """How to install, and the command that computes a claim again on another machine."""
    commit = provenance["commit"]
    source = f"the source of tutelage {provenance['tutelage']}" + (f", commit {commit}" if commit else "")
    return {
        "install": f"in {source}: python -m pip install -c constraints.txt '.[all]'",
        "recompute": f"tutelage recheck {claim.id}.json",
    }


def key_of(study: Study) -> str:
    """Name, parameters and the source of the rooms the study uses."""
    modules = [name for name in (*_ALWAYS, *study.uses) if importlib.util.find_spec(name) is not None]
    return dataset_key(study.name, study.parameters(), code_version([*modules, type(study).__module__]))


def run_study(
    study: Study, store: Store | None = None, *, fresh: bool = False, progress: Progress | None = None
) -> Run:
    """The study's dataset from the store, or computed and stored, and its claims judged now.

    Parameters
    ----------
    study : Study
    store : Store, optional
        The default folder (``$TUTELAGE_STORE`` or ``store``) unless given.
    fresh : bool
        Compute even when the store has it.
    progress : callable, optional
        Called with the fraction done.
    """
    from tutelage.store import provenance

    store = store or Store()
    key = key_of(study)
    dataset = None if fresh else store.get(key)
    cached = dataset is not None
    if dataset is None:
        store.prepare()
        start = time.perf_counter()
        dataset = study.compute(progress)
        seconds = time.perf_counter() - start
        dataset = dataset.assign_attrs(
            study=study.name,
            parameters=json.dumps(study.parameters()),
            wall_seconds=seconds,
            provenance_json=json.dumps(provenance()),
        )
        store.put(key, dataset)
    if progress is not None:
        progress(1.0)
    return Run(study, study.claims(dataset), key, float(dataset.attrs["wall_seconds"]), cached, dataset)


def read_record(path: str | Path) -> tuple[Claim, Study]:
    """The claim and the study of a claim's JSON file.

    Raises
    ------
    InputError
        No such file, not JSON, or not written by tutelage.
    """
    who = f"recheck({str(path)!r})"
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{who}: expected the JSON file of a claim, could not read it ({error})") from None
    if not isinstance(content, Mapping) or not {"claim", "study", "parameters"} <= set(content):
        raise InputError(f"{who}: expected the keys claim, study and parameters; was it written by tutelage?")
    claim = Claim.from_dict(content["claim"])
    return claim, study_class(content["study"]).from_parameters(content["parameters"])


def recheck(path: str | Path, store: Store | None = None, *, cached: bool = False) -> tuple[Claim, Claim]:
    """The claim as recorded and as computed again from the parameters in its file.

    ``cached`` allows the store (the default one unless given) to answer. Otherwise everything is computed anew, and
    kept only in a store that is given.
    """
    recorded, study = read_record(path)
    if store is None and not cached:
        judged = study.claims(study.compute())
    else:
        judged = run_study(study, store, fresh=not cached).claims
    claims = {claim.id: claim for claim in judged}
    if recorded.id not in claims:
        raise InputError(
            f"recheck: study {study.name} makes no claim {recorded.id!r}; it makes {', '.join(claims)}"
        )
    return recorded, claims[recorded.id]


__all__ = ["Judged", "Run", "key_of", "read_record", "recheck", "run_study"]
