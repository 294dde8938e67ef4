"""A type checker, configured as for this project, knows the public face and refuses wrong calls as errors."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("typing")  # the checker runs once

ROOT = Path(__file__).parents[2]
CHECKER = Path(sys.executable).with_name("basedpyright")
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["basedpyright"]

WRONG = {
    "reportCallIssue: an argument is missing": "tutelage.spectrum()",
    "reportCallIssue: a keyword is misspelt": 'tutelage.spectrum(teacher, methd="lanczos")',
    "reportArgumentType: a size is a word": 'tutelage.sample_teacher("erf", d="ten", k=2)',
    "reportAttributeAccessIssue: no such name": "tutelage.spectrun(teacher)",
    "reportAttributeAccessIssue: no such name in a room": "tutelage.laws.MarchenkoPasteur(0.5)",
    "reportAttributeAccessIssue: no such attribute of a result": "tutelage.spectrum(teacher).eigenvalue",
}


@pytest.fixture(scope="module")
def diagnostics(tmp_path_factory):
    """File -> list of (severity, rule, line) for the face and for the wrong calls, from one run of the checker."""
    if not CHECKER.exists():
        pytest.skip("basedpyright is not installed")
    folder = tmp_path_factory.mktemp("project")
    rules = {key: value for key, value in CONFIG.items() if key not in ("include", "executionEnvironments")}
    config = {**rules, "include": ["."], "extraPaths": [str(ROOT / "src")]}
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    shutil.copy(Path(__file__).with_name("face.py"), folder)
    lines = ["import tutelage", 'teacher = tutelage.sample_teacher("erf", d=3, k=2)', *WRONG.values()]
    (folder / "wrong.py").write_text("\n".join(lines) + "\n")
    arguments = [CHECKER, "--project", folder, "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(arguments, capture_output=True, text=True)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 2, done.stdout
    found: dict[str, list[tuple[str, str, int]]] = {}
    for item in report["generalDiagnostics"]:
        entry = (item["severity"], item.get("rule", ""), item["range"]["start"]["line"])
        found.setdefault(Path(item["file"]).name, []).append(entry)
    return found


def test_the_face_has_the_types_it_says(diagnostics):
    assert diagnostics.get("face.py", []) == []


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_call_is_an_error(what, diagnostics):
    line = 2 + list(WRONG).index(what)
    severities = {(severity, rule) for severity, rule, at in diagnostics["wrong.py"] if at == line}
    assert ("error", what.partition(":")[0]) in severities
