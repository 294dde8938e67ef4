"""Run a study through the store: cached by parameters and code, recomputable from what it writes."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import tutelage
from tutelage.base.progress import AskedProgress, as_progress
from tutelage.store import Store, code_version, dataset_key, provenance
from tutelage.studies.base import Study
from tutelage.studies.claim import Claim
from tutelage.studies.discover import available, path_of

if TYPE_CHECKING:
    import xarray as xr

_ALWAYS = ("tutelage.network", "tutelage.weights")


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
            **_instructions(self.study, claim, provenance),
        }


def _instructions(study: Study, claim: Claim, provenance: Mapping[str, object]) -> dict[str, str]:
    """How to install, and the command that computes a claim again on another machine."""
    commit = provenance["commit"]
    source = f"the source of tutelage {provenance['tutelage']}" + (f", commit {commit}" if commit else "")
    own = "" if study.name in available() else f" --study {path_of(type(study))}"
    return {
        "install": f"in {source}: python -m pip install -c constraints.txt '.[all]'",
        "recompute": f"tutelage recheck {claim.id}.json{own}",
    }


def key_of(study: Study) -> str:
    """Name, parameters and the source of ``compute.py`` and the rooms the study uses; words and figure do not matter."""
    homes = dict.fromkeys([*study.homes(), type(study).__module__])
    own = [f"{home}.compute" if _exists(f"{home}.compute") else home for home in homes]
    rooms = filter(_exists, (*_ALWAYS, *study.card.uses))
    return dataset_key(study.name, study.parameters(), code_version([*rooms, *own]))


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # what should hold it is no package
        return False


def run_study(
    study: Study, store: Store | None = None, *, fresh: bool = False, progress: AskedProgress = None
) -> Run:
    """The study's dataset from the store, or computed and stored, and its claims judged now.

    Parameters
    ----------
    study : Study
    store : Store, optional
        The default folder (``$TUTELAGE_STORE`` or ``store``) unless given.
    fresh : bool
        Compute even when the store has it.
    progress : callable or True, optional
        Called with the fraction done; True draws a bar.
    """
    progress = as_progress(progress, study.name)
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


__all__ = ["Judged", "Run", "key_of", "run_study"]
