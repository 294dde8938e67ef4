"""The command line of sweeps: run, status, resume, export, plot; every mistake is one line and exit code 2."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tutelage import cli
from tutelage.base.errors import InputError
from tutelage.plotting.sweep import draw
from tutelage.sweep import run
from tutelage.sweep.export import export

pytestmark = pytest.mark.usefixtures("no_bar")


@pytest.fixture
def no_bar(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")


@pytest.fixture
def toml(mapping, tmp_path, monkeypatch):
    monkeypatch.setenv("TUTELAGE_STORE", str(tmp_path / "results"))
    path = tmp_path / "Small one.toml"
    path.write_text(
        f'quantities = ["sweep_functions:draw", "sweep_functions:picky"]\nrealizations = 4\n'
        f"search_path = {json.dumps(mapping['search_path'])}\n"
        "[grid]\nactivation = ['linear', 'erf']\nd = [2, 3]\nk = [1, 2]\n"
    )
    return path


def tutelage(*arguments):
    return cli.run(["sweep", *map(str, arguments)])


def test_run_status_resume_export_and_plot_from_the_toml_file(toml, tmp_path, capsys):
    assert tutelage("run", toml, "--workers", 0, "--shard", "2/2") == 0
    assert "16 of 32 points stored" in capsys.readouterr().out
    assert tutelage("status", toml, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["done"], found["total"], found["remaining"], found["failed"]) == (16, 32, 16, 4)
    assert not found["running"] and not found["compacted"]
    assert tutelage("resume", found["store"], "--workers", 0) == 0
    out, err = capsys.readouterr()
    assert "32 of 32 points stored" in out and "8 failed" in out
    assert "points/s" in err and "left" in err and "failed" in err
    assert tutelage("status", toml) == 0
    assert "compacted" in capsys.readouterr().out
    for name in ("p.nc", "p.zarr", "p.parquet"):
        assert tutelage("export", toml, tmp_path / name) == 0
    assert tutelage("plot", toml, tmp_path / "p.png", "--y", "value", "--x", "d", "--hue", "activation") == 0
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_every_command_takes_the_store_by_its_place_or_by_its_option_and_names_what_it_wrote(
    toml, tmp_path, capsys
):
    store = tmp_path / "here"
    assert tutelage("run", toml, "--workers", 0, "--store", store) == 0
    for words in (
        ["status", store],
        ["status", "--store", store],
        ["resume", "--store", store, "--workers", 0],
    ):
        assert tutelage(*words) == 0
    for command, name in (("export", "p.nc"), ("plot", "p.png")):
        file = tmp_path / name
        for words in (
            [store, file],
            ["--store", store, file],
            [file, "--store", store],
            [store, "--output", file],
        ):
            file.unlink(missing_ok=True)
            capsys.readouterr()
            assert tutelage(command, *words) == 0 and file.is_file()
            assert capsys.readouterr().err == f"written {file}\n"
        for words in ([file], [store, file, file], ["--store", store, file, file], []):
            assert tutelage(command, *words) == 2
            assert "expected a store and a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "none.toml"], "no such file"),
        (["run", "{toml}", "--shard", "3"], "expected --shard I/N"),
        (["run", "{toml}", "--shard", "5/4"], "expected a shard between 1 and 4"),
        (["run", "{toml}", "--workers", "-1"], "workers >= 0"),
        (["run", "{toml}", "--workers", "0", "--task-seconds", "0"], "task_seconds > 0"),
        (["status", "nowhere"], "there is no sweep.json in it"),
        (["resume", "nowhere"], "there is no sweep.json in it"),
        (["export", "{toml}", "x.csv"], "unknown file ending '.csv'"),
        (["plot", "{toml}", "x.gif"], ".png"),
        (["statsu"], "statsu"),
    ],
)
def test_mistakes_are_one_line(toml, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    if arguments[0] in ("export", "plot"):
        assert tutelage("run", toml, "--workers", 0, "--shard", "1/32") == 0
        capsys.readouterr()
    assert tutelage(*(a.format(toml=toml) for a in arguments)) == 2
    out, err = capsys.readouterr()
    assert message in err and err.count("\n") == 1 and out == ""


def test_every_export_holds_the_same_numbers(mapping, tmp_path):
    found = run({**mapping, "quantities": ["sweep_functions:draw", "sweep_functions:text"]}, store=tmp_path / "s",
                workers=0)  # fmt: skip
    table = pd.read_parquet(export(found, tmp_path / "p.parquet"))
    np.testing.assert_array_equal(table.value, found.value)
    assert [len(row) for row in table.row] == found.d.values.tolist()
    assert table.label.tolist() == [str(v) for v in found.label.values]
    export(found.isel(point=slice(3)), tmp_path / "p.zarr")
    for path, options in [
        (export(found, tmp_path / "p.nc"), {"engine": "netcdf4"}),
        (export(found, tmp_path / "p.zarr"), {"engine": "zarr", "consolidated": False}),
    ]:
        with xr.open_dataset(path, **options) as again:
            for name in ("value", "row", "d", "seed"):
                np.testing.assert_array_equal(again[name], found[name])
            assert [str(v) for v in again.activation.values] == [str(v) for v in found.activation.values]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.nc", "p.parquet", "p.zarr", "s"]


def test_exports_refuse_to_overwrite_what_they_did_not_write(mapping, tmp_path):
    found = run(mapping, store=tmp_path / "s", workers=0)
    (tmp_path / "mine.zarr").mkdir()
    with pytest.raises(InputError, match="is neither; rename it"):
        export(found, tmp_path / "mine.zarr")
    with pytest.raises(InputError, match="got the folder"):
        (tmp_path / "d.nc").mkdir()
        export(found, tmp_path / "d.nc")
    with pytest.raises(InputError, match="expected an existing folder"):
        export(found, tmp_path / "none" / "p.nc")


def test_plots_show_medians_of_points_and_curves(mapping, tmp_path):
    found = run(mapping, store=tmp_path, workers=0).compute()
    axes = draw(found, y="value", x="d", hue="activation").axes[0]
    line = axes.lines[0]
    erf = found.value.values[found.activation.values.astype(object) == "erf:scale=1.0"]
    d = found.d.values[found.activation.values.astype(object) == "erf:scale=1.0"]
    np.testing.assert_allclose(line.get_ydata(), [np.median(erf[d == 3]), np.median(erf[d == 5])])
    assert line.get_label() == "activation = erf:scale=1.0"
    curve = draw(found, y="row").axes[0].lines[0]
    assert curve.get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert draw(found, x="activation", hue="d").axes[0].get_xticklabels()[0].get_text() == "erf:scale=1.0"
    for wrong in ({"y": "valu"}, {"x": "dd"}, {"hue": "valu"}):
        with pytest.raises(InputError, match="sweep plot: unknown"):
            draw(found, **wrong)
