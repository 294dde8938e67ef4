"""Figure 2 at reduced size: claims pass, and a wrong ratio, factor or law makes each of them fail."""

import numpy as np
import pytest
from drawn import check_figures
from falsify import check_study, computed_with, mapped, scaled

from tutelage.studies.linear_spectrum import LinearSpectrum


@pytest.fixture(scope="module")
def study():
    return LinearSpectrum(sizes=((4, 8), (9, 3)), teachers=2500, dense_teachers=2)


@pytest.fixture(scope="module")
def dataset(study):
    return study.compute()


def test_every_claim_can_fail(study, dataset):
    half = scaled(0.5, "eigenvalues")
    changes = {"fig2.atom": scaled(0.5, "readout_narrow")}
    for panel in ("wide", "narrow"):
        changes |= {
            f"fig2.rank.{panel}": mapped(f"dense_{panel}", lambda v: v + 1e-3),
            f"fig2.sum.{panel}": scaled(0.5, "dense"),
            f"fig2.mean.{panel}": half,
            f"fig2.variance.{panel}": half,
            f"fig2.finite.{panel}": half,
            f"fig2.limit.{panel}": half,
        }
    changes["fig2.convergence"] = mapped("law_distance", np.sqrt)
    check_study(study, dataset, changes)


def test_a_wrong_ratio_is_seen_by_mean_variance_and_law(study, dataset):
    wrong = computed_with(LinearSpectrum(sizes=((4, 9), (9, 4)), teachers=2500, dense_teachers=2))(dataset)
    verdicts = {claim.id: claim.verdict for claim in study.claims(wrong)}
    for panel in ("wide", "narrow"):
        assert verdicts[f"fig2.mean.{panel}"] == verdicts[f"fig2.finite.{panel}"] == "fails"
    assert verdicts["fig2.atom"] == "fails"


def test_the_limit_law_is_corrected_where_the_size_shows(study, dataset):
    """At (4, 8) the finite size is visible: the paper's limit law holds with a correction, not as printed."""
    claim = next(c for c in study.claims(dataset) if c.id == "fig2.limit.wide")
    assert claim.verdict == "holds with a correction"
    assert claim.corrected == pytest.approx(0.032, abs=0.006)


def test_the_figure_shows_both_panels_and_both_laws(study, dataset):
    figure = study.draw(dataset)
    check_figures(study, dataset, panels=4, judged=1, slopes=1)
    densities = [line.get_ydata() for line in figure.axes[0].lines]
    grid = dataset["grid_wide"].values
    for density in densities:
        assert np.trapezoid(density, grid) == pytest.approx(1.0, abs=0.01)
