"""Fig. 1 and appendices A.3 and D at reduced size: claims pass, and wrong data make each of them fail."""

import numpy as np
from drawn import check_figures
from falsify import check_study, computed_with, mapped, scaled
from reduced import INFORMATION, SAMPLED, SETUP

from tutelage.studies.eigenvectors import Eigenvectors
from tutelage.studies.sampled_hessian import SampledHessian


def plus(amount):
    return lambda values: values + amount


def test_setup():
    check_study(
        SETUP,
        SETUP.compute(),
        {
            "fig1.optimum": mapped("gradient", plus(1e-6)),
            "fig1.permutation": mapped("permuted", plus(1e-6)),
            "fig1.curvature": scaled(0.5, "near"),
            "fig1.parameters": mapped("n_params", plus(1)),
        },
    )


def test_eigenvectors():
    study = Eigenvectors(sizes=((2, 4), (4, 2)))
    dataset = study.compute()
    check_study(
        study,
        dataset,
        {
            "a3.residual": scaled(0.5, "hessian"),
            "a3.orthogonal": scaled(2.0, "vectors"),
            "a3.count": mapped("values_0", plus(1.0)),
        },
    )
    assert study.draw(dataset).axes


def test_information():
    half = scaled(0.5, "score")
    check_study(
        INFORMATION,
        INFORMATION.compute(),
        {
            "d.fisher": half,
            "d.trace": half,
            "d.kernel": scaled(0.5, "kernel"),
            "d.rank": mapped("sampled_0", plus(1.0)),
        },
    )


def test_sampled_hessian():
    study, dataset = SAMPLED, SAMPLED.compute()
    assert dataset.attrs["n_eff"] == 12
    half = scaled(0.5, "eigenvalues")
    check_study(
        study,
        dataset,
        {
            "sampled.rank": mapped("rank", lambda v: np.minimum(v, 11)),
            "sampled.slope": mapped("error", np.sqrt),
            "sampled.largest": half,
            "sampled.smallest": half,
            "sampled.below": scaled(1e6, "eigenvalues"),
        },
        skip={"sampled.smallest"},
    )
    check_figures(study, dataset, panels=3, judged=1, slopes=1)
    # N_eff of another width: equation (14) at k = 2 predicts 9 directions where the data show 12.
    other = SampledHessian(d=4, k=2, samples=study.samples, repeats=study.repeats)
    verdicts = {claim.id: claim.verdict for claim in other.claims(computed_with(study)(dataset))}
    assert verdicts["sampled.rank"] == "fails"
