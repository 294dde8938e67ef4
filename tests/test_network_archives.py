"""Archives of strangers: encrypted, broken, huge or mislabelled ones are refused in a sentence, before they are unpacked."""

import struct
import zipfile

import numpy as np
import pytest

from tutelage import load_network
from tutelage.base.errors import AllocationError, InputError


def archive(path, **arrays):
    np.savez_compressed(path, W=np.ones((2, 3)), a=np.ones(2), activation="erf", **arrays)
    return path


def flipped(path, at, new):
    data = bytearray(path.read_bytes())
    data[at : at + len(new)] = new
    path.write_bytes(bytes(data))
    return path


def encrypted(path):
    """The flag of encryption, in the first local header and in its entry of the directory."""
    data = archive(path).read_bytes()
    flipped(path, 6, b"\x01")
    return flipped(path, data.index(b"PK\x01\x02") + 8, b"\x01")


def broken_stream(path):
    archive(path)
    with zipfile.ZipFile(path) as opened:
        entry = opened.infolist()[0]
        start = (
            entry.header_offset
            + 30
            + sum(struct.unpack("<HH", path.read_bytes()[entry.header_offset + 26 :][:4]))
        )
    return flipped(path, start, b"\xff\xff\xff\xff")


def unknown_compression(path):
    data = archive(path).read_bytes()
    flipped(path, 8, b"\x63")
    return flipped(path, data.index(b"PK\x01\x02") + 10, b"\x63")


@pytest.mark.parametrize("make", [encrypted, broken_stream, unknown_compression])
def test_an_archive_that_cannot_be_read(make, tmp_path):
    with pytest.raises(InputError, match="could not read it"):
        load_network(make(tmp_path / "n.npz"))


@pytest.mark.parametrize("version", [np.inf, np.nan, "two", [1, 2]])
def test_a_version_that_is_no_number(version, tmp_path):
    with pytest.raises(InputError, match="whole number as version"):
        load_network(archive(tmp_path / "n.npz", version=version))


def test_arrays_that_nobody_asked_for_are_not_unpacked(tmp_path, monkeypatch):
    path = archive(tmp_path / "n.npz", other=np.zeros(10))
    monkeypatch.setattr(np.lib.npyio.NpzFile, "__getitem__", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(InputError, match="got other too"):
        load_network(path)


def test_an_archive_larger_than_memory_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = archive(tmp_path / "n.npz")
    monkeypatch.setattr("tutelage.base.check.available_bytes", lambda: 100)
    with pytest.raises(AllocationError, match="what is in it needs"):
        load_network(path)


def test_a_number_is_no_path():
    with pytest.raises(TypeError):
        load_network(3)
