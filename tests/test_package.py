"""What is said about the package is true: its version, its dependencies, its pins, the hooks, what a build contains."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import tutelage

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "tutelage"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _required(requirements: list[str]) -> dict[str, tuple[int, ...]]:
    """Distribution -> lowest version, of requirements written ``name>=version``."""
    parts = [re.fullmatch(r"([\w-]+)>=([\d.]+)", text) for text in requirements if "[" not in text]
    return {_plain(part[1]): _numbers(part[2]) for part in parts if part}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def test_the_version_is_written_once():
    assert PROJECT["dynamic"] == ["version"] and "version" not in PROJECT
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == tutelage.__version__
    assert f"## {tutelage.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_requirement_has_a_lower_bound_and_a_pin_that_keeps_it():
    pins = {_plain(name): _numbers(version) for name, version in PINS.items()}
    for group in (PROJECT["dependencies"], *EXTRAS.values()):
        required = _required(group)
        assert len(required) == sum("[" not in text for text in group), group
        for name, lowest in required.items():
            assert pins[name] >= lowest, name


def test_the_supported_pythons_begin_with_the_required_one():
    pythons = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", text)]
    assert PROJECT["requires-python"] == f">={pythons[0]}"


# Distributions that no statement imports: engines and solvers that a library loads by name, and optimisers that users bring.
_NOT_IMPORTED = {"netcdf4", "pyarrow", "clarabel", "optax"}
# What runs us, and is asked for only then.
_HOSTS = {"ipython"}


def _imported_distributions() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    others = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"tutelage"}
    known = metadata.packages_distributions()
    return {
        _plain(known.get(module, [module])[0]) for module in others
    }  # of one that is not installed, its own name


def test_what_is_imported_is_required_and_what_is_required_is_imported():
    extras = (text for extra in EXTRAS["all"] for text in _extra_of(extra))
    used = [*PROJECT["dependencies"], *extras, *EXTRAS["torch"]]  # torch is large: no part of "all"
    required = set(_required(used))
    imported = _imported_distributions()
    assert imported <= required | _HOSTS
    assert required - imported <= _NOT_IMPORTED


def _extra_of(reference: str) -> list[str]:
    """The requirements behind ``tutelage[first,second]``."""
    return [
        text for name in re.fullmatch(r"tutelage\[(.+)\]", reference)[1].split(",") for text in EXTRAS[name]
    ]


def test_the_hooks_are_local_and_run_what_make_check_runs():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    checks = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(BIN)", ".venv/bin")
    assert set(re.findall(r"- repo: (\S+)", text)) == {"local"}
    entries = re.findall(r"entry: (.+?)(?: --force-exclude)?$", text, re.MULTILINE)
    assert len(entries) == 4 and all(f"\t{entry}" in checks for entry in entries)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Names of the files in the source distribution and in the wheel made from it, below their first folder."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("built")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", folder, ROOT], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        source = {member.name.partition("/")[2] for member in archive if member.isfile()}
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return source, set(archive.namelist())


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.mark.slow
def test_the_source_distribution_is_whole(built):
    source, _ = built
    folders = ("src/tutelage", "tests", "docs", "examples", "benchmarks", ".ci")
    expected = {path.relative_to(ROOT).as_posix() for folder in folders for path in _files(ROOT / folder)}
    assert expected <= source
    assert {"Makefile", "constraints.txt", "CHANGELOG.md", "CITATION.cff", "LICENSE"} <= source


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(built):
    _, wheel = built
    expected = {f"tutelage/{path.relative_to(SOURCE).as_posix()}" for path in _files(SOURCE)}
    assert {name for name in wheel if ".dist-info/" not in name} == expected
