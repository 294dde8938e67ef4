"""Exact ranks over a grid: every claim passes at reduced size, and a wrong rank or parameter turns it."""

import dataclasses

import numpy as np
from drawn import check_figure
from falsify import check_study, computed_with, mapped
from reduced import EFFECTIVE_PARAMETERS

from tutelage.studies.effective_parameters.compute import FAMILIES


def off_by_one(family, where=(0, 0)):
    def change(ranks):
        ranks = ranks.copy()
        ranks[where] += 1
        return ranks

    return mapped(family, change)


def test_every_claim_holds_and_can_fail():
    study = EFFECTIVE_PARAMETERS
    dataset = study.compute()
    linear_instead = computed_with(dataclasses.replace(study, alpha=0.0))
    check_study(
        study,
        dataset,
        {
            "rank.linear": off_by_one("rank_linear"),
            "rank.quadratic": linear_instead,
            "rank.bound": off_by_one("rank_cubic", (1, 7)),
            "rank.cubic": off_by_one("rank_cubic"),
            "rank.missing": off_by_one("rank_odd_cubic"),
            "rank.cube": mapped("rank_cube", lambda v: v - (v > 10)),
            "rank.erf": mapped("certified_erf", lambda v: v - (np.arange(v.size) == 3).reshape(v.shape)),
            "rank.biases": linear_instead,
        },
    )
    verdicts = {claim.id: claim.verdict for claim in study.claims(dataset)}
    assert verdicts["rank.missing"] == verdicts["rank.cube"] == "holds with a correction"
    assert verdicts["rank.erf"] == "holds"
    assert dataset["rank_cube"].sel(d=5, k=7) == 34 and dataset["rank_odd_cubic"].sel(d=5, k=7) == 39
    figure = study.draw(dataset)
    check_figure(figure, panels=5)
    assert [axes.get_title(loc="left") for axes in figure.axes[:4]] == [
        "linear",
        "u + αu²",
        "u + u² + u³",
        "erf: certified",
    ]
    assert set(dataset.data_vars) == {
        f"{what}_{f}" for f in FAMILIES for what in ("rank", "certified", "proven")
    }
