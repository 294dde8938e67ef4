"""A full disk: a clear message, a readable store, and a resume once there is room."""

import contextlib
import shutil
import subprocess

import pytest
from sweep_support import same_values

from tutelage.base.errors import StoreError
from tutelage.sweep import SweepFolder, run
from tutelage.sweep.compact import open_points


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 2 MB; skipped where mounting is refused."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stops_with_a_message_stays_readable_and_resumes(mapping, tmp_path, small_disk):
    store = SweepFolder(small_disk / "store")
    run(mapping, store=store.path, workers=0, shard=(1, 2))
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))
    with pytest.raises(StoreError, match=r"the disk is full .* make room and run it again"):
        run(mapping, store=store.path, workers=0)
    assert store.status().done == 12 and open_points(store).sizes["point"] == 12
    assert not list(store.tasks.glob("*.tmp"))
    filler.unlink()
    same_values(run(mapping, store=store.path, workers=0), run(mapping, store=tmp_path / "calm", workers=0))
