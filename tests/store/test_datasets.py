"""Datasets survive the round trip, and damage is noticed."""

import dataclasses
import json
import os
import zipfile

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.storage import ZipStore

from tutelage.base.errors import InputError, StoreError
from tutelage.store import (
    Store,
    code_version,
    dataset_key,
    default_directory,
    load_dataset,
    provenance,
    save_dataset,
)


def example() -> xr.Dataset:
    return xr.Dataset(
        {
            "loss": (("point", "time"), np.arange(12.0).reshape(3, 4) / 7, {"units": "1"}),
            "zeros": (("point",), np.zeros(3)),
            "failed": (("point",), np.array([True, False, True])),
            "error": (("point",), np.array(["", "σ did not converge", ""])),
            "scalar": 3,
            "missing": (("point",), np.array([np.nan, np.inf, -0.0])),
        },
        coords={"point": [4, 5, 6], "time": list("abcd"), "activation": ("point", ["erf", "relu", "erf"])},
        attrs={"title": "example", "sizes": (1, 2), "x": np.float64(0.1)},
    )


def test_a_dataset_comes_back_equal_bit_for_bit_with_provenance(tmp_path):
    path = save_dataset(example(), tmp_path / "a.zarr.zip")
    found = load_dataset(path)
    xr.testing.assert_equal(found, example())
    assert {n: v.dtype for n, v in found.variables.items()} == {
        n: v.dtype for n, v in example().variables.items()
    }
    assert found.attrs["x"] == 0.1 and found.attrs["sizes"] == [1, 2] and found.loss.attrs == {"units": "1"}
    assert found.attrs["provenance"]["packages"]["numpy"] == np.__version__
    assert found.attrs["tutelage_schema"] == 1
    xr.testing.assert_equal(load_dataset(path, lazy=True).loss, found.loss)


@pytest.mark.parametrize("words", [["", ""], ["ä", "ä", "ä"], ["a", "a", "aa"], ["aa", "a", ""], ["x"]])
def test_texts_that_repeat_come_back_as_they_are(words, tmp_path):
    path = save_dataset(xr.Dataset({"text": ("point", np.array(words))}), tmp_path / "text.zarr.zip")
    assert load_dataset(path).text.values.tolist() == words


def test_xarray_alone_reads_the_file(tmp_path):
    path = save_dataset(example(), tmp_path / "a.zarr.zip")
    with xr.open_zarr(ZipStore(path, mode="r"), consolidated=False, chunks=None) as found:
        np.testing.assert_array_equal(found.loss, example().loss)


DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


@given(data=st.data(), dtype=st.sampled_from([*DTYPES, "str", ">f8", "datetime64[ns]"]))
@settings(max_examples=40)
def test_what_we_write_and_read_ourselves_is_what_xarray_reads(tmp_path_factory, data, dtype):
    path = tmp_path_factory.mktemp("both") / "a"
    shape = tuple(data.draw(st.lists(st.integers(0, 3), max_size=3)))
    count = int(np.prod(shape, dtype=int))
    words = data.draw(
        st.lists(st.text(max_size=3).filter(lambda w: not w.endswith("\0")), min_size=count, max_size=count)
    )
    numbers = np.array(data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)))
    values = np.array(words, dtype=str) if dtype == "str" else numbers.astype(dtype)
    values = values.reshape(shape)
    dims = tuple("abc"[: len(shape)])
    original = xr.Dataset(
        {"x": (dims, values, {"note": "σ"})}, coords={"scalar": 2.5, "side": (dims, values)}
    )
    found = load_dataset(save_dataset(original, path))
    with xr.open_zarr(ZipStore(path, mode="r"), consolidated=False, chunks=None) as foreign:
        assert set(foreign.coords) == set(found.coords) == set(original.coords)
        for name in ("x", "side", "scalar"):
            expected = original[name].values
            assert foreign[name].dims == found[name].dims == original[name].dims
            np.testing.assert_array_equal(found[name].values, expected)
            np.testing.assert_array_equal(foreign[name].values.astype(expected.dtype), expected)
        assert foreign.x.attrs == found.x.attrs == {"note": "σ"}


def test_saving_a_loaded_dataset_again_changes_nothing(tmp_path):
    first = load_dataset(save_dataset(example(), tmp_path / "a"))
    save_dataset(first, tmp_path / "b")
    xr.testing.assert_identical(load_dataset(tmp_path / "b"), first)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """One file for all examples: its date compresses to a varying length."""
    return save_dataset(example(), tmp_path_factory.mktemp("damage") / "a")


@settings(max_examples=25)
@given(data=st.data())
def test_any_flipped_byte_or_missing_tail_is_noticed_or_harmless(saved, data):
    folder, raw = saved.parent, saved.read_bytes()
    if data.draw(st.booleans()):
        damaged = raw[: data.draw(st.integers(0, len(raw) - 1))]
    else:
        position = data.draw(st.integers(0, len(raw) - 1))
        damaged = (
            raw[:position] + bytes([raw[position] ^ data.draw(st.integers(1, 255))]) + raw[position + 1 :]
        )
    (folder / "b").write_bytes(damaged)
    try:
        found = load_dataset(folder / "b")
    except StoreError as error:
        assert "truncated or corrupt" in str(error)
        assert "delete it" in str(error)
    else:  # zip headers hold fields nobody reads (dates, permissions): then the numbers must be right
        xr.testing.assert_equal(found, example())


