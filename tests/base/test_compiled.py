"""Compiled programs are kept where only their user can put any, and a cold command loads only what it needs."""

import json
import os
import stat
import subprocess
import sys

import pytest

from tutelage.base import compiled

# NumPy has no tables of tanh: something is compiled.
COMMAND = ["-m", "tutelage", "spectrum", "--activation", "tanh", "-d", "4", "-k", "3", "--json", "-"]


@pytest.fixture
def cold(tmp_path):
    """A command of a process that has nothing of ours in its environment, with a home of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JAX_", "XDG_")) and name != compiled.SWITCH
    }
    home = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def run(*arguments, **more):
        found = subprocess.run(
            [sys.executable, *arguments],
            env={**kept, **home, **more},
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert found.returncode == 0, found.stderr
        assert not found.stderr
        return found.stdout

    return run


def _programs(folder):
    return sorted(folder.rglob("*-cache"))


def test_a_second_command_finds_what_the_first_compiled(cold, tmp_path):
    first = cold(*COMMAND)
    programs = _programs(tmp_path / "cache")
    assert programs
    written = [file.stat().st_mtime_ns for file in programs]
    assert json.loads(cold(*COMMAND))["eigenvalues"] == json.loads(first)["eigenvalues"]
    assert [file.stat().st_mtime_ns for file in _programs(tmp_path / "cache")] == written


def test_the_folder_is_its_users_alone(cold, tmp_path):
    cold(*COMMAND)
    folder = _programs(tmp_path / "cache")[0].parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_is_kept_where_that_is_switched_off(cold, tmp_path):
    cold(*COMMAND, **{compiled.SWITCH: "off"})
    assert not _programs(tmp_path)


def test_the_switch_names_another_folder_and_jaxs_own_setting_wins(cold, tmp_path):
    cold(*COMMAND, **{compiled.SWITCH: str(tmp_path / "mine")})
    assert _programs(tmp_path / "mine") and not _programs(tmp_path / "cache")
    theirs = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "theirs"),
        compiled.SWITCH: str(tmp_path / "unused"),
    }
    cold(*COMMAND, **theirs)
    assert not (tmp_path / "unused").exists()


def test_a_folder_that_others_can_write_to_is_not_used(cold, tmp_path):
    folder = tmp_path / compiled._fingerprint()
    folder.mkdir()
    code = "from tutelage.base.compiled import keep_compiled\nprint(keep_compiled())"
    folder.chmod(0o777)
    assert cold("-c", code, **{compiled.SWITCH: str(tmp_path)}).strip() == "None"
    folder.chmod(0o700)
    assert cold("-c", code, **{compiled.SWITCH: str(tmp_path)}).strip() == str(folder)


def test_the_oldest_programs_go_when_there_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "_LARGEST", 10)
    (tmp_path / "version").mkdir()
    for age, name in enumerate(("old", "older", "oldest")):
        file = tmp_path / "version" / f"{name}-cache"
        file.write_bytes(b"12345")
        os.utime(file, (1e9 - age, 1e9 - age))
    (tmp_path / "version" / "mine.txt").write_bytes(b"x" * 100)
    compiled._prune(tmp_path)
    assert [file.name for file in sorted((tmp_path / "version").iterdir())] == ["mine.txt", "old-cache"]


@pytest.mark.parametrize("command", ["spectrum", "rank"])
def test_a_cold_command_does_without_scipy_stats(cold, command):
    code = (
        "import sys\nfrom tutelage.cli import run\n"
        f"assert run([{command!r}, '--activation', 'erf', '-d', '4', '-k', '3']) == 0\n"
        "print([name for name in ('scipy.stats', 'scipy.optimize', 'matplotlib') if name in sys.modules])"
    )
    assert cold("-c", code).splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "options", [compiled.COMPILATION, compiled.QUICK_COMPILATION, compiled.LOOP_COMPILATION]
)
def test_the_options_are_known_to_xla(options):
    import jax

    assert jax.jit(lambda x: 2 * x, compiler_options=options)(3.0) == 6.0


@pytest.mark.parametrize(
    ("release", "known"), [("0.7.2", False), ("0.8.0", True), ("0.10.2", True), ("1.0.0", False)]
)
def test_no_other_release_is_asked_for_what_it_may_not_know(release, known, monkeypatch):
    monkeypatch.setattr(compiled, "version", lambda package: release)
    assert bool(compiled._without_emitters()) == known
