"""Output files appear whole or not at all."""

import errno
import json
import os
import subprocess
import sys

import pytest

from tutelage.base.errors import StoreError
from tutelage.base.files import atomic_write, remove_abandoned, write_error


def test_a_file_appears_with_its_contents_and_ordinary_permissions(tmp_path):
    with atomic_write(tmp_path / "a.json", "w") as stream:
        stream.write(json.dumps({"x": "σ"}))
        assert not (tmp_path / "a.json").exists()
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"x": "σ"}
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "a") as stream:
        stream.write(b"new")
        raise ZeroDivisionError
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_missing_folder_is_named(tmp_path):
    with (
        pytest.raises(StoreError, match=r"expected an existing folder, got .*nowhere.*create it"),
        atomic_write(tmp_path / "nowhere" / "a"),
    ):
        pass


def test_a_folder_in_place_of_the_file_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"got the folder .*add a name"), atomic_write(tmp_path):
        pass


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, "disk is full .*make room"),
        (errno.EDQUOT, "disk is full"),
        (errno.EACCES, "expected a writable place.*choose another folder"),
        (errno.EROFS, "expected a writable place.*[Rr]ead-only"),
    ],
)
def test_each_failure_of_the_disk_has_its_message(tmp_path, number, text):
    error = OSError(number, os.strerror(number))
    with pytest.raises(StoreError, match=text):
        raise write_error("who", tmp_path / "a", error)


def test_running_out_of_room_leaves_nothing_half_written(tmp_path):
    """RLIMIT_FSIZE makes the kernel refuse the write in the middle, as a full disk does."""
    code = """
import resource, signal, sys
from tutelage.base.errors import StoreError
from tutelage.base.files import atomic_write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with atomic_write(sys.argv[1] + "/big") as stream:
        stream.write(bytes(100_000))
except StoreError as error:
    print(error)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "the disk is full" in run.stdout and "make room" in run.stdout
    assert os.listdir(tmp_path) == []


def test_a_finished_file_does_not_count_as_abandoned_before_it_has_its_name(tmp_path, monkeypatch):
    replace = os.replace

    def cleaned_first(*names):
        remove_abandoned(tmp_path)
        replace(*names)

    monkeypatch.setattr(os, "replace", cleaned_first)
    with atomic_write(tmp_path / "new", "w") as stream:
        stream.write("whole")
    assert (tmp_path / "new").read_text() == "whole"
