"""Nothing of the user's is removed or replaced: files of our own pattern go, in folders that we made; the rest is refused."""

import json
import os

import numpy as np
import pytest
import xarray as xr

from tutelage import cli
from tutelage.base.errors import InputError, StoreError
from tutelage.report.build import build_report
from tutelage.report.files import refuse_others_of
from tutelage.store.ownership import marked, remove_arrays, remove_files, replace_arrays
from tutelage.sweep import SweepFolder, run
from tutelage.sweep.export import export

MAPPING = {
    "name": "own",
    "quantities": ["lambda_max"],
    "realizations": 3,
    "grid": {"activation": "linear", "d": 2, "k": 2},
}


def contents(folder):
    """Relative name -> bytes of every file, None for a folder, the target of a link."""
    return {
        path.relative_to(folder).as_posix(): os.readlink(path) if path.is_symlink() else path.read_bytes()
        if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }  # fmt: skip


@pytest.fixture
def points(tmp_path):
    """A finished sweep's dataset, in the folder ``s``."""
    return run(MAPPING, store=tmp_path / "s", workers=0)


@pytest.fixture
def toml(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'quantities = ["lambda_max"]\nrealizations = 3\n[grid]\nactivation = "linear"\nd = 2\nk = 2\n'
    )
    return path


