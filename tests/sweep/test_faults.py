"""One bad point never stops a sweep, and what cannot work at any point is refused before the first."""

import json
import os

import numpy as np
import pytest
import sweep_functions
import xarray as xr
from sweep_support import same_values

from tutelage import cli
from tutelage.base.errors import InputError, StoreError, StoreWarning, WorkersDie
from tutelage.sweep import SweepFolder, SweepSpec, load_spec, run
from tutelage.sweep.compact import open_points
from tutelage.sweep.export import export


def asked(mapping, function, **options):
    """Four points, one task each way, of a function of ours."""
    name = f"sweep_functions:{function}"
    grid = {"activation": "linear", "d": 2, "k": 2, "extra": {"noise": 0.5}}
    return {
        **mapping,
        "quantities": [name],
        "seed": 0,
        "realizations": 4,
        "grid": grid,
        "options": {name: options},
    }


def in_tasks_of(spec, folder, size):
    """The sweep, in tasks of so many points."""
    from tutelage.sweep.evaluate import run_task

    spec = SweepSpec.from_mapping(spec)
    SweepFolder(folder).create(spec)
    for start in range(0, spec.n_points, size):
        run_task(str(folder), spec, start, min(start + size, spec.n_points))
    return run(spec, store=folder, workers=0).compute()


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("what", sweep_functions.RETURNS)
@pytest.mark.filterwarnings("ignore::tutelage.base.errors.StoreWarning")
def test_a_point_that_returns_nonsense_fails_alone(mapping, tmp_path, what, size):
    found = in_tasks_of(asked(mapping, "returned", what=what), tmp_path / "s", size)
    np.testing.assert_array_equal(found.failed, found.realization == 1)
    assert "expected" in found.error.values[1] and not any(found.error.values[[0, 2, 3]])
    np.testing.assert_array_equal(found.value, [0.0, np.nan, 2.0, 3.0])
    for name in ("p.nc", "p.parquet", "p.zarr") if size > 1 else ():
        export(found, tmp_path / name)


@pytest.mark.parametrize(
    "what", ["an exception", "a system exit", "a generator exit", "half a character", "a class of its own"]
)
def test_a_point_that_raises_anything_fails_alone(mapping, tmp_path, what):
    found = run(asked(mapping, "raising", what=what), store=tmp_path, workers=0).compute()
    np.testing.assert_array_equal(found.failed, found.realization == 1)
    np.testing.assert_array_equal(found.raising, [1.0, np.nan, 1.0, 1.0])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 12])
def test_types_that_change_between_points_are_named_with_the_point_and_exported(mapping, tmp_path, size):
    asked_for = {**mapping, "quantities": ["sweep_functions:mixed"], "realizations": 3, "seed": 0}
    with pytest.warns(StoreWarning) as warned:
        found = in_tasks_of(asked_for, tmp_path / "s", size)
    assert "point 2: value: expected a number as at other points, got a text" in str(warned[0].message)
    odd = found.point.values % 3 == 2
    assert found.sizes["point"] == 12 and np.all(found.always == 2.0)
    np.testing.assert_array_equal(np.isnan(found.value), odd)
    np.testing.assert_array_equal(found.failed, odd)
    told = found.error.values.astype(object)
    assert all(("value: expected a number" in text) == bad for text, bad in zip(told, odd, strict=True))
    for name, options in (
        ("p.nc", {"engine": "netcdf4"}),
        ("p.zarr", {"engine": "zarr", "consolidated": False}),
    ):
        with xr.open_dataset(export(found, tmp_path / name), **options) as again:
            np.testing.assert_array_equal(again.value, found.value)
    assert export(found, tmp_path / "p.parquet").exists()


@pytest.mark.parametrize("size", [1, 3, 12])
def test_variables_that_only_later_points_have_are_kept(mapping, tmp_path, size):
    asked_for = {**mapping, "quantities": ["sweep_functions:sometimes_more"], "realizations": 3, "seed": 0}
    found = in_tasks_of(asked_for, tmp_path / "s", size)
    np.testing.assert_array_equal(np.isfinite(found.more), found.point % 4 == 3)


