"""The study of Fig. 3 at reduced size: its claims pass, and wrong data make each of them fail."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))

from drawn import check_figures
from falsify import check_study, computed_with, mapped
from reduced import NEAR_OPTIMUM

from tutelage.studies import study_class
from tutelage.studies.near_optimum import NearOptimum


@pytest.mark.slow
def test_the_claims_hold_and_can_fail():
    study = NEAR_OPTIMUM
    dataset = study.compute()
    other_teacher = computed_with(dataclasses.replace(study, seed=8))
    slower = mapped("time", lambda t: 1.3 * t)
    changes = {
        "fig3.rate": slower,
        "fig3.faster": lambda data: data.assign(loss=np.exp(-data["time"])),
        "fig3.whole": other_teacher,
        "fig3.exponential.erf": mapped("loss", np.square),
    }
    for name in ("linear", "quadratic", "erf"):
        changes[f"fig3.curve.{name}"] = other_teacher
        changes[f"fig3.slope.{name}"] = mapped("loss", np.square)
    # Chance moves the whole curve by 0.034 a standard deviation in batches of 128; its threshold is for 1024.
    check_study(study, dataset, changes, skip={"fig3.whole"})
    check_figures(study, dataset, panels=2, judged=2, slopes=2)
    assert study.draw(dataset).axes[0].get_yscale() == "log"


def test_the_study_is_registered():
    assert study_class("fig3") is NearOptimum
    assert NearOptimum.from_parameters(NearOptimum.full().parameters()) == NearOptimum.full()
