"""The compacted result is what was written or it is not used: every file of it, harmed in every way, under every reader."""

import json
import shutil
import warnings

import numpy as np
import pytest
import xarray as xr
from sweep_support import same_values

from tutelage import cli
from tutelage.base.errors import DamagedError, StoreError, StoreWarning
from tutelage.sweep import SweepFolder, run
from tutelage.sweep.compact import gather, open_points
from tutelage.sweep.manifest import read_manifest


@pytest.fixture
def whole(mapping, tmp_path):
    """(the folder of a compacted sweep, its points in memory)."""
    mapping = {**mapping, "quantities": ["sweep_functions:draw", "sweep_functions:text"]}
    points = run(mapping, store=tmp_path / "s", workers=0).compute()
    return SweepFolder(tmp_path / "s"), points


def flip(path, place=0.5):
    raw = bytearray(path.read_bytes())
    raw[int(place * (len(raw) - 1))] ^= 0x10
    path.write_bytes(raw)


HARM = {
    "a flipped bit": flip,
    "a flipped bit at the end": lambda path: flip(path, 1.0),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "cut to nothing": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "deleted": lambda path: path.unlink(),
    "something else": lambda path: path.write_bytes(bytes(reversed(path.read_bytes()))),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link": lambda path: (path.rename(path.with_name("away")), path.symlink_to("away")),
}
FILES = ("value/c/0", "row/c/0/0", "label/c/0", "d/c/0", "point/c/0", "value/zarr.json", "zarr.json")


@pytest.mark.parametrize(
    ("harm", "name"),
    [
        # Every harm to one file and every file by one harm; the others are of the same kinds.
        pytest.param(
            HARM[harm], file, id=f"{harm}-{file}",
            marks=() if harm == "a flipped bit" or file == FILES[0] else pytest.mark.slow,
        )
        for harm in HARM for file in FILES
    ],
)  # fmt: skip
def test_harm_to_any_file_is_noticed_and_the_task_files_answer(whole, name, harm):
    folder, points = whole
    harm(folder.compact_path / name)
    with pytest.warns(
        StoreWarning, match=r"points.zarr/.* changed or went missing .* were read from the task files"
    ):
        same_values(open_points(folder), points)
    shutil.rmtree(folder.tasks)
    with pytest.raises(DamagedError, match=r"points.zarr/.* and the task files are gone; restore the folder"):
        open_points(folder)


@pytest.mark.parametrize("harm", [flip, HARM["cut"], HARM["deleted"], HARM["cut to nothing"]])
def test_harm_to_the_checksums_themselves_is_no_reason_to_believe_them(whole, harm):
    folder, points = whole
    harm(folder.manifest_path)
    with pytest.warns(StoreWarning, match="were read from the task files"):
        same_values(open_points(folder), points)
    shutil.rmtree(folder.tasks)
    with pytest.raises(DamagedError, match="the task files are gone"):
        open_points(folder)


def test_every_bit_of_the_checksums_counts(whole):
    """Each byte in turn: the right values, or a refusal where the task files are gone."""
    folder, points = whole
    raw = folder.manifest_path.read_bytes()
    for position in range(0, len(raw), 97):
        folder.manifest_path.write_bytes(raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StoreWarning)
            same_values(open_points(folder), points)


def test_a_chunk_nobody_listed_is_noticed(whole):
    folder, points = whole
    shutil.copy(folder.compact_path / "value" / "c" / "0", folder.compact_path / "value" / "c" / "1")
    with pytest.warns(StoreWarning, match="points.zarr/value/c/1"):
        same_values(open_points(folder), points)


def test_a_result_that_is_gone_is_read_from_the_tasks(whole):
    folder, points = whole
    shutil.rmtree(folder.compact_path)
    with pytest.warns(StoreWarning, match="went missing"):
        same_values(open_points(folder), points)


@pytest.mark.parametrize("name", ["p.nc", "p.zarr", "p.parquet", "p.png"])
def test_every_command_that_reads_says_so_and_gives_the_right_values(whole, tmp_path, capsys, name):
    folder, points = whole
    flip(folder.compact_path / "value" / "c" / "0")
    command = "plot" if name == "p.png" else "export"
    assert cli.run(["sweep", command, str(folder.path), str(tmp_path / name)]) == 0
    err = capsys.readouterr().err
    assert (
        err.startswith("tutelage: warning: ") and "points.zarr/value/c/0" in err and err.count("\n") == 2
    )  # and what was written
    if name == "p.nc":
        with xr.open_dataset(tmp_path / name) as again:
            np.testing.assert_array_equal(again.value, points.value)
    shutil.rmtree(folder.tasks)
    assert cli.run(["sweep", command, str(folder.path), str(tmp_path / name)]) == 2
    assert "points.zarr/value/c/0" in capsys.readouterr().err


def test_resume_writes_it_anew_and_says_so(whole, capsys):
    folder, points = whole
    (folder.compact_path / "value" / "c" / "0").unlink()
    flip(folder.compact_path / "zarr.json")
    assert cli.run(["sweep", "resume", str(folder.path), "--workers", "0"]) == 0
    assert "it is written anew from the task files" in capsys.readouterr().err
    shutil.rmtree(folder.tasks)
    same_values(open_points(folder), points)


def test_without_task_files_the_whole_result_stands_alone(whole):
    folder, points = whole
    shutil.rmtree(folder.tasks)
    same_values(open_points(folder), points)


def test_with_some_task_files_gone_the_whole_result_has_all_points(whole):
    folder, points = whole
    folder.discard(folder.markers()[2])
    same_values(open_points(folder), points)


def test_a_damaged_task_is_told_by_reading_and_left_where_it_is(whole):
    folder, _ = whole
    shutil.rmtree(folder.compact_path)
    folder.manifest_path.unlink()
    marker = folder.markers()[1]
    chunk = folder.chunk_path(marker.start, marker.stop)
    flip(chunk)
    before = chunk.read_bytes()
    with pytest.raises(StoreError, match="damaged on the disk; run the sweep again to compute them anew"):
        gather(folder)
    assert chunk.read_bytes() == before and len(folder.markers()) > 2


def test_two_tasks_that_changed_places_are_noticed(whole):
    """Each whole in itself, of the same size: only the marker's checksum tells."""
    folder, _ = whole
    first, second = (m for m in folder.markers()[-2:])
    paths = [folder.chunk_path(m.start, m.stop) for m in (first, second)]
    contents = [path.read_bytes() for path in paths]
    for path, marker, content in zip(paths, (first, second), reversed(contents), strict=True):
        path.write_bytes(content)
        told = json.loads(folder.marker_path(marker.start, marker.stop).read_text())
        folder.marker_path(marker.start, marker.stop).write_text(json.dumps(told | {"bytes": len(content)}))
    with pytest.raises(StoreError, match="damaged on the disk"):
        gather(folder)


@pytest.mark.parametrize(
    "content", ["[]", "{}", "null", '{"tasks": 1, "files": {}}', '{"tasks": {}, "files": [], "x": 1}']
)
def test_a_list_of_checksums_of_another_form_is_none(tmp_path, content):
    (tmp_path / "points.json").write_text(content)
    assert read_manifest(tmp_path / "points.json") is None
