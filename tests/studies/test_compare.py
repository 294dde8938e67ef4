"""Activations compared: claims pass, wrong data make each fail, and the command prints one row per activation."""

import json

from falsify import check_study, mapped
from reduced import COMPARE

from tutelage import cli
from tutelage.studies import compare


def test_every_claim_can_fail_and_the_figure_has_every_activation():
    study, dataset = COMPARE, COMPARE.compute()
    assert [row[1] for row in study.table(dataset)] == [3, 9, 12]
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
    assert len(study.draw(dataset).axes[0].lines) == 3


def test_the_command_writes_one_entry_per_activation(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(compare, "EVERY", ("linear",))
    target = tmp_path / "out.json"
    assert (
        cli.run(["compare", "-d", "2", "-k", "2", "--json", str(target), "--store", str(tmp_path / "s")]) == 0
    )
    (entry,) = json.loads(target.read_text())
    assert entry["activation"] == "linear" and entry["rank"] == 2
    assert cli.run(["compare", "-d", "0"]) == 2
    assert "expected d >= 1" in capsys.readouterr().err
