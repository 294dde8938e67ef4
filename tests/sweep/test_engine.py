"""A sweep in this process: every point once, whatever happened before."""

import json

import numpy as np
import pytest
import sweep_functions
import xarray as xr
from sweep_support import same_values

from tutelage import __version__
from tutelage.base.errors import InputError, StoreError
from tutelage.sweep import SweepFolder, SweepSpec, run
from tutelage.sweep.compact import gather, open_points
from tutelage.sweep.evaluate import run_task
from tutelage.sweep.manifest import checksums


def test_a_sweep_returns_every_point_with_its_parameters_and_record(mapping, tmp_path):
    seen = []
    found = run(mapping, store=tmp_path / "s", workers=0, progress=lambda *told: seen.append(told))
    spec = SweepSpec.from_mapping(mapping)
    assert found.chunks, "the dataset is lazy"
    found = found.compute()
    assert found.sizes == {"point": 24, "column": 5}
    for index in range(24):
        point, row = spec.point(index), found.isel(point=index)
        values = sweep_functions.draw(point)
        assert float(row.value) == values["value"]
        np.testing.assert_array_equal(row.row[: point.d], values["row"][1])
        assert np.all(np.isnan(row.row[point.d :]))
        assert (row.activation.item(), int(row.d), int(row.seed)) == (point.activation, point.d, point.seed)
    assert set(found.version.values) == {__version__}
    assert {"cpu", "threads", "seconds", "method", "code", "failed", "error"} <= set(found.data_vars)
    assert (
        seen[-1][0] == 1.0 and seen[-1][1].startswith("24/24 points, ") and seen[-1][1].endswith(" 0 failed")
    )
    assert found.attrs["spec"]["quantities"] == ["sweep_functions:draw"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:f", "cannot import 'no_such_module'"),
        (
            "sweep_functions:drow",
            r"no 'drow' in 'sweep_functions' \(.*sweep_functions.py\); did you mean 'draw'",
        ),
        ("broken_module:f", "cannot import 'broken_module'.*ZeroDivisionError"),
        ("leaving_module:f", "cannot import 'leaving_module'.*SystemExit"),
    ],
)
def test_a_function_that_is_not_there_is_told_before_anything_is_written(mapping, tmp_path, name, message):
    (tmp_path / "broken_module.py").write_text("1 / 0")
    (tmp_path / "leaving_module.py").write_text("raise SystemExit(3)")
    search_path = [*mapping["search_path"], str(tmp_path)]
    with pytest.raises(InputError, match=message):
        run({**mapping, "quantities": [name], "search_path": search_path}, store=tmp_path / "s", workers=0)
    assert not (tmp_path / "s").exists()


def test_failing_points_are_recorded_and_the_rest_stands(mapping, tmp_path):
    names = ["sweep_functions:draw", "sweep_functions:picky", "sweep_functions:wrong", "sweep_functions:text"]
    found = run({**mapping, "quantities": names}, store=tmp_path, workers=0).compute()
    failed = found.realization.values % 3 == 1
    np.testing.assert_array_equal(np.isnan(found.picky), failed)
    assert np.all(np.isfinite(found.value)) and bool(found.failed.all())
    errors = found.error.values.astype(object)
    assert all(("ValueError: no luck" in e) == bad for e, bad in zip(errors, failed, strict=True))
    assert all("InputError: expected a real number" in e for e in errors)
    assert found.label.values[0] == "linear 3"
    assert SweepFolder(tmp_path).status().failed == 24


def test_running_again_computes_nothing_and_options_reach_the_function(mapping, tmp_path, monkeypatch):
    mapping = {**mapping, "options": {"sweep_functions:draw": {"scale": 0.0}}}
    first = run(mapping, store=tmp_path / "s", workers=0).compute()
    monkeypatch.setenv("SWEEP_LOG", str(tmp_path / "log"))
    again = run(mapping, store=tmp_path / "s", workers=0)
    assert not (tmp_path / "log").exists()
    xr.testing.assert_identical(again.compute(), first)
    spec = SweepSpec.from_mapping(mapping)
    assert float(first.value[3]) == spec.point(3).teacher().W.sum()


