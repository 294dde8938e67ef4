"""A full disk: a clear message, a readable store, and a resume once there is room."""

import shutil
import subprocess

import pytest
from sweep_support import same_values

from tutelage.errors import StoreError
from tutelage.sweep import SweepFolder, run
from tutelage.sweep.compact import open_points


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 96 kB; skipped where mounting is refused."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stops_with_a_message_stays_readable_and_resumes(mapping, tmp_path, small_disk):
    store = SweepFolder(small_disk / "store")
    with pytest.raises(StoreError, match=r"the disk is full .* make room and run it again"):
        run(mapping, store=store.path, workers=0, task_seconds=0.05)
    done = store.status().done
    assert 0 < done < 24 and open_points(store).sizes["point"] == done
    assert not list(store.tasks.glob("*.tmp"))
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    same_values(run(mapping, store=store.path, workers=0), run(mapping, store=tmp_path / "calm", workers=0))
