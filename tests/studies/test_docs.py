"""The page about claims is true: its Python runs, its commands parse, its table names every test."""

import re
from pathlib import Path

from tutelage import cli
from tutelage.studies.judge import TESTS

PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("python")[0], "docs/claims.md", "exec"), {})
    assert "fig6.multiplicity 6.0 6.0 holds because an exact count" in capsys.readouterr().out
    assert (tmp_path / "fig6.png").stat().st_size > 1000


def test_its_commands_parse():
    lines = [line.split("#")[0].split()[1:] for line in blocks("sh")[0].splitlines()]
    assert len(lines) == 4
    for words in lines:
        assert words[0] in cli.commands()
        cli.build_app().parse_args(words)


def test_its_table_names_every_test():
    assert set(re.findall(r"`([a-z ]+)`", PAGE.split("| test |")[1].split("\n\n")[0])) == set(TESTS)