def test_arrays_of_two_lengths_over_one_dimension_are_padded_to_one(mapping, tmp_path):
    found = run({**mapping, "quantities": ["sweep_functions:two_lengths"]}, store=tmp_path, workers=0)
    assert found.a.shape == found.b.shape == (24, 3)


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_that_another_quantity_has_is_not_replaced(mapping, tmp_path, order):
    names = ["lambda_max", "sweep_functions:lambda_max"][::order]
    found = run({**mapping, "quantities": names}, store=tmp_path, workers=0).compute()
    assert np.all(found.lambda_max > 0) if order == 1 else np.all(found.lambda_max == -1)
    assert all("lambda_max" in text and "rename it" in text for text in found.error.values.astype(object))


LIMIT = 2**63
WRONG = {
    "a seed of 64 bits": ({"seed": LIMIT}, r"expected seed < 2\^63"),
    "a realization of 64 bits": ({"realizations": [LIMIT]}, r"realizations < 2\^63"),
    "an endless count": ({"realizations": 10**12}, "at most 10000000 values for realizations"),
    "a dimension of 64 bits": ({"grid": {"activation": "erf", "d": LIMIT, "k": 2}}, r"expected d < 2\^63"),
    "a size of 64 bits": ({"grid": {"activation": "erf", "sizes": [[2, LIMIT]]}}, r"sizes < 2\^63"),
    "an endless range": (
        {"grid": {"activation": "erf", "d": {"start": 1, "stop": 1e12, "step": 1}, "k": 2}},
        "at most",
    ),
    "an endless spacing": (
        {"grid": {"activation": "erf", "d": {"start": 1, "stop": 9, "num": 10**12}, "k": 2}},
        "at most",
    ),
    "an extra of 64 bits": ({"extra": {"n": [LIMIT]}}, r"expected n < 2\^63"),
    "an extra that is no number": ({"extra": {"n": [float("nan")]}}, "expected a finite n"),
    "an extra beyond all": ({"extra": {"n": [float("inf"), 1.0]}}, "expected a finite n"),
    "half a character": ({"extra": {"n": ["\ud800"]}}, "half of a character"),
    "half a character in a folder": ({"search_path": ["\udc80"]}, "half of a character"),
    "a folder that is none": ({"search_path": [3]}, "expected text for search_path"),
    "a table of folders": ({"search_path": {"a": 1}}, "expected text for search_path"),
    "a table of quantities": ({"quantities": {"a": 1}}, "expected text for quantities"),
    "a list in a list": ({"quantities": [["rank"]]}, "expected text for quantities"),
    "an axis with the name of a dimension": ({"extra": {"block": [1]}}, "a new name for an extra axis"),
    "an axis without a name": ({"extra": {"": [1]}}, "a new name for an extra axis"),
    "a key that is no text": ({3: 4}, "unknown key 3"),
    "a name that is none": ({"name": 3}, "expected text for name"),
    "true as an axis": ({"extra": {"n": [True, False]}}, "only numbers or only text"),
    "a list as a value": ({"extra": {"n": [[1], [2]]}}, "only numbers or only text"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_types_and_sizes_are_refused_when_the_file_is_read(
    mapping, tmp_path, monkeypatch, change, message
):
    monkeypatch.chdir(tmp_path)
    change = dict(change)
    if "extra" in change:
        change["grid"] = {"activation": "linear", "d": 2, "k": 2, "extra": change.pop("extra")}
    with pytest.raises(InputError, match=message):
        run({**mapping, **change}, store=tmp_path / "s", workers=0)
    assert not os.listdir(tmp_path), "a folder was left half-made"


def test_the_largest_seed_works(mapping, tmp_path):
    grid = {"activation": "linear", "d": 2, "k": 2}
    found = run({**mapping, "seed": LIMIT - 1, "realizations": 1, "grid": grid}, store=tmp_path, workers=0)
    assert int(found.seed[0]) == LIMIT - 1 and not bool(found.failed[0])


OPTIONS = {
    "spectrum": {"method": "nope"},
    "lambda_min": {"method": 3},
    "lambda_max": {"method": ""},
    "trace_moments": {"orders": 0},
    "rank": {"primes": 0},
    "effective_parameters": {"primes": 1.5},
    "predicted_loss": {"noise": -1},
    "sgd_stability": {"batch": 0},
    "noise_floor": {"label_noise": -0.1},
    "predicted_sgd": {"steps": 10**9},
    "recovery": {"solver": "nope"},
}
MORE_OPTIONS = [
    ("trace_moments", {"orders": 10**9}),
    ("trace_moments", {"orders": 2, "method": "nope"}),
    ("rank", {"proof_limit": "long"}),
    ("predicted_loss", {"rule": "gd"}),
    ("predicted_loss", {"rule": "nope"}),
    ("predicted_loss", {"first": 1.0, "last": 0.5}),
    ("predicted_loss", {"count": 10**9}),
    ("predicted_loss", {"noise": float("nan")}),
    ("noise_floor", {"share": 1.0}),
    ("predicted_sgd", {"noise": 0.0}),
    ("recovery", {"target": 0}),
    ("recovery", {"samples": 0}),
    ("recovery", {"student": "wide"}),
    ("recovery", {"certify": "yes"}),
]


@pytest.mark.parametrize(("name", "options"), [*OPTIONS.items(), *MORE_OPTIONS])
def test_options_that_cannot_work_are_refused_before_the_first_point(mapping, tmp_path, name, options):
    wrong = {**mapping, "quantities": [name], "options": {name: options}}
    with pytest.raises(InputError, match=f"option of {name}: "):
        run(wrong, store=tmp_path / "s", workers=0)
    assert not os.listdir(tmp_path)


def test_every_quantity_checks_its_options():
    from tutelage.sweep.builtin import QUANTITIES

    assert set(OPTIONS) == set(QUANTITIES)


def test_options_that_a_function_does_not_take_are_refused_before_the_first_point(mapping, tmp_path):
    for options in ({"scal": 2.0}, {"point": 1}):
        wrong = {**mapping, "options": {"sweep_functions:draw": options}}
        with pytest.raises(InputError, match="cannot be called with"):
            run(wrong, store=tmp_path / "s", workers=0)
    assert not os.listdir(tmp_path)


MARKERS = {
    "another type": "[]",
    "null": "null",
    "a number": "3",
    "nested without end": "[" * 100_000,
    "text for a count": {"start": "0"},
    "a fraction for a count": {"stop": 2.5},
    "true for a count": {"failed": True},
    "less than none": {"crc32": -1},
    "a list for sizes": {"sizes": [1]},
    "text for a size": {"sizes": {"column": "wide"}},
    "a list for variables": {"variables": [1]},
    "no layout": {"variables": {"value": 3}},
    "a number for a dimension": {"variables": {"value": [[3], "f"]}},
    "text for seconds": {"seconds": "long"},
    "more failed than there are": {"failed": 10**6},
    "an unknown field": {"mine": 1},
}


@pytest.mark.parametrize("content", MARKERS.values(), ids=MARKERS)
def test_a_marker_of_wrong_types_counts_as_not_done(mapping, tmp_path, content):
    whole = run(mapping, store=tmp_path / "a", workers=0)
    folder = SweepFolder(tmp_path / "b")
    run(mapping, store=folder.path, workers=0, shard=(1, 1))
    marker = folder.markers()[1]
    path = folder.marker_path(marker.start, marker.stop)
    forged = content if isinstance(content, str) else json.dumps(json.loads(path.read_text()) | content)
    path.write_text(forged)
    assert folder.status().remaining == len(marker)
    same_values(run(mapping, store=folder.path, workers=0), whole)


@pytest.mark.parametrize("stop", [24, 10**9])
def test_a_marker_that_promises_points_it_has_not_heals_by_recomputing(mapping, tmp_path, stop):
    whole = run(mapping, store=tmp_path / "a", workers=0)
    folder = SweepFolder(tmp_path / "b")
    run(mapping, store=folder.path, workers=0, shard=(1, 2))
    marker = folder.markers()[-1]
    told = json.loads(folder.marker_path(marker.start, marker.stop).read_text())
    folder.chunk_path(marker.start, marker.stop).rename(folder.chunk_path(marker.start, stop))
    folder.marker_path(marker.start, marker.stop).unlink()
    folder.marker_path(marker.start, stop).write_text(json.dumps(told | {"stop": stop}))
    with pytest.raises(StoreError, match="run the sweep again"):
        run(mapping, store=folder.path, workers=0)
    same_values(run(mapping, store=folder.path, workers=0), whole)


@pytest.mark.parametrize(
    "name", ["9" * 18 + "-" + "9" * 18, "9" * 5000 + "-" + "9" * 5000, "000000005-000000003"]
)
def test_file_names_that_are_no_range_are_passed_over(mapping, tmp_path, name):
    folder = SweepFolder(tmp_path)
    run(mapping, store=tmp_path, workers=0)
    try:
        (folder.tasks / f"{name[:250]}.done").write_text("{}")
    except OSError:
        pytest.skip("the name is too long here")
    assert folder.status().done == 24 and open_points(folder).sizes["point"] == 24


@pytest.mark.parametrize("place", ["sweep.json", "points.json", "points.zarr/zarr.json", "tasks"])
def test_a_pipe_in_a_folder_from_a_stranger_hangs_nobody(mapping, tmp_path, place, capsys):
    folder = SweepFolder(tmp_path / "s")
    run(mapping, store=folder.path, workers=0)
    marker = folder.markers()[0]
    path = folder.marker_path(marker.start, marker.stop) if place == "tasks" else folder.path / place
    path.unlink()
    os.mkfifo(path)
    code = cli.run(["sweep", "status", str(folder.path)])
    assert code == (2 if place == "sweep.json" else 0)


@pytest.mark.slow
def test_a_function_that_kills_every_worker_stops_the_sweep(mapping, tmp_path, monkeypatch, capsys):
    from tutelage.sweep import driver

    monkeypatch.setattr(driver, "_MOST_DEATHS_IN_A_ROW", 4)
    spec = {**mapping, "quantities": ["sweep_functions:always_deadly"]}
    with pytest.raises(WorkersDie, match="stopped after 4 workers died in a row"):
        run(spec, store=tmp_path / "a", workers=2)
    (tmp_path / "deadly.toml").write_text(
        'quantities = ["sweep_functions:always_deadly"]\nrealizations = 40\n'
        f"search_path = {json.dumps(mapping['search_path'])}\n[grid]\nactivation = 'linear'\nd = 2\nk = 2\n"
    )
    assert (
        cli.run(
            ["sweep", "run", str(tmp_path / "deadly.toml"), "--store", str(tmp_path / "b"), "--workers", "2"]
        )
        == 1
    )
    err = capsys.readouterr().err
    assert (
        "stopped after 4 workers" in err
        and "Traceback" not in err
        and not SweepFolder(tmp_path / "b").running()
    )


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    text = 'quantities = ["rank"]\n[grid]\nactivation = "erf"\nd = 2\nk = 2\n'
    for name, encoding in (("plain", "utf-8"), ("marked", "utf-8-sig")):
        (tmp_path / f"{name}.toml").write_text(text, encoding=encoding)
    (tmp_path / "wide.toml").write_text(text, encoding="utf-16")
    assert load_spec(tmp_path / "marked.toml").sizes == load_spec(tmp_path / "plain.toml").sizes
    with pytest.raises(InputError, match="expected a TOML file"):
        load_spec(tmp_path / "wide.toml")


@pytest.mark.parametrize("text", ["²/3", "1/²", "-1/3", "1/3/3", "1.0/3", "/"])
def test_a_shard_that_is_none_is_one_line(text, tmp_path, capsys):
    (tmp_path / "a.toml").write_text('quantities = ["rank"]\n[grid]\nactivation = "erf"\nd = 2\nk = 2\n')
    assert cli.run(["sweep", "run", str(tmp_path / "a.toml"), f"--shard={text}", "--workers", "0"]) == 2
    assert "expected --shard I/N" in capsys.readouterr().err
