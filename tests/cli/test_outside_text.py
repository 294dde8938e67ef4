"""What others wrote (names in files, paths, options, messages) is shown by every command and acts in none."""

import ast
from pathlib import Path

import numpy as np
import pytest

from tutelage import cli
from tutelage.cli import support
from tutelage.studies.claim import Claim, Measured, Statement

ACTING = (
    "[red][/red][/][link=http:a]x[/link]\x1b]8;;http:a\x07\x1b[2J\x9b31m\u202ecod\u2066\r\x7f\u200b:warning:"
)
SHOWN = "[red][/red][/][link=http:a]x[/link]\\x1b]8;;http:a\\x07\\x1b[2J\\x9b31m\\u202ecod\\u2066\\r\\x7f\\u200b:warning:"


def joined(text):
    """Without the lines of tables and the places where a cell was folded."""
    return "".join(c for c in text if not c.isspace() and c not in "│┃")


def harmless(text):
    return all(c.isprintable() or c == "\n" for c in text)


def test_commands_print_through_the_functions_that_escape():
    """Nothing else in the folder of commands writes to a stream: one place to get it right."""
    for file in sorted(Path(cli.__file__).parent.glob("*.py")):
        if file.stem == "support":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            assert called not in ("print", "rich.print") and not called.endswith((".write", ".print")), (
                file,
                called,
            )


def test_bars_interpret_no_markup():
    for file in sorted(Path(cli.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("TextColumn"):
                shown = ast.unparse(node.args[0])
                assert "fields[note]" in shown or any(k.arg == "markup" for k in node.keywords), (file, shown)


def test_a_line_shows_everything(capsys):
    support.say(ACTING + "\n\tb")
    support.say(ACTING, error=True)
    assert tuple(capsys.readouterr()) == (SHOWN + "\\n\\tb\n", SHOWN + "\n")


@pytest.mark.parametrize("color", ["", "1"])
def test_a_table_shows_everything(capsys, monkeypatch, color):
    monkeypatch.setenv("FORCE_COLOR", color)
    monkeypatch.setenv("COLUMNS", "400")
    support.print_table(ACTING + "\n", [ACTING, "b"], [[ACTING, Path(ACTING)], [1.5, ACTING + "\n"]])
    out = capsys.readouterr().out
    assert out.count(SHOWN) == 5
    assert "\x1b]8" not in out and "\x1b[31m" not in out and "⚠" not in out and "\x9b" not in out
    assert bool(color) or harmless(out)


def test_claims_show_everything(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    statement = Statement("x.y", ACTING, ACTING, "at most", 1.0, ACTING, ACTING)
    support.print_claims(ACTING, [Claim.judged(statement, Measured(0.0, 0.5, 0.1))])
    out = capsys.readouterr().out
    assert out.count(SHOWN) == 2 and harmless(out)


@pytest.mark.parametrize("bar", ["one", "several", "sweep"])
def test_a_bar_shows_everything(capsys, monkeypatch, bar):
    from tutelage.cli.sweep import _progress

    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the stream for a terminal
    monkeypatch.setenv("COLUMNS", "400")
    if bar == "one":
        with support.progress_bar("start", total=3) as advance:
            advance(1, description=ACTING)
    elif bar == "several":
        with support.fraction_bars() as add:
            add(ACTING)(0.5)
    else:
        with _progress(ACTING):
            pass
    err = capsys.readouterr().err
    assert SHOWN in err and "\x1b]8" not in err and "\x1b[2J" not in err


ARGUMENTS = {
    "spectrum": ["--activation @ -d 2 -k 2", "--weights @", "--activation erf -d 2 -k 2 --plot @", "-d @", "@"],
    "law": ["@", "linear-network -d @", "deep-linear --widths @", "chi-square -k 3 --plot @"],
    "rank": ["--activation @ -d 2 -k 2", "--activation linear -d @ -k 2", "--activation linear -d 2 -k 2 --json @/a"],
    "dynamics": ["--activation @ -d 2 -k 2", "--weights @", "--activation erf -d 2 -k 2 --rule @", "--@"],
    "recover": ["-n @", "--weights @", "--method @", "-n 1:2 --plot @", "--json @/a"],
    "compare": ["--plot @", "--json @/a", "-d @", "@"],
    "recheck": ["@", "@ --store @"],
    "report": ["--only @", "--output /dev/null/@", "--seed @"],
    "reproduce": ["@", "fig7 --output /dev/null/@", "fig7 --seed @"],
    "sweep": ["@", "status @", "run @", "run @.toml", "resume @", "export @ @", "plot @ a.png", "plot @ @"],
    "where": ["@", "1 2 @"],
    "explore": ["--port @", "--save /dev/null/@", "--state @", "@"],
    "": ["@", "--@"],
}  # fmt: skip


def test_every_command_is_tried():
    assert set(ARGUMENTS) - {""} == set(cli.commands())


@pytest.mark.parametrize("command", ARGUMENTS)
def test_options_and_paths_never_act(command, tmp_path, monkeypatch, capsys):
    """Everything typed comes back in the refusal, in one line, as it is."""
    monkeypatch.chdir(tmp_path)
    for line in ARGUMENTS[command]:
        words = [word.replace("@", ACTING) for word in [*command.split(), *line.split()]]
        assert cli.run(words) == 2, line
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and harmless(err), line
        assert "[red]" in err, line


def test_a_network_whose_activation_acts_is_refused(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", W=np.ones((2, 2)), a=np.ones(2), activation=ACTING)
    for command in ("spectrum", "dynamics", "rank"):
        assert cli.run([command, "--weights", str(tmp_path / "a.npz")]) == 2
        assert harmless(capsys.readouterr().err)


SWEEP = """
name = {name}
[grid]
activation = ["linear"]
d = [2]
k = [{name}]
"""


@pytest.mark.parametrize("command", ["run", "status", "export", "plot"])
def test_a_sweep_whose_names_act_is_refused(command, tmp_path, capsys):
    import json

    (tmp_path / "a.toml").write_text(SWEEP.format(name=json.dumps(ACTING)))
    more = {"export": ["out.nc"], "plot": [str(tmp_path / "a.png")]}.get(command, [])
    assert cli.run(["sweep", command, str(tmp_path / "a.toml"), *more]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and harmless(err)


def test_a_failed_study_and_a_hostile_folder_are_shown_as_they_are(tmp_path, monkeypatch, capsys):
    from tutelage.report import build

    def fail(output, *_arguments, **_options):
        return build.Report(output / "index.html", [], {"fig1": f"ValueError: {ACTING}"})

    monkeypatch.setattr(build, "build_report", fail)
    assert cli.run(["report", "--output", str(tmp_path / ACTING)]) == 1
    out, err = capsys.readouterr()
    assert SHOWN in out and SHOWN in err and harmless(out + err)


def test_a_store_with_a_hostile_name_is_shown_as_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["reproduce", "fig1", "--output", ACTING, "--store", ACTING]) == 0
    out, err = capsys.readouterr()
    assert joined(SHOWN) in joined(out + err) and harmless(out + err)
