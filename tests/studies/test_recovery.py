"""The recovery studies at reduced size: every claim judged, and for each a change of the data that turns it."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import check_figure, check_figures
from falsify import check_study, mapped, scaled
from reduced import CURVES, MAP, PAPERS, RATES

from tutelage.studies import study_class


def test_recovery_curves_are_judged_and_falsified():
    data = CURVES.compute()
    changes = {
        "recovery.n_c": lambda ds: ds.assign(grid_half_point=ds.grid_half_point + 4),
        "recovery.sharp": mapped("edge_counts", lambda v: v - 1),
        "recovery.agreement": mapped("interior_unique", lambda v: ~v),
        "recovery.undecided": mapped("undecided", lambda v: v + 1),
        "recovery.descent": lambda ds: ds.assign(flow_error=0 * ds.flow_error),
        "recovery.patience": mapped("early_error", np.zeros_like),
        "recovery.limit": scaled(10, "disagreements"),
        "recovery.tolerance": mapped("loose_error", np.zeros_like),
        "recovery.practice": scaled(0.5, "success"),
        "recovery.fits": mapped("fits", np.ones_like),
    }
    check_study(CURVES, data, changes)
    check_figure(CURVES.draw(data), panels=4)


def test_the_recovery_map_is_judged_and_falsified():
    data = MAP.compute()
    last = data.dimension == data.dimension[-1]
    steeper = lambda ds: ds.assign(half_point=ds.half_point + 16.0 * last)  # noqa: E731
    changes = {
        "recovery-map.threshold": scaled(1.2, "half_point"),
        "recovery-map.delta": scaled(1.15, "half_point"),
        "recovery-map.delta-one": scaled(1.2, "half_point"),
        "recovery-map.shift": lambda ds: ds.assign(half_point=ds.shift_n_c.astype(float)),
        **{f"recovery-map.limit-{m}": steeper for m in (1, 2, 3)},
        "recovery-map.edge": mapped("edge_counts", lambda v: v - 1),
        "recovery-map.order": scaled(0.5, "success"),
        "recovery-map.tolerance": lambda ds: ds.assign(success=ds.unique.broadcast_like(ds.success)),
    }
    check_study(MAP, data, changes)
    check_figures(MAP, data, panels=6, judged=4, slopes=1)


def test_rates_are_judged_and_falsified():
    data = RATES.compute()
    late = data.time.values[-1]
    changes = {
        "recovery-rates.constant": scaled(1.02, "algebraic"),
        "recovery-rates.exponent": lambda ds: ds.assign(algebraic=ds.algebraic * (ds.time / late) ** 0.1),
        "recovery-rates.narrow": scaled(0.95, "algebraic"),
        "recovery-rates.exponential": lambda ds: ds.assign(
            exponential=ds.exponential * np.exp(-0.02 * ds.scaled_time)
        ),
        "recovery-rates.samples": scaled(1.2, "sampled"),
        "recovery-rates.fit": lambda ds: ds.assign(few_loss=ds.few_error),
        "recovery-rates.generalise": lambda ds: ds.assign(few_error=ds.few_loss),
    }
    check_study(RATES, data, changes)
    check_figures(RATES, data, panels=3, judged=2, slopes=2)


def test_two_papers_is_judged_and_falsified():
    data = PAPERS.compute()
    changes = {
        "two-papers.rank": mapped("rank", lambda v: v - 1),
        "two-papers.gap": scaled(1e-12, "gap"),
        "two-papers.local": mapped("probability", lambda v: v + 0.1),
        "two-papers.global": scaled(1.2, "half_point"),
        "two-papers.order": lambda ds: ds.assign(half_point=ds.n_c.astype(float)),
    }
    check_study(PAPERS, data, changes)
    check_figure(PAPERS.draw(data), panels=3)


@pytest.mark.parametrize("name", ["recovery", "recovery-map", "recovery-rates", "two-papers"])
def test_each_study_is_registered_and_its_statements_are_complete(name):
    study = study_class(name).full()
    assert study.name == name
    assert all(s.text and s.place for s in study.statements)
    assert study.from_parameters(study.parameters()) == study
