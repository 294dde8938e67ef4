"""The command line's manners: quick help, one line and exit code 2 for bad input, nothing half-written."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from cyclopts import App, CoercionError, Parameter

from tutelage import cli
from tutelage.base.errors import InputError
from tutelage.cli import support


def test_help_imports_no_numerical_library(python):
    """JAX costs 0.7 s and NumPy 0.1 s: neither may be loaded to print the help."""
    code = (
        "import sys, tutelage.cli as c\n"
        "assert c.run(['--help']) == 0\n"
        "heavy = {'jax', 'numpy', 'scipy', 'matplotlib', 'xarray', 'equinox'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    shown = python(code)
    for name in cli.commands():
        assert name in shown


@pytest.mark.parametrize("name", sorted(cli.commands()))
def test_every_command_has_help_with_an_example(name, capsys):
    assert cli.commands()[name].endswith(".")
    assert cli.run([name, "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    last = shown[shown.rindex("Example") :]  # it closes the help, and is of this command
    assert re.match(rf"Examples?: tutelage {name}\b", last)
    module = importlib.import_module(f"tutelage.cli.{name.replace('-', '_')}")
    assert callable(getattr(module, name.replace("-", "_")))


@pytest.mark.parametrize("arguments", [["no-such-command"], ["--no-such-option"]])
def test_bad_usage_is_one_line_and_exit_code_2(arguments, capsys):
    assert cli.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and arguments[0] in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("spectrum: expected d >= 1,\n got 0"), 2),
        (PermissionError(13, "Permission denied", "/there"), 2),
        (MemoryError(), 2),
        (KeyboardInterrupt(), 130),
        (KeyboardInterrupt("interrupted; 2 of 3 are kept"), 130),
    ],
)
def test_errors_become_one_line(monkeypatch, capsys, error, code):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(cli, "build_app", lambda: fail)
    assert cli.run([]) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and " ".join(str(error).split()).removeprefix("[Errno 13] ")[:9] in err


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        ("nonsense", ["spectrum", "--activation", "tanh", "-d", "3", "-k", "2"]),
        ("cuda", ["dynamics", "--activation", "tanh", "-d", "3", "-k", "2"]),
        ("rocm", ["rank", "--activation", "erf", "-d", "3", "-k", "2"]),
    ],
)
def test_a_platform_of_jax_that_is_absent_is_one_line(python, platform, command):
    code = f"""
import contextlib, io, os
os.environ["JAX_PLATFORMS"] = {platform!r}
from tutelage import cli
with contextlib.redirect_stderr(io.StringIO()) as error:
    print(cli.run({command!r}))
