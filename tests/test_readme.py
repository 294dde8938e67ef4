"""The README is true: its Python runs, its commands exist, its links and pictures are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs_as_printed_and_shows_something(code, capsys):
    namespace = {}
    exec(compile(code, "README.md", "exec"), namespace)
    assert len(code.splitlines()) <= 8, "short enough to be read"
    assert capsys.readouterr().out or len(namespace["axes"].get_lines()) == 4


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


def test_every_wish_of_the_table_has_its_section_of_few_lines():
    wishes = re.findall(r"\]\(#([a-z-]+)\)", TEXT)
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^### (.+)$", TEXT, re.MULTILINE)}
    assert len(wishes) >= 7 and set(wishes) == titles


def test_names_that_the_readme_promises_exist():
    import tutelage

    table = TEXT[TEXT.index("## I want to") : TEXT.index("### The spectrum of a teacher")]
    for name in re.findall(r"`([a-z_]+)`", table):
        assert hasattr(tutelage, name), name


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / target).is_file(), target