def write(path, text="mine"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


PROJECTS = {
    "a file": lambda p: write(p / "thesis.tex"),
    "a file among tasks": lambda p: write(p / "tasks" / "thesis.txt"),
    "a folder among tasks": lambda p: (p / "tasks" / "0").mkdir(parents=True),
    "a zarr of another program": lambda p: xr.Dataset({"lambda_max": ("point", np.ones(3))}).to_zarr(
        p / "points.zarr", zarr_format=3, consolidated=False
    ),
    "files called points.zarr": lambda p: write(p / "points.zarr" / "data.csv"),
    "a lock of another program": lambda p: write(p / "lock", "held by me"),
    "points of another program": lambda p: write(p / "points.json", '[{"x": 1}]'),
    "a specification of another program": lambda p: write(p / "sweep.json", '{"method": "grid"}'),
    "a link to a folder": lambda p: (
        write(p.parent / "elsewhere" / "notes"),
        (p / "points.zarr").symlink_to("../elsewhere"),
    ),
    "a hidden file": lambda p: write(p / ".notes.tmp"),
}


@pytest.mark.parametrize("make", PROJECTS.values(), ids=PROJECTS)
def test_a_sweep_refuses_a_folder_of_others(tmp_path, toml, capsys, make):
    project = tmp_path / "project"
    project.mkdir()
    make(project)
    before = contents(tmp_path)
    assert cli.run(["sweep", "run", str(toml), "--store", str(project), "--workers", "0"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert contents(tmp_path) == before


PLANTED = [
    "tasks/thesis.txt",
    "tasks/000000000-000000001.txt",
    "tasks/.notes.tmp",
    "tasks/0-1.done",
    "notes.md",
    "lock.txt",
]


@pytest.mark.parametrize("name", PLANTED)
def test_a_run_leaves_what_was_put_into_its_folder(tmp_path, name):
    folder = SweepFolder(tmp_path / "s")
    run(MAPPING, store=folder.path, workers=0, shard=(1, 3))
    write(folder.path / name)
    (folder.tasks / "subfolder").mkdir()
    run(MAPPING, store=folder.path, workers=0)
    assert (folder.path / name).read_text() == "mine" and (folder.tasks / "subfolder").is_dir()
    assert folder.status().compacted


FOREIGN = ["notes.txt", "lambda_max/notes", "lambda_max/c/notes", "lambda_max/c/0.bak", ".hidden"]


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("points.zarr", "mine/zarr.json"),
        *(("points.zarr", name) for name in FOREIGN),
        *((".points.zarr.tutelage.tmp", name) for name in FOREIGN),
    ],
)
def test_compaction_refuses_to_replace_what_is_not_its_own(tmp_path, where, name):
    folder = SweepFolder(tmp_path / "s")
    run(MAPPING, store=folder.path, workers=0)
    folder.manifest_path.unlink()  # so that it is due again
    target = folder.path / where
    write(target / name)
    with pytest.raises(StoreError, match=rf"found '{name.partition('/')[0]}.*would be lost; move it away"):
        run(MAPPING, store=folder.path, workers=0)
    assert (target / name).read_text() == "mine" and folder.status().done == 3


def test_what_a_killed_run_left_goes(tmp_path, points):
    folder = SweepFolder(tmp_path / "s")
    folder.manifest_path.unlink()
    left = folder.path / ".points.zarr.tutelage.tmp"
    for name in (
        "zarr.json",
        "x/zarr.json",
        "x/c/0/1",
        f"x/c/2.{'0a' * 16}.partial",
        f"x/zarr.{'0a' * 16}.partial",
    ):
        write(left / name)
    run(MAPPING, store=folder.path, workers=0)
    assert not left.exists() and folder.status().compacted


def test_an_empty_folder_and_one_whose_specification_was_removed_may_be_used(tmp_path):
    (tmp_path / "s").mkdir()
    run(MAPPING, store=tmp_path / "s", workers=0)
    (tmp_path / "s" / "sweep.json").unlink()
    (tmp_path / "s" / ".sweep.json.x.tutelage.tmp").write_text("half")
    assert run(MAPPING, store=tmp_path / "s", workers=0).sizes["point"] == 3


def test_a_link_in_place_of_the_lock_or_the_tasks_leads_nowhere(tmp_path):
    """A folder from a stranger may hold links to what is the reader's."""
    run(MAPPING, store=tmp_path / "s", workers=0, shard=(1, 3))
    write(tmp_path / "letter")
    (tmp_path / "s" / "lock").unlink(missing_ok=True)  # some releases of filelock take it away themselves
    (tmp_path / "s" / "lock").symlink_to(tmp_path / "letter")
    run(MAPPING, store=tmp_path / "s", workers=0, shard=(2, 3))
    assert not (tmp_path / "s" / "lock").is_symlink()
    SweepFolder(tmp_path / "s").status()
    (tmp_path / "s" / "lock").unlink(missing_ok=True)
    (tmp_path / "s" / "tasks").rename(tmp_path / "other")
    (tmp_path / "s" / "tasks").symlink_to(tmp_path / "other")
    write(tmp_path / "other" / "000000001-000000002.zarr.zip")
    SweepFolder(tmp_path / "s").clean()
    assert (tmp_path / "letter").read_text() == "mine"
    assert (tmp_path / "other" / "000000001-000000002.zarr.zip").read_text() == "mine"


EXPORTS = {
    "a zarr of another program": lambda p: xr.Dataset({"x": ("point", [1.0])}).to_zarr(
        p, zarr_format=3, consolidated=False
    ),
    "any folder with a zarr.json": lambda p: (write(p / "zarr.json", "{}"), write(p / "thesis.txt")),
    "a marker of the wrong type": lambda p: write(p / "zarr.json", '{"attributes": {"tutelage_arrays": 3}}'),
    "an empty folder": lambda p: p.mkdir(),
    "a file": lambda p: write(p),
    "a link": lambda p: (
        write(p.parent / "there" / "zarr.json", '{"attributes": {"tutelage_arrays": []}}'),
        p.symlink_to("there"),
    ),
    "a link to nothing": lambda p: p.symlink_to("nowhere"),
}


@pytest.mark.parametrize("make", EXPORTS.values(), ids=EXPORTS)
def test_an_export_refuses_a_folder_of_others(tmp_path, points, make):
    make(tmp_path / "p.zarr")
    before = contents(tmp_path)
    with pytest.raises(InputError, match="is neither; rename it"):
        export(points, tmp_path / "p.zarr")
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["notes.txt", "lambda_max/notes", "mine/zarr.json", "lambda_max/c/x", ".hidden"]
)
def test_an_export_keeps_what_was_put_into_an_older_one(tmp_path, points, name):
    export(points, tmp_path / "p.zarr")
    write(tmp_path / "p.zarr" / name)
    before = contents(tmp_path)
    with pytest.raises(StoreError, match="move it away"):
        export(points, tmp_path / "p.zarr")
    assert contents(tmp_path) == before


