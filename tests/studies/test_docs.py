"""The page about claims is true: its Python runs, its commands parse, its own study is judged, its table is whole."""

import re
import sys
from pathlib import Path

import pytest

from tutelage import cli
from tutelage.studies.judge import TESTS

PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
OWN = "mean_trace:MeanTrace"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def commands(block):
    return [line.split("#")[0].split()[1:] for line in blocks("sh")[block].splitlines()]


@pytest.fixture
def own_study(tmp_path, monkeypatch):
    """The current folder holds the page's own study, written from its blocks; it is forgotten afterwards."""
    for text in blocks("python") + blocks("toml"):
        if named := re.match(r"# (mean_trace/\S+)\n", text):
            (tmp_path / named[1]).parent.mkdir(exist_ok=True)
            (tmp_path / named[1]).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "mean_trace"]:
        del sys.modules[name]


def test_its_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("python")[0], "docs/claims.md", "exec"), {})
    assert "fig6.multiplicity 6.0 6.0 holds because an exact count" in capsys.readouterr().out
    assert (tmp_path / "fig6.png").stat().st_size > 1000


def test_its_commands_parse():
    assert [len(commands(i)) for i in range(2)] == [4, 3]
    for words in commands(0) + commands(1):
        assert words[0] in cli.commands()
        cli.build_app().parse_args(words)


def test_its_own_study_is_drawn_judged_checked_again_and_reported(own_study, capsys):
    assert {path.name for path in (own_study / "mean_trace").iterdir()} == {
        "__init__.py",
        "compute.py",
        "figure.py",
        "study.toml",
    }
    for words in commands(1):
        assert cli.run(words) == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    assert "1 claims: 1 holds" in out
    for file in ("figures/mean_trace.png", "figures/mean_trace.mean.json", "report/index.html"):
        assert (own_study / file).stat().st_size > 500
    page = (own_study / "report/index.html").read_text(encoding="utf-8")
    assert f"tutelage reproduce {OWN}</code>" in page and page.count("<img ") == 1
    assert f"tutelage report --only mean_trace --study {OWN}</code>" in page
    assert "and 1 of your own" in page
    claim = (own_study / "figures/mean_trace.mean.json").read_text(encoding="utf-8")
    assert f"tutelage recheck mean_trace.mean.json --study {OWN}" in claim


def test_a_claim_of_ones_own_study_imports_nothing_unless_the_study_is_given(own_study, capsys):
    assert cli.run(["reproduce", OWN]) == 0
    for name in [name for name in sys.modules if name.partition(".")[0] == "mean_trace"]:
        del sys.modules[name]
    capsys.readouterr()
    assert cli.run(["recheck", "figures/mean_trace.mean.json"]) == 2
    assert "unknown name 'mean_trace'" in capsys.readouterr().err
    assert "mean_trace" not in sys.modules


def test_its_table_names_every_test():
    assert set(re.findall(r"`([a-z ]+)`", PAGE.split("| test |")[1].split("\n\n")[0])) == set(TESTS)
