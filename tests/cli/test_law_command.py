"""``tutelage law``: numbers of the law that was asked for, refusals that say what to give, a picture."""

from pathlib import Path

import pytest

from tutelage import cli, laws
from tutelage.cli.law import LAWS

ARGUMENTS = {
    "chi-square": "-k 3",
    "marchenko-pastur": "--ratio 0.5",
    "quadratic-bulk": "--ratio 1",
    "linear-network": "-d 10 -k 5",
    "finite-linear-network": "-d 4 -k 6",
    "odd-network": "--activation erf -d 6 -k 4",
    "quadratic-network": "--alpha 0.5 -d 6 -k 4",
    "deep-linear": "--widths 6,4,5",
    "sampled-hessian": "--activation erf -d 4 -k 3 -n 30",
    "sampled-fixed-width": "--activation erf -d 6 -k 2 -n 30",
    "tangent-kernel": "--activation erf -d 6 -k 4 -n 5",
}


def test_every_law_of_the_table_is_tried():
    assert set(ARGUMENTS) == set(LAWS)
    assert all(hasattr(laws, factory) for factory, _, _ in LAWS.values())


@pytest.mark.parametrize("name", LAWS)
def test_prints_and_draws(name, tmp_path, capsys):
    path = tmp_path / "law.png"
    assert cli.run(["law", name, *ARGUMENTS[name].split(), "--sample", "50", "--plot", str(path)]) == 0
    out = capsys.readouterr().out
    assert "mean of 50 samples" in out and "quantile 0.5" in out
    assert path.stat().st_size > 1000


@pytest.mark.parametrize(
    ("name", "scale"), [("odd-network", "log"), ("sampled-hessian", "log"), ("linear-network", "linear")]
)
def test_a_law_of_many_scales_is_drawn_on_logarithmic_axes(name, scale, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("tutelage.cli.support.save_figure", lambda figure, path: drawn.append(figure.axes[0]))
    options = "--activation erf -d 20 -k 20" if name == "odd-network" else ARGUMENTS[name]
    assert cli.run(["law", name, *options.split(), "--sample", "200", "--plot", str(tmp_path / "x.png")]) == 0
    (axes,) = drawn
    assert (axes.get_xscale(), axes.get_yscale()) == (scale, scale)
    assert 0 < axes.get_ylim()[1] < float("inf")


def test_numbers_are_the_laws(capsys):
    assert cli.run(["law", "linear-network", "-d", "30", "-k", "10"]) == 0
    out = capsys.readouterr().out
    law = laws.LinearNetwork(30, 10)
    assert f"{law.mean():.6g}" in out and f"{law.var():.6g}" in out and f"{law.median():.6g}" in out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gauss -d 3", "unknown name 'gauss'"),
        ("linear-network -d 3", "takes --d, --k; missing or unknown: --k"),
        ("chi-square -k 3 --alpha 1", "missing or unknown: --alpha"),
        ("deep-linear --widths 3;4", "expected --widths like 60,80,40"),
        ("odd-network --activation relu -d 3 -k 3", "expected an odd nonlinear activation"),
        ("chi-square -k 3 --sample 0", "sample"),
        ("chi-square -k 3 --plot a.txt", "law --plot"),
    ],
)
def test_refusals_are_one_line(line, message, capsys):
    assert cli.run(["law", *line.split()]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and message in err


def test_every_law_has_its_entry_in_the_gallery():
    gallery = (Path(__file__).parents[2] / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert [name for name in LAWS if f"tutelage law {name} " not in gallery] == []
