"""Output files appear whole or not at all, where every program would write them."""

import errno
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time

import pytest
import xarray as xr

import tutelage
from tutelage.base import files
from tutelage.base.errors import StoreError
from tutelage.base.files import atomic_write, remove_abandoned, write_error
from tutelage.cli import support
from tutelage.sweep.export import export


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


def dead_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_temporary_files_of_dead_writers_go_and_those_of_living_ones_and_of_others_stay(tmp_path):
    (tmp_path / files.temporary_name("fig6.png", dead_process())).write_text("half")
    elsewhere = files.temporary_name("fig6.png", dead_process()).replace(files._HOST, "00000000")
    for name in (elsewhere, "mine.tmp", ".x.tutelage.tmp", "..-1-.tutelage.tmp"):
        (tmp_path / name).write_text("not ours to judge")
    with atomic_write(tmp_path / "new", "w") as stream:
        stream.write("whole")
        remove_abandoned(tmp_path)
        assert len(list(tmp_path.glob(".new.*"))) == 1
    assert {path.name for path in tmp_path.iterdir()} == {
        "new", elsewhere, "mine.tmp", ".x.tutelage.tmp", "..-1-.tutelage.tmp"
    }  # fmt: skip
    remove_abandoned(tmp_path / "missing")


def test_a_name_of_255_bytes_can_be_written(tmp_path):
    for name in ("a" * 255, "λ" * 127):
        with atomic_write(tmp_path / name, "w") as stream:
            stream.write("whole")
        assert (tmp_path / name).read_text() == "whole"


def figure():
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(1, 1))
    drawn.subplots().plot([0, 1])
    return drawn


def points():
    data = xr.Dataset({"x": ("point", [1.0, 2.0]), "name": ("point", ["a", "b"])}, {"point": [0, 1]})
    return data.assign_attrs(spec={"a": 1})


NETWORK = tutelage.Network([[1.0, 2.0]], [3.0], "linear")
WRITERS = {
    "text": ("a.txt", lambda path: _write(path, "w", "text")),
    "bytes": ("a.bin", lambda path: _write(path, "wb", b"bytes")),
    "network": ("a.npz", lambda path: tutelage.save_network(NETWORK, path)),
    "dataset": ("a.zarr.zip", lambda path: tutelage.save_dataset(points(), path)),
    "json": ("a.json", lambda path: support.write_json(path, {"x": 1.0})),
    "png": ("a.png", lambda path: support.save_figure(figure(), path)),
    "pdf": ("a.pdf", lambda path: support.save_figure(figure(), path)),
    "svg": ("a.svg", lambda path: support.save_figure(figure(), path)),
    "netcdf": ("a.nc", lambda path: export(points(), path)),
    "parquet": ("a.parquet", lambda path: export(points(), path)),
}


def _write(path, mode, content):
    with atomic_write(path, mode) as stream:
        stream.write(content)


@pytest.fixture(params=WRITERS)
def writer(request):
    """A file name, and what writes it."""
    return WRITERS[request.param]


def test_a_new_file_has_the_permissions_the_umask_leaves(writer, tmp_path):
    name, write = writer
    before = os.umask(0o027)
    try:
        write(tmp_path / name)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == [name]


def test_a_file_that_stood_there_keeps_its_permissions_and_others_stay(writer, tmp_path):
    name, write = writer
    (tmp_path / name).write_bytes(b"old")
    (tmp_path / name).chmod(0o604)
    for other in (f"{name}.tmp", f".{name}", f"{name}~", "b.lock"):
        (tmp_path / other).write_text("mine")
    before = set(os.listdir(tmp_path))
    write(tmp_path / name)
    assert (tmp_path / name).read_bytes() != b"old"
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o604
    assert set(os.listdir(tmp_path)) == before
    assert all((tmp_path / other).read_text() == "mine" for other in before - {name})


@pytest.mark.parametrize("kind", ["relative", "absolute", "chain", "to nothing"])
def test_a_link_is_followed(writer, tmp_path, kind):
    name, write = writer
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / name, tmp_path / name
    if kind != "to nothing":
        target.write_bytes(b"old")
    if kind == "chain":
        (tmp_path / "second").symlink_to(target)
        link.symlink_to("second")
    else:
        link.symlink_to(target if kind == "absolute" else f"there/{name}")
    write(link)
    assert link.is_symlink() and not target.is_symlink() and target.read_bytes() not in (b"", b"old")
    assert os.listdir(tmp_path / "there") == [name]


