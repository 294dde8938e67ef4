"""Standard streams take whatever is printed: spelled where they lack the characters, swallowed where they are closed."""

import os
import subprocess
import sys

import pytest

from tutelage.base.streams import _SPELLED

COMMAND = ["spectrum", "--activation", "erf", "-d", "2", "-k", "2"]
DYNAMICS = ["dynamics", "--activation", "linear", "-d", "2", "-k", "2", "--until", "5"]


def tutelage(*arguments, encoding="utf-8", **options):
    """The command in a process of its own, whose streams have an encoding of their own."""
    return subprocess.run(
        [sys.executable, "-m", "tutelage", *map(str, arguments)],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        **options,
    )


ENCODINGS = [
    "ascii",
    "cp1252",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("latin-1", "shift_jis")),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_shows_every_number(encoding):
    said = tutelage(*DYNAMICS, encoding=encoding, capture_output=True)
    assert said.returncode == 0 and said.stderr == b""
    text = said.stdout.decode(encoding)
    assert "2λ_min" in text or "2lambda_min" in text
    assert "±" in text or "+-" in text
    assert b"UnicodeEncodeError" not in said.stderr


@pytest.mark.parametrize("command", ["", "dynamics", "spectrum", "recover", "sweep run"])
def test_help_in_ascii(command):
    said = tutelage(*command.split(), "--help", encoding="ascii", capture_output=True)
    assert said.returncode == 0 and len(said.stdout.decode("ascii")) > 200


def test_messages_in_ascii():
    said = tutelage(
        "spectrum", "--activation", "λ→☃", "-d", 2, "-k", 2, encoding="ascii", capture_output=True
    )
    assert said.returncode == 2 and b"lambda->" in said.stderr and b"\\u2603" in said.stderr


def test_every_spelling_is_ascii_and_stands_for_one_character():
    assert all(len(character) == 1 and word.isascii() and word for character, word in _SPELLED.items())


CLOSED = {
    "standard output": ">&-",
    "standard error": "2>&-",
    "both": ">&- 2>&-",
    "all": "<&- >&- 2>&-",
    "a reader that went away": "| true",
}


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("streams", CLOSED.values(), ids=CLOSED)
def test_files_are_written_whatever_becomes_of_the_streams(tmp_path, streams):
    command = (
        f"{sys.executable} -m tutelage {' '.join(COMMAND)} --json {tmp_path}/a.json --plot {tmp_path}/a.png"
    )
    shell = subprocess.run(
        ["sh", "-c", f"{{ {command}; echo $? > {tmp_path}/code; }} {streams}"], timeout=120
    )
    assert shell.returncode == 0
    assert (tmp_path / "code").read_text() == "0\n"
    assert (tmp_path / "a.json").read_text().startswith("{") and (tmp_path / "a.json").read_text().endswith(
        "}\n"
    )
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_one_line(tmp_path):
    with open("/dev/full", "w") as full:
        said = tutelage(
            *COMMAND, "--json", tmp_path / "a.json", stdout=full, stderr=subprocess.PIPE, text=True
        )
    told = [line for line in said.stderr.splitlines() if not line.startswith("written ")]
    assert said.returncode == 2 and len(told) == 1 and "No space left" in told[0]
    assert (tmp_path / "a.json").exists()
