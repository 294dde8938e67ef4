"""Activations compared: claims pass, wrong data make each fail, and the command prints one row per activation."""

import json

import numpy as np
import pytest
import xarray as xr
from falsify import check_study, mapped
from reduced import COMPARE

from tutelage import cli
from tutelage.studies import compare
from tutelage.studies.compare.compute import table
from tutelage.studies.compare.figure import draw


def test_every_claim_can_fail_and_the_figure_has_every_activation():
    study, dataset = COMPARE, COMPARE.compute()
    assert [row[1] for row in table(study, dataset)] == [3, 9, 12]
    wrong = mapped("rank", lambda r: r - 1)
    check_study(
        study,
        dataset,
        {
            "compare.linear": wrong,
            "compare.quadratic": wrong,
            "compare.erf": wrong,
            "compare.time": mapped("time", lambda t: t[::-1]),
        },
    )
    figure = study.draw(dataset)
    assert len(figure.axes[0].lines) == 3


def _many(times):
    """A dataset of as many activations as the command compares."""
    count = len(compare.EVERY)
    return xr.Dataset(
        {
            "eigenvalues": (("activation", "index"), np.geomspace(1.0, 1e-3, 6) * np.ones((count, 1))),
            "rank": (("activation",), np.arange(count) % 6 + 1),
            "time": (("activation",), np.broadcast_to(times, count).astype(float)),
        },
        coords={"activation": list(compare.EVERY)},
        attrs={"d": 2, "k": 2},
    )


def test_twelve_curves_differ_and_the_legend_covers_none():
    figure = draw(_many(np.arange(1.0, 13.0)))
    left = figure.axes[0]
    looks = {(line.get_color(), line.get_linestyle()) for line in left.lines}
    assert len(looks) == len(compare.EVERY)
    assert left.get_legend() is None and len(figure.legends) == 1
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    assert not any(axes.get_tightbbox().overlaps(legend) for axes in figure.axes)


@pytest.mark.parametrize("times", [np.inf, [np.inf, *range(2, 13)]])
def test_a_time_that_never_comes_is_drawn_as_never(times):
    figure = draw(_many(times))
    texts = [text.get_text() for text in figure.axes[1].texts]
    assert texts == ["never"] * int(np.isinf(np.broadcast_to(times, 12)).sum())
    assert np.all(np.isfinite(figure.axes[1].get_xlim()))
    figure.draw_without_rendering()


def test_the_command_writes_one_entry_per_activation(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(compare, "EVERY", ("linear",))
    target = tmp_path / "out.json"
    assert (
        cli.run(["compare", "-d", "2", "-k", "2", "--json", str(target), "--store", str(tmp_path / "s")]) == 0
    )
    (entry,) = json.loads(target.read_text())
    assert entry["activation"] == "linear" and entry["rank"] == 2
    assert entry | {"d": 2, "k": 2, "n_params": 6, "seed": 0} == entry and entry["time_to_1e-6"] > 0
    monkeypatch.setattr(compare.compute, "table", lambda *_: [("linear", 2, 0.1, 1.0, float("inf"))])
    assert (
        cli.run(["compare", "-d", "2", "-k", "2", "--json", str(target), "--store", str(tmp_path / "s")]) == 0
    )
    assert "never" in capsys.readouterr().out
    assert json.loads(target.read_text())[0]["time_to_1e-6"] is None
    assert cli.run(["compare", "-d", "2", "-k", "2", "--json", "-", "--store", str(tmp_path / "s")]) == 0
    assert json.loads(capsys.readouterr().out)[0]["rank"] == 2
    assert cli.run(["compare", "-d", "0"]) == 2
    assert "expected d >= 1" in capsys.readouterr().err