def test_a_pipe_is_written_to_and_stays(writer, tmp_path):
    name, write = writer
    os.mkfifo(tmp_path / name)
    received = []
    reader = threading.Thread(target=lambda: received.append((tmp_path / name).read_bytes()))
    reader.start()
    write(tmp_path / name)
    reader.join(timeout=20)
    write(tmp_path / f"again-{name}")
    assert stat.S_ISFIFO((tmp_path / name).stat().st_mode)
    assert received[0][:4] == (tmp_path / f"again-{name}").read_bytes()[:4]


@pytest.mark.parametrize("device", ["/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_devices_and_streams_receive_the_bytes_and_stay(tmp_path, device, python):
    if not os.path.exists(device):
        pytest.skip("no such device here")
    code = f"""
import os, stat, tutelage
from tutelage.base.files import atomic_write
print("before")
with atomic_write({device!r}, "w") as stream:
    stream.write("content\\n")
print("after")
"""
    said = python(code).split("\n")
    assert said == (["before", "after"] if device == "/dev/null" else ["before", "content", "after"])
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("device", ["/dev/stdout", "/dev/fd/1", "link"])
def test_a_stream_that_goes_to_a_file_is_added_to_and_not_replaced(tmp_path, device):
    """Opening the path anew would write over what was printed."""
    (tmp_path / "link").symlink_to("/dev/stdout")
    path = str(tmp_path / "link") if device == "link" else device
    code = f"""
from tutelage.base.files import atomic_write
print("before")
with atomic_write({path!r}, "w") as stream:
    stream.write("content\\n")
print("after")
"""
    with open(tmp_path / "out", "w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "before\ncontent\nafter\n"


def test_process_substitution_of_a_shell(tmp_path):
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("needs bash")
    code = "import sys\nfrom tutelage.cli.support import write_json\nwrite_json(sys.argv[1], [1, 2])"
    (tmp_path / "w.py").write_text(code)
    line = f"{sys.executable} {tmp_path}/w.py >(cat > {tmp_path}/copy; echo done > {tmp_path}/done)"
    subprocess.run([shell, "-c", line], check=True)
    end = time.monotonic() + 20
    while not (tmp_path / "done").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert json.loads((tmp_path / "copy").read_text()) == [1, 2]


REFUSED = {
    "a folder": (lambda path: path.mkdir(), "got the folder"),
    "a link in a circle": (lambda path: path.symlink_to(path.name), "cannot write"),
    "a link to a folder": (lambda path: path.symlink_to(path.parent), "got the folder"),
    "a socket": (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "cannot write"),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_cannot_be_written_is_refused_and_stays(writer, tmp_path, make):
    name, write = writer
    make[0](tmp_path / name)
    before = os.lstat(tmp_path / name)
    with pytest.raises(StoreError, match=make[1]):
        write(tmp_path / name)
    after = os.lstat(tmp_path / name)
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_refused(writer, tmp_path):
    name, write = writer
    (tmp_path / name).write_bytes(b"old")
    (tmp_path / name).chmod(0o400)
    with pytest.raises(StoreError, match="cannot write"):
        write(tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"old"


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/null", "{}/pipe", "{}/link", "{}/new"])
def test_what_can_be_written_passes_the_check_before_long_work(tmp_path, path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("new")
    files.check_file(path.format(tmp_path), "here")


def test_a_name_of_ours_is_cleared_of_links_and_pipes(tmp_path):
    (tmp_path / "letter").write_text("mine")
    (tmp_path / "link").symlink_to("letter")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "letter", "new"):
        assert files.own_name(tmp_path / name) == tmp_path / name
    assert os.listdir(tmp_path) == ["letter"]


@pytest.mark.parametrize("content", ["[" * 100_000, "{", b"\xff\xfe", "", "\ufeff["])
def test_json_that_is_none_is_a_value_error(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError):
        files.read_json(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ValueError, match="no regular file"):
        files.read_json(path)
    path.unlink()
    path.write_text("\ufeff[1]", encoding="utf-8")
    assert files.read_json(path) == [1]