def test_shards_in_any_order_make_the_same_sweep(mapping, tmp_path):
    whole = run(mapping, store=tmp_path / "a", workers=0)
    for shard in (3, 1, 5, 2, 4):
        part = run(mapping, store=tmp_path / "b", workers=0, shard=(shard, 5))
    assert part.sizes["point"] == 24 and not SweepFolder(tmp_path / "b").status().compacted
    same_values(run(mapping, store=tmp_path / "b", workers=0), whole)
    assert SweepFolder(tmp_path / "b").status().compacted


def test_extra_axes_reach_the_function(mapping, tmp_path):
    mapping["grid"]["extra"] = {"noise": [0.5, 2.0]}
    found = run({**mapping, "quantities": ["sweep_functions:noisy"]}, store=tmp_path, workers=0)
    np.testing.assert_array_equal(found.noisy, found.noise * found.d)


def test_an_interrupted_write_is_recognised_and_redone(mapping, tmp_path, monkeypatch):
    mapping = {**mapping, "realizations": 9}
    whole = run(mapping, store=tmp_path / "a", workers=0)
    folder = SweepFolder(tmp_path / "b")
    run(mapping, store=folder.path, workers=0, shard=(1, 2))
    first, second, third = folder.markers()[:3]
    folder.marker_path(first.start, first.stop).unlink()  # killed between chunk and marker
    chunk = folder.chunk_path(second.start, second.stop)
    chunk.write_bytes(chunk.read_bytes()[:-7])  # a disk that lied
    folder.marker_path(third.start, third.stop).write_text('{"start": ')
    (folder.tasks / ".x.zarr.zip.abc.tutelage.tmp").write_bytes(b"half")
    assert folder.status().done == 36 - sum(m.stop - m.start for m in (first, second, third))
    log = tmp_path / "log"
    monkeypatch.setenv("SWEEP_LOG", str(log))
    same_values(run(mapping, store=folder.path, workers=0), whole)
    lost = {i for m in (first, second, third) for i in range(m.start, m.stop)}
    assert sorted(map(int, log.read_text().split())) == sorted(lost | set(range(36, 72)))
    assert not list(folder.tasks.glob("*.tmp"))


