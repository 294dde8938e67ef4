"""The README is true: its Python runs, its commands exist, its rooms and pictures are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs_as_printed(code, capsys):
    exec(compile(code, "README.md", "exec"), {})
    assert "8008" in capsys.readouterr().out


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"make ([a-z-]+)", TEXT)
    assert targets and all(f"\n{target}:" in makefile for target in targets)


def test_commands_exist_and_parse(monkeypatch, tmp_path):
    from tutelage import cli

    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("tutelage ")]
    assert lines
    for line in lines:
        words = line.split()[1:]
        if words != ["--help"]:
            assert words[0] in cli.commands(), line
            cli.build_app().parse_args(words)  # raises on an option the command does not have


def test_every_room_on_the_map_is_a_room_and_every_room_is_on_the_map():
    package = ROOT / "src" / "tutelage"
    table = TEXT.split("## The house")[1].split("##")[0]
    named = set(re.findall(r"`([a-z]+)`", table))
    rooms = {p.parent.name for p in package.glob("*/__init__.py")}
    assert rooms <= named
    assert all((package / name).is_dir() or (package / f"{name}.py").is_file() for name in named)


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (ROOT / target).is_file(), target