def rewrite_attributes(path, **changes) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    group = json.loads(members["zarr.json"])
    group["attributes"] = {k: v for k, v in (group["attributes"] | changes).items() if v is not None}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {"zarr.json": json.dumps(group).encode()}).items():
            archive.writestr(name, content)


def test_a_newer_schema_asks_for_an_upgrade(tmp_path):
    path = save_dataset(example(), tmp_path / "a")
    rewrite_attributes(path, tutelage_schema=99)
    with pytest.raises(StoreError, match=r"expected schema 1 or older, got 99.*upgrade tutelage"):
        load_dataset(path)


def test_a_foreign_zarr_is_refused(tmp_path):
    path = save_dataset(example(), tmp_path / "a")
    rewrite_attributes(path, tutelage_schema=None)
    with pytest.raises(StoreError, match="tutelage did not write this"):
        load_dataset(path)
    with zipfile.ZipFile(tmp_path / "b", "w") as archive:
        archive.writestr("x", b"")
    with pytest.raises(StoreError, match="archive holds none"):
        load_dataset(tmp_path / "b")


def test_missing_and_folder_paths_are_named(tmp_path):
    with pytest.raises(StoreError, match="no such file; check the path"):
        load_dataset(tmp_path / "none")
    with pytest.raises(StoreError, match="got a folder"):
        load_dataset(tmp_path)
    with pytest.raises(StoreError, match="expected an existing folder"):
        save_dataset(example(), tmp_path / "none" / "a")


def test_attributes_that_json_cannot_hold_are_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(InputError, match=r"expected numbers, text.*got function"):
        save_dataset(example().assign_attrs(f=example), tmp_path / "a")
    assert os.listdir(tmp_path) == []


@dataclasses.dataclass(frozen=True)
class Parameters:
    d: int = 10
    ratios: tuple = (0.5, 1.0)


def test_keys_follow_parameters_and_code():
    key = dataset_key("fig2", Parameters())
    assert key == dataset_key("fig2", Parameters(d=np.int64(10), ratios=[0.5, 1.0]))
    others = [
        dataset_key("fig3", Parameters()),
        dataset_key("fig2", Parameters(d=11)),
        dataset_key("fig2", Parameters(ratios=(0.5, np.nextafter(1.0, 2)))),
        dataset_key("fig2", Parameters(), code="0"),
    ]
    assert len({key, *others}) == 5
    assert dataset_key("a", {"x": 1, "y": 2}) == dataset_key("a", {"y": 2, "x": 1})
    with pytest.raises(InputError, match="lower-case"):
        dataset_key("a/b", {})


def test_the_code_version_follows_contents_and_names(tmp_path, monkeypatch):
    assert code_version() != code_version(["tutelage.store"]) != code_version(["tutelage.base.check"])
    assert code_version(["tutelage.store", "tutelage.base.check"]) == code_version(
        ["tutelage.base.check", "tutelage.store"]
    )
    with pytest.raises(InputError, match=r"importable module, got 'tutelage.nothing'"):
        code_version("tutelage.nothing")
    monkeypatch.syspath_prepend(tmp_path)
    versions = []
    for name, text in [("probe_one", "x = 1"), ("probe_two", "x = 1"), ("probe_three", "x = 2")]:
        (tmp_path / f"{name}.py").write_text(text)
        versions.append(code_version(name))
    assert len(set(versions)) == 3


def test_a_store_keeps_and_replaces(tmp_path):
    store = Store(tmp_path / "deep" / "store")
    assert store.get("a") is None and store.keys() == []
    store.put("a", example())
    store.put("a", example().assign(scalar=4))
    assert int(store.get("a").scalar) == 4 and store.keys() == ["a"]
    store.path("a").write_bytes(b"PK")
    with pytest.raises(StoreError, match="truncated or corrupt"):
        store.get("a")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot make the folder"):
        Store(tmp_path / "file" / "x").put("a", example())


def test_the_default_folder_follows_the_environment(monkeypatch):
    monkeypatch.setenv("TUTELAGE_STORE", "/somewhere")
    assert str(default_directory()) == "/somewhere" == str(Store().directory)
    monkeypatch.delenv("TUTELAGE_STORE")
    assert str(default_directory()) == "store"


def test_provenance_is_complete_and_ready_for_json():
    found = json.loads(json.dumps(provenance()))
    assert set(found) == {
        "tutelage",
        "commit",
        "code",
        "python",
        "packages",
        "cpu",
        "threads",
        "platform",
        "time",
    }
    assert found["threads"] >= 1 and found["time"].endswith("+00:00")