def test_a_flipped_bit_is_found_at_compaction_set_aside_and_redone(mapping, tmp_path):
    whole = run(mapping, store=tmp_path / "a", workers=0)
    folder = SweepFolder(tmp_path / "b")
    run(mapping, store=folder.path, workers=0, shard=(1, 1))
    marker = folder.markers()[2]
    chunk = folder.chunk_path(marker.start, marker.stop)
    raw = bytearray(chunk.read_bytes())
    raw[len(raw) // 2] ^= 0x10
    chunk.write_bytes(raw)
    with pytest.raises(StoreError, match="damaged on the disk and are set aside; run the sweep again"):
        run(mapping, store=folder.path, workers=0)
    same_values(run(mapping, store=folder.path, workers=0), whole)


def test_overlapping_tasks_count_each_point_once(mapping, tmp_path):
    """A worker of a killed run may finish a batch that the next run cut differently."""
    whole = run(mapping, store=tmp_path / "a", workers=0)
    spec = SweepSpec.from_mapping(mapping)
    folder = SweepFolder(tmp_path / "b")
    folder.create(spec)
    for start, stop in [(0, 10), (4, 8), (8, 15), (20, 24)]:
        run_task(str(folder.path), spec, start, stop)
    assert folder.status().done == 19
    assert gather(folder).point.values.tolist() == [*range(15), *range(20, 24)]
    same_values(run(mapping, store=folder.path, workers=0), whole)


def test_blocks_of_any_size_give_the_same_dataset(mapping, tmp_path, monkeypatch):
    from tutelage.sweep import compact

    whole = run(mapping, store=tmp_path / "a", workers=0)
    monkeypatch.setattr(compact, "_MOST_ROWS", 5)
    small = run(mapping, store=tmp_path / "b", workers=0)
    assert small.value.chunks == ((5, 5, 5, 5, 4),)
    same_values(small, whole)


def test_two_runs_at_once_are_refused_and_the_lock_dies_with_its_holder(mapping, tmp_path):
    folder = SweepFolder(tmp_path)
    folder.create(SweepSpec.from_mapping(mapping))
    with folder.lock():
        assert folder.running()
        for shard in (None, (1, 2)):
            with pytest.raises(
                StoreError, match=r"expected no other run on it, process \d+ on .* is working on it"
            ):
                run(mapping, store=tmp_path, workers=0, shard=shard)
    with folder.lock((1, 2)), folder.lock((2, 2)):
        with pytest.raises(StoreError, match=r"is working on it; wait for it or stop it"):
            run(mapping, store=tmp_path, workers=0)
        with pytest.raises(StoreError, match="is working on it"):
            run(mapping, store=tmp_path, workers=0, shard=(2, 2))
    assert not folder.running()
    assert run(mapping, store=tmp_path, workers=0).sizes["point"] == 24


def test_a_folder_holds_one_sweep(mapping, tmp_path):
    run(mapping, store=tmp_path, workers=0, shard=(1, 24))
    with pytest.raises(StoreError, match=r"expected the sweep 'small' it holds .* choose another folder"):
        run({**mapping, "seed": 1}, store=tmp_path, workers=0)


def test_a_newer_schema_and_a_broken_specification_are_refused(mapping, tmp_path):
    run(mapping, store=tmp_path, workers=0)
    file = tmp_path / "sweep.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"tutelage_schema": 99}))
    with pytest.raises(StoreError, match=r"expected schema 1 or older, got 99.*upgrade tutelage"):
        run(mapping, store=tmp_path, workers=0)
    file.write_text(file.read_text()[:40])
    with pytest.raises(StoreError, match=r"truncated or corrupt.*remove it and run the sweep again"):
        SweepFolder(tmp_path).status()
    file.unlink()
    assert run(mapping, store=tmp_path, workers=0).sizes["point"] == 24
    group = tmp_path / "points.zarr" / "zarr.json"
    newer = json.loads(group.read_text())
    newer["attributes"]["tutelage_schema"] = 99
    group.write_text(json.dumps(newer))
    sums = tmp_path / "points.json"
    sums.write_text(json.dumps(json.loads(sums.read_text()) | {"files": checksums(tmp_path / "points.zarr")}))
    with pytest.raises(StoreError, match="got 99"):
        open_points(tmp_path)


def test_places_without_a_sweep_are_named(tmp_path, mapping):
    with pytest.raises(StoreError, match=r"there is no sweep.json in it; check the path"):
        SweepFolder(tmp_path).status()
    SweepFolder(tmp_path).create(SweepSpec.from_mapping(mapping))
    with pytest.raises(StoreError, match="expected stored points, there are none yet"):
        open_points(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="expected a writable folder, cannot make it"):
        run(mapping, store=tmp_path / "file" / "x", workers=0)
    with pytest.raises(InputError, match="expected workers >= 0"):
        run(mapping, store=tmp_path, workers=-1)
    with pytest.raises(InputError, match="expected a SweepSpec, a mapping or a file"):
        run(3)


def test_a_point_that_leaves_the_program_is_a_failed_point(mapping, tmp_path):
    found = run({**mapping, "quantities": ["sweep_functions:leaving"]}, store=tmp_path, workers=0)
    np.testing.assert_array_equal(found.failed, found.realization == 1)
    assert all("SystemExit: 3" in e for e in found.error.values[found.failed.values].astype(object))
