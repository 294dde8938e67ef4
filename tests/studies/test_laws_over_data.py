"""Studies of laws beside simulation at reduced size: claims pass, and wrong data make each of them fail."""

import dataclasses

import numpy as np
import pytest
import reduced
from falsify import check_study, mapped, scaled

from tutelage.laws import DeepLinear, SampledHessian, TangentKernel
from tutelage.spectra import spectrum
from tutelage.studies.shared.law_over_data import log_slope, sup_distance
from tutelage.teachers import sample_teacher


def _no_progress(name):
    """Every size as good as the smallest."""
    return mapped(name, lambda v: np.broadcast_to(v[:1], v.shape))


def test_outliers():
    study = reduced.OUTLIERS
    dataset = study.compute()

    def same_error(data):
        error = (data["exact"] - data["predicted"]).isel(size=0)
        return data.assign(exact=(data["predicted"] + error).transpose(*data["exact"].dims))

    check_study(
        study,
        dataset,
        {
            "outliers.error": scaled(1.03, "exact"),  # leaving out a term of order one
            "outliers.rate": same_error,
            "outliers.growth": mapped("exact", lambda v: np.broadcast_to(v[:, :1], v.shape)),
            "outliers.trace": scaled(1.2, "trace"),
        },
    )


def test_deep_linear():
    study = reduced.DEEP_LINEAR
    check_study(
        study,
        study.compute(),
        {
            "deep.distance": scaled(3.0, "distance"),
            "deep.rate": _no_progress("distance"),
            "deep.mean": scaled(1.1, "mean"),
        },
    )


def test_deeper_networks():
    study = reduced.DEEPER
    check_study(
        study,
        study.compute(),
        {
            "deeper.count.linear": mapped("rank_linear", lambda v: v + 1),
            "deeper.count.quadratic": mapped(
                "rank_quadratic", lambda v: v + (v == v.max())
            ),  # one size wrong
            "deeper.count.erf": mapped("rank_erf", lambda v: v - 1),
            "deeper.copies": scaled(1.1, "copies"),
            "deeper.trace": scaled(2.0, "trace"),  # one layer that halves nothing
            "deeper.concentration": mapped("participation", lambda v: np.broadcast_to(v[:, :1], v.shape)),
        },
    )


def test_sampled_law():
    study = reduced.SAMPLED_LAW
    far = scaled(4.0, "distances")
    check_study(
        study,
        study.compute(),
        {
            "sampled-law.distance.half": far,
            "sampled-law.distance.two": far,
            "sampled-law.distance.eight": far,
            "sampled-law.rate": _no_progress("distance"),
            "sampled-law.population": scaled(0.2, "population"),
        },
        skip={f"sampled-law.distance.{word}" for word in ("half", "two", "eight")},
    )


@pytest.mark.slow
def test_tangent_kernel():
    study = reduced.TANGENT_KERNEL
    check_study(
        study,
        study.compute(),
        {
            "kernel.distance": scaled(5.0, "distance"),
            "kernel.rate": _no_progress("distance"),
            "kernel.mean": scaled(1.1, "mean"),
        },
        skip={"kernel.distance", "kernel.mean"},
    )


@pytest.mark.slow
def test_wrong_laws_are_far():
    """What distances would be if a law had the wrong width, sample or length: above every threshold."""
    rng = np.random.default_rng(0)
    assert sup_distance(DeepLinear([60, 60, 60]).rvs(3000, rng), DeepLinear([60, 90, 60])) > 0.06
    kernel = TangentKernel("erf", 60, 60, 60)
    assert sup_distance(kernel.rvs(3000, rng), dataclasses.replace(kernel, k=30)) > 0.07
    exact = spectrum(sample_teacher("erf", 6, 6, 1))
    assert sup_distance(SampledHessian(exact, 84).rvs(3000, rng), SampledHessian(exact, 168)) > 0.04


def test_slopes_carry_their_errors():
    sizes = np.array([10, 20, 40])
    values = 3 / sizes[:, None] * np.array([0.9, 1.0, 1.1])
    slope, error = log_slope(sizes, values)
    assert abs(slope + 1) < 1e-12 and 0 < error < 0.1