print(error.getvalue(), end="")
"""
    code, *lines = python(code).splitlines()
    assert code == "2" and len(lines) == 1, lines
    assert f"got {platform!r}" in lines[0] and "JAX_PLATFORMS" in lines[0]


def test_the_exit_code_of_a_command_is_its_return_value(monkeypatch):
    monkeypatch.setattr(cli, "build_app", lambda: lambda *_a, **_k: 3)
    assert cli.run([]) == 3


def test_json_is_strict_and_round_trips(tmp_path):
    support.write_json(
        tmp_path / "a.json", {"x": np.array([0.1, np.inf]), "n": np.int64(3), "t": (1, None, True)}
    )
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": [0.1, None], "n": 3, "t": [1, None, True]}


@pytest.mark.parametrize(
    ("name", "suffixes", "expected"),
    [
        ("no/such/folder/a.json", (), "existing folder"),
        ("", (), "file name"),
        ("a.xyz", support.FIGURE_SUFFIXES, "ending in"),
        ("a", support.FIGURE_SUFFIXES, "ending in"),
        ("/proc/a.json", (), "/proc"),
    ],
)
def test_outputs_are_refused_before_any_work(tmp_path, name, suffixes, expected):
    with pytest.raises(InputError, match=expected):
        support.check_output(tmp_path / name, "here", suffixes)


def test_a_file_is_not_an_output_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make the folder"):
        support.check_output_folder(tmp_path / "file", "here")


@pytest.mark.parametrize("suffix", support.FIGURE_SUFFIXES)
def test_the_same_figure_gives_the_same_bytes(tmp_path, suffix):
    from matplotlib.figure import Figure

    for name in ("a", "b"):
        figure = Figure(figsize=(1, 1))
        figure.subplots().plot([0, 1])
        support.save_figure(figure, tmp_path / f"{name}{suffix}")
    first, second = ((tmp_path / f"{n}{suffix}").read_bytes() for n in "ab")
    assert len(first) > 500
    assert first == second


def test_a_pdf_has_the_fonts_that_conferences_accept(tmp_path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    figure.subplots().set_title("a")
    for fonts in (42, 3):
        support.save_figure(figure, tmp_path / f"{fonts}.pdf", pdf_fonts=fonts)
    support.save_figure(figure, tmp_path / "default.pdf")
    assert [b"/Type3" in (tmp_path / f"{n}.pdf").read_bytes() for n in ("42", "3", "default")] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("text", ["1.5", "3.0", "1e3", "three", ""])
@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("spectrum", "--seed"),
        ("spectrum", "-d"),
        ("rank", "--primes"),
        ("dynamics", "-k"),
        ("dynamics", "--batch"),
        ("recover", "-m"),
        ("recover", "--max-steps"),
        ("sweep run spec.toml", "--workers"),
        ("sweep resume folder", "--workers"),
        ("report", "--workers"),
        ("compare", "--seed"),
    ],
)
def test_an_integer_option_is_never_rounded(command, option, text, capsys):
    assert cli.run([*command.split(), f"{option}={text}"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert f"Invalid value for {option}: expected an integer, got {text!r}" in err


def test_a_refusal_names_the_command_once(capsys):
    assert cli.run(["recover", "-n", "abc"]) == 2
    assert capsys.readouterr().err.startswith("tutelage: recover: expected -n")


@pytest.mark.parametrize("terminal", [True, False])
def test_bars_vanish_when_done_and_lines_for_a_file_stay_in_the_file(monkeypatch, terminal):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    with support._bars() as bars:
        assert bars.live._redirect_stdout is terminal
    seen = []
    monkeypatch.setattr(
        "rich.progress.Progress.update", lambda *_a, **options: seen.append(options["visible"])
    )
    with support.fraction_bars() as add:
        bar = add("study")
        bar(0.5)
        bar(1.0)
    assert seen == [True, False]


@pytest.mark.parametrize(
    ("hint", "texts", "value"),
    [
        (int, ["-3"], -3),
        (int | None, ["12345678901234567890"], 12345678901234567890),
        (tuple[int, ...], ["1", "2"], (1, 2)),
        (float, ["2.5"], 2.5),
        (Path | None, ["2.5"], Path("2.5")),
        (tuple[str, ...], ["1", "b"], ("1", "b")),
        (bool, ["yes"], True),
    ],
)
def test_every_other_option_is_converted_as_usual(hint, texts, value):
    found = []

    def command(option: hint = None) -> None:
        found.append(option)

    app = App(default_parameter=Parameter(converter=support.strict), result_action="return_value")
    app.default(command)
    app([f"--option={text}" for text in texts])
    assert found == [value]


def test_one_rounded_entry_of_a_tuple_is_refused():
    app = App(default_parameter=Parameter(converter=support.strict))

    @app.default
    def command(sizes: tuple[int, ...] = ()) -> None: ...

    with pytest.raises(CoercionError, match=r"expected an integer, got '2\.5'"):
        app(["--sizes=1", "--sizes=2.5"], exit_on_error=False, print_error=False)


def test_a_small_spectrum_loads_and_compiles_nothing_that_it_does_not_need(python):
    """A cold command is the time of its imports."""
    code = (
        "import sys, scipy.linalg\n"
        "theirs = set(sys.modules)\n"  # SciPy 1.16 brings scipy.sparse with it
        "from tutelage.cli import run\n"
        "assert run(['spectrum', '--activation', 'erf', '-d', '4', '-k', '4']) == 0\n"
        "heavy = {'scipy.special', 'scipy.sparse', 'scipy.stats', 'flint', 'matplotlib', 'xarray', 'pandas', 'rich.progress'}\n"
        "heavy &= set(sys.modules) - theirs\n"
        "assert not heavy, heavy\n"
        "assert not sys.modules['jax._src.xla_bridge']._backends\n"
    )
    python(code)
