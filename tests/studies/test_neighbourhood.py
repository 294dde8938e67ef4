"""The studies of what surrounds the optimum, at reduced size: every claim judged, and for each a change that turns it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import reduced
from drawn import check_figure
from falsify import check_study, computed_with, mapped, scaled

from tutelage.studies import cards, study_class

NAMES = ("critical-points", "student-width", "orthonormal-relu", "large-step", "random-start")


def test_critical_points_are_judged_and_falsified():
    study = reduced.CRITICAL_POINTS
    data = study.compute()
    other = dataclasses.replace(study, seed=study.seed + 1)
    truncated = lambda v: v - np.where(np.abs(v) > 1e-9, 0.1, 0.0)  # noqa: E731
    changes = {
        "critical-points.ends": mapped("loss", lambda v: v + 1e-8 * (np.arange(v.size) == 0)),
        "critical-points.reached": lambda ds: ds.isel(run=ds.positive.values != 1),
        "critical-points.frequency": mapped("loss", lambda v: np.full_like(v, v.min())),
        "critical-points.bias": mapped("fitted", truncated),
        "critical-points.gradient": mapped("gradient", lambda v: v + 1e-11),
        "critical-points.spectrum": scaled(1 + 1e-11, "hessian"),
    }
    check_study(study, data, changes)
    turned = {claim.id: claim.verdict for claim in study.claims(computed_with(other)(data))}
    assert turned["critical-points.ends"] == turned["critical-points.bias"] == "fails"
    check_figure(study.draw(data), panels=2)


@pytest.mark.slow
def test_student_width_is_judged_and_falsified():
    study = reduced.STUDENT_WIDTH
    data = study.compute()
    wide = lambda ds: ds.assign(half_point=ds.half_point.max() + 0 * ds.half_point)  # noqa: E731
    changes = {
        "student-width.delta": scaled(1.15, "half_point"),
        "student-width.growth": wide,
        "student-width.narrow": scaled(1.4, "half_point"),
        "student-width.bayes": scaled(1.05, "oracle"),
        "student-width.threshold": scaled(1.1, "oracle"),
    }
    check_study(study, data, changes)
    check_figure(study.draw(data), panels=2)


def test_orthonormal_relu_is_judged_and_falsified():
    study = reduced.ORTHONORMAL_RELU
    data = study.compute()
    every = mapped("spurious", np.ones_like)
    stuck = float(data.eigenvalues.sel(width=study.widths[0]).isel(place=study.widths[0]).min())
    changes = {
        "orthonormal-relu.teacher": scaled(1 + 1e-11, "teacher"),
        "orthonormal-relu.certified": mapped("certified", lambda v: v & (np.arange(v.shape[1]) > 0)),
        "orthonormal-relu.count": mapped("large", lambda v: v - (np.arange(v.shape[1]) == 0)),
        # No growth: the widest network has the large eigenvalues of the narrowest.
        "orthonormal-relu.growth": lambda ds: ds.assign(
            eigenvalues=ds.eigenvalues.where(ds.place > max(study.widths) + 1, stuck)
        ),
        "orthonormal-relu.others": lambda ds: ds.assign(
            eigenvalues=ds.eigenvalues * ds.width / study.widths[0]
        ),
        "orthonormal-relu.fractions": every,
        "orthonormal-relu.flatter": lambda ds: ds.assign(
            eigenvalues=ds.teacher.broadcast_like(ds.eigenvalues)
        ),
    }
    check_study(study, data, changes)
    check_figure(study.draw(data), panels=2)


@pytest.mark.slow
def test_the_large_step_is_judged_and_falsified():
    study = reduced.LARGE_STEP
    data = study.compute()
    changes = {
        "large-step.top": scaled(1.2, "top"),  # what forgetting the student's own output would make of it
        "large-step.kernel": scaled(1.3, "kernel_top"),
        "large-step.overlap": scaled(0.8, "overlap"),
        "large-step.edge": scaled(1.2, "top"),
        "large-step.growth": lambda ds: ds.assign(top=ds.top.sel(rate=study.judged) + 0 * ds.top),
        "large-step.batch": lambda ds: ds.assign(batch_overlap=ds.batch_overlap[0] + 0 * ds.batch_overlap),
    }
    check_study(study, data, changes)
    check_figure(study.draw(data), panels=2)


def test_the_random_start_is_judged_and_falsified():
    study = reduced.RANDOM_START
    data = study.compute()
    changes = {
        "random-start.overlap": scaled(0.7, "overlap"),
        "random-start.lowest": lambda ds: ds.assign(lowest=ds.edge),
        "random-start.rise": lambda ds: ds.assign(overlap=ds.overlap.sel(ratio=study.below) + 0 * ds.overlap),
        "random-start.growth": lambda ds: ds.assign(overlap=ds.overlap[-1] + 0 * ds.overlap),
        "random-start.lost": lambda ds: ds.assign(lowest=ds.lowest[0] + 0 * ds.lowest),
    }
    check_study(study, data, changes)
    check_figure(study.draw(data), panels=2)


@pytest.mark.parametrize("name", NAMES)
def test_each_cites_its_paper_and_its_formula_and_belongs_to_the_part(name):
    card, study = cards()[name], study_class(name)
    assert card.part == "The neighbourhood"
    assert card.place.startswith("[") and "abstract" in card.place and "science" in card.place
    assert "abstract" in card.words and len(card.statements) >= 2
    assert all("science" in statement.place for statement in card.statements)
    full = study.full()
    assert study.from_parameters(full.parameters()) == full != study.quick()