def test_an_export_keeps_arrays_that_were_added_to_an_older_one(tmp_path, points):
    export(points, tmp_path / "p.zarr")
    xr.Dataset({"mine": ("point", np.ones(3))}).to_zarr(tmp_path / "p.zarr", mode="a", consolidated=False)
    with pytest.raises(StoreError, match="expected"):
        export(points, tmp_path / "p.zarr")
    with xr.open_zarr(tmp_path / "p.zarr", consolidated=False) as found:
        np.testing.assert_array_equal(found.mine, np.ones(3))


def test_an_export_replaces_an_older_one_of_other_quantities(tmp_path, points):
    export(points.rename(lambda_max="x"), tmp_path / "p.zarr")
    export(points, tmp_path / "p.zarr")
    with xr.open_zarr(tmp_path / "p.zarr", consolidated=False) as found:
        assert "lambda_max" in found and "x" not in found


REPORTS = {
    "a page": lambda p: write(p / "index.html"),
    "figures": lambda p: write(p / "figures" / "fig2.png"),
    "anything": lambda p: write(p / "report.tex"),
    "an older report with a paper in it": lambda p: (
        write(p / "datasets" / "fig2.zarr.zip"),
        write(p / "paper.tex"),
    ),
}


@pytest.mark.parametrize("make", REPORTS.values(), ids=REPORTS)
def test_a_report_refuses_a_folder_of_others(tmp_path, make):
    (tmp_path / "report").mkdir()
    make(tmp_path / "report")
    before = contents(tmp_path)
    with pytest.raises(StoreError, match=r"expected a new or empty folder, .* choose another \(--output\)"):
        build_report(tmp_path / "report", ["fig7"])
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["fig7.png", "fig7.pdf", "fig7.mean.wide.json"])
def test_reproduce_refuses_to_replace_a_figure_that_is_not_ours(tmp_path, monkeypatch, capsys, name):
    write(tmp_path / "figures" / name)
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    assert cli.run(["reproduce", "fig7", "--store", str(tmp_path / "store")]) == 2
    assert f"holds '{name}'" in capsys.readouterr().err and contents(tmp_path) == before


def test_figures_of_other_names_are_no_obstacle_to_reproduce(tmp_path):
    for name in ("fig71.png", "fig6.pdf", "notes"):
        write(tmp_path / name)
    refuse_others_of("fig7", tmp_path, "reproduce")


def test_only_files_whose_names_are_ours_are_removed(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name)
    (tmp_path / "c").mkdir()
    remove_files(tmp_path, {"a", "c"}.__contains__)
    assert set(contents(tmp_path)) == {"b", "c"}


def test_arrays_are_replaced_and_removed_as_a_whole(tmp_path):
    old, new = (xr.Dataset({name: ("x", np.arange(4.0))}, coords={"scale": 1.0}) for name in ("old", "new"))
    for name, dataset in (("target", old), ("fresh", new)):
        marked(dataset).to_zarr(tmp_path / name, zarr_format=3, consolidated=False)
    assert json.loads((tmp_path / "target" / "zarr.json").read_text())["attributes"]["tutelage_arrays"] == [
        "old",
        "scale",
    ]
    replace_arrays(tmp_path / "fresh", tmp_path / "target", "test")
    assert [p.name for p in tmp_path.iterdir()] == ["target"] and (tmp_path / "target" / "new").is_dir()
    remove_arrays(tmp_path / "target", "test")
    remove_arrays(tmp_path / "target", "test")
    assert list(tmp_path.iterdir()) == []
