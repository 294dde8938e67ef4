"""Reduced studies, and for every claim a change of its data that must turn the verdict."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from tutelage.studies import Study

Change = Callable[[xr.Dataset], xr.Dataset]


def scaled(factor: float, *names: str) -> Change:
    """Multiply variables whose name starts with one of ``names``: a wrong factor."""

    def change(dataset: xr.Dataset) -> xr.Dataset:
        chosen = [v for v in dataset.data_vars if str(v).startswith(names)]
        assert chosen, names
        return dataset.assign({v: dataset[v] * factor for v in chosen})

    return change


def mapped(name: str, function: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Replace one variable by a function of its values."""
    return lambda dataset: dataset.assign({name: (dataset[name].dims, function(dataset[name].values))})


def computed_with(study: Study) -> Change:
    """The data of other parameters: a wrong alpha, a wrong ratio."""
    return lambda dataset: study.compute()


def check_study(
    study: Study, dataset: xr.Dataset, changes: dict[str, Change], skip: set[str] = frozenset()
) -> None:
    """Every claim is judged; those not in ``skip`` pass at this size; each change makes its claim fail."""
    claims = {claim.id: claim for claim in study.claims(dataset)}
    assert set(changes) == set(claims), set(changes) ^ set(claims)
    failing = {name: claim for name, claim in claims.items() if claim.verdict == "fails" and name not in skip}
    assert not failing, failing
    for name, change in changes.items():
        changed = {claim.id: claim for claim in study.claims(change(dataset))}[name]
        assert changed.verdict == "fails", (name, changed)
