"""The benchmark of unseen seeds goes on after it was killed, and says which studies could not be computed."""

import importlib.util
import json
from pathlib import Path

import pytest

from tutelage.studies.judge import HOLDS

_FILE = Path(__file__).parents[2] / "benchmarks" / "unseen_seeds.py"


@pytest.fixture
def unseen(monkeypatch):
    """The benchmark, run in this process, with ``fig7`` holding everywhere and ``fig6`` broken."""
    spec = importlib.util.spec_from_file_location("unseen_seeds", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def judged(name, offset, progress):
        if name == "fig6":
            raise RuntimeError("no such thing")
        module.computed.append(offset)
        return [{"id": "fig7.a", "verdict": HOLDS}]

    module.computed = []
    monkeypatch.setattr(module, "judged", judged)
    monkeypatch.setattr(module, "default_workers", lambda: 1)
    return module


@pytest.mark.parametrize("left", [1, 40])
def test_a_half_written_line_is_computed_again_and_harms_no_other(unseen, tmp_path, left):
    path = tmp_path / "record.jsonl"
    arguments = ["--only", "fig7", "--first", "5", "--record", str(path), "--count"]
    assert unseen.main([*arguments, "2"]) == 0
    path.write_text(path.read_text()[:-left])  # 1: only the end of the line is missing
    for _ in range(2):
        assert unseen.main([*arguments, "3"]) == 0
    assert unseen.computed == ([5, 6, 7] if left == 1 else [5, 6, 6, 7])
    assert set(unseen.recorded(path, unseen.code_version())) == {("fig7", 5), ("fig7", 6), ("fig7", 7)}
    assert json.loads(path.read_text().splitlines()[0])["offset"] == 5


def test_a_study_that_cannot_be_computed_is_tallied_and_changes_the_exit_code(unseen, tmp_path, capsys):
    arguments = ["--only", "fig6", "fig7", "--count", "2", "--record", str(tmp_path / "record.jsonl")]
    assert unseen.main(arguments) == 1
    out = capsys.readouterr().out
    end = out[out.index("2 of 4 ") :]
    assert end.count("RuntimeError: no such thing") == 2 and "fig6@1001" in end
    assert "1 claims, 2 verdicts" in out
