"""Figures 6 and 7 at reduced size: claims pass, and wrong data make each of them fail."""

import numpy as np
from falsify import check_study, computed_with, mapped, scaled

from tutelage.studies.hidden_block import HiddenBlock
from tutelage.studies.readout_block import ReadoutBlock


def test_hidden_block():
    study = HiddenBlock(d=5, k=8, teachers=1500, dense_teachers=3)
    dataset = study.compute()
    half = scaled(0.5, "readout")
    check_study(
        study,
        dataset,
        {
            "fig6.multiplicity": half,
            "fig6.zeros": scaled(0.0, "dense"),
            "fig6.law": half,
            "fig6.mean": half,
            "fig6.variance": half,
        },
    )
    # A wrong width alone, with everything else right, is seen too.
    other = {c.id: c.verdict for c in study.claims(HiddenBlock(5, 16, 1500, 3).compute())}
    assert other["fig6.law"] == "fails" and other["fig6.mean"] != "fails"


def test_readout_block():
    study = ReadoutBlock(teachers=600, large=8)
    wrong_ratio = computed_with(ReadoutBlock(sizes=((10, 24), (30, 14)), teachers=600, large=8))
    half = scaled(0.5, "eigenvalues", "large")
    check_study(
        study,
        study.compute(),
        {
            "fig7.zeros.wide": wrong_ratio,
            "fig7.zeros.narrow": mapped("eigenvalues_narrow", lambda v: np.where(v < v[:, 1:2], 0, v)),
            "fig7.mean.wide": half,
            "fig7.mean.narrow": half,
            "fig7.second.wide": wrong_ratio,
            "fig7.second.narrow": wrong_ratio,
            "fig7.limit.wide": wrong_ratio,
            "fig7.limit.narrow": wrong_ratio,
            "fig7.edges": half,
        },
    )
