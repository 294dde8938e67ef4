"""The study over sizes and activations at reduced size: its claims pass, and wrong data make each of them fail."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))

from drawn import check_figures
from falsify import check_study, mapped, scaled
from reduced import LEARNING_CURVES as SMALL

from tutelage.studies import study_class
from tutelage.studies.learning_curves import LearningCurves


def other_activation(name, instead):
    """The numbers of another activation under this one's name."""

    def change(data):
        columns = {v: x for v, x in data.items() if "activation" in x.dims}
        kept = data["activation"] != name
        return data.assign(
            {v: x.where(kept, x.sel(activation=instead, drop=True)) for v, x in columns.items()}
        )

    return change


def test_the_claims_hold_and_can_fail():
    dataset = SMALL.compute()
    wider = dataclasses.replace(SMALL, large=48)
    changes = {
        # One direction more or less, or an eigenvalue that its error bar does not tell from 0.
        "learning_curves.rank.linear": other_activation("linear", "quadratic"),
        "learning_curves.rank.quadratic": mapped("directions", lambda n: n - 1),
        "learning_curves.rank.erf": mapped("error", lambda e: e + 0.2 * dataset["smallest"].values),
        "learning_curves.exponential": scaled(1.3, "time_to_1e-6"),
        "learning_curves.power": mapped("large_loss", lambda loss: loss**1.2),
        "learning_curves.bulk": lambda data: wider.compute(),
        "learning_curves.slower": other_activation("erf", "quadratic"),
    }
    check_study(SMALL, dataset, changes)
    check_figures(SMALL, dataset, panels=2, judged=1, slopes=1)


def test_the_local_slope_of_another_power_is_seen():
    dataset = SMALL.compute()
    time = dataset["time"].values
    for power, verdict in ((-1.5, "holds"), (-1.25, "fails"), (-1.75, "fails")):
        changed = dataset.assign(large_loss=(("teacher", "time"), np.tile(time**power, (3, 1))))
        claims = {claim.id: claim.verdict for claim in SMALL.claims(changed)}
        assert claims["learning_curves.power"] == verdict


@pytest.mark.parametrize("make", [LearningCurves.quick, LearningCurves.full])
def test_the_study_is_registered(make):
    assert study_class("learning_curves") is LearningCurves
    assert LearningCurves.from_parameters(make().parameters()) == make()
