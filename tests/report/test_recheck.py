"""A claim file may come from anyone: forged fields are named, wrong types are one line, nothing of it is executed."""

import copy
import json
import os
import random
import sys
from types import SimpleNamespace

import pytest

from tutelage import cli
from tutelage.base.errors import InputError
from tutelage.studies import available, study_class
from tutelage.studies.claim import Claim
from tutelage.studies.readout_block import ReadoutBlock
from tutelage.studies.recheck import recheck
from tutelage.studies.record import read_record

CLAIM = "fig7.mean.wide"
NOT_COMPARED = {"tutelage", "provenance", "install", "recompute"}
"""What the file says about itself: nothing can be computed to compare it with."""


@pytest.fixture(scope="module")
def file(built):
    return built[1] / "claims" / f"{CLAIM}.json"


@pytest.fixture
def judged(built, tmp_path, capsys):
    """``judged(content)``: exit code, output and errors of recheck on a file with that content, answered by the store."""

    def run(content):
        path = tmp_path / "claim.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        code = cli.run(["recheck", str(path), "--cached", "--store", str(built[2].directory)])
        return SimpleNamespace(code=code, **dict(zip(("out", "err"), capsys.readouterr(), strict=True)))

    return run


def refused(found):
    return found.code == 2 and found.out == "" and found.err.count("\n") == 1 and len(found.err) < 1000


def changed(content, path, value):
    content = copy.deepcopy(content)
    at = content
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return content


def test_a_claim_is_recomputed_from_its_file_alone(file, built):
    assert read_record(file).study.teachers == 100
    found = recheck(file, built[2])
    assert found.recorded == found.now and found.differences == () and found.same_code


def test_recheck_keeps_nothing_unless_asked(file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUTELAGE_STORE", raising=False)
    assert cli.run(["recheck", str(file)]) == 0
    assert list(tmp_path.iterdir()) == []
    assert cli.run(["recheck", str(file), "--store", "kept"]) == 0
    assert len(list((tmp_path / "kept").iterdir())) == 1
    assert cli.run(["recheck", str(file), "--cached"]) == 0
    assert {entry.name for entry in tmp_path.iterdir()} == {"kept", "store"}


FORGED = {
    "text": "Everything holds.",
    "place": "[C25] (99)",
    "predicted": 123.0,
    "measured": 123,
    "uncertainty": -1.0,
    "test": "at most",
    "threshold": 1e9,
    "verdict": "fails",
    "reason": "because",
    "note": "trust me",
    "corrected": 1.0,
    "null": 0.5,
}


def test_every_field_of_a_claim_is_forged_below():
    assert set(FORGED) | {"id"} == set(Claim.__dataclass_fields__)


@pytest.mark.parametrize("field", FORGED)
def test_a_forged_field_is_named_and_the_exit_code_is_1(file, judged, field):
    content = json.loads(file.read_text())
    found = judged(changed(content, ("claim", field), FORGED[field]))
    assert found.code == 1 and found.err == ""
    assert found.out.splitlines()[-1] == f"differs: {field}"


def test_all_forged_fields_at_once_are_all_named(file, judged):
    """What passed once: only verdicts were compared."""
    content = json.loads(file.read_text())
    content["claim"] |= FORGED | {"verdict": content["claim"]["verdict"]}
    found = judged(content)
    assert found.code == 1
    assert set(found.out.splitlines()[-1].removeprefix("differs: ").split(", ")) == set(FORGED) - {"verdict"}


@pytest.mark.parametrize("field", ["predicted", "measured", "uncertainty"])
@pytest.mark.parametrize(("change", "code"), [(0.0, 0), (1e-9, 0), (1e-4, 1), (-0.5, 1), (1e3, 1)])
def test_numbers_may_differ_by_what_machines_do_and_no_more(file, judged, field, change, code):
    content = json.loads(file.read_text())
    value = content["claim"][field]
    assert value != 0
    assert judged(changed(content, ("claim", field), value * (1 + change))).code == code


@pytest.mark.parametrize("field", ["predicted", "measured", "uncertainty"])
def test_a_number_that_json_cannot_hold_is_not_any_number(file, judged, field):
    found = judged(changed(json.loads(file.read_text()), ("claim", field), None))
    assert found.code == 1 and found.out.endswith(f"differs: {field}\n")


def test_another_parameter_is_noticed(file, judged):
    content = json.loads(file.read_text())
    assert judged(changed(content, ("parameters", "seed"), 3)).code == 1
    # One that does not move this claim's numbers: the dataset's key tells.
    found = judged(changed(content, ("parameters", "large"), 5))
    assert found.code == 1 and "parameters" in found.out.splitlines()[-1]
    found = judged(changed(content, ("dataset_key",), "fig7-0123456789abcdef"))
    assert found.code == 1 and "parameters" in found.out.splitlines()[-1]


def test_a_file_of_other_code_has_another_key_and_says_so(file, judged):
    content = json.loads(file.read_text())
    content["dataset_key"], content["provenance"]["code"] = "fig7-0123456789abcdef", "other"
    assert judged(content).code == 0
    assert "other code" in judged(changed(content, ("claim", "measured"), 2.0)).out


@pytest.mark.parametrize("name", available())
def test_every_study_is_read_back_from_its_parameters(name):
    for study in (study_class(name).quick(), study_class(name).full().reseeded(10**6)):
        again = type(study).from_parameters(json.loads(json.dumps(study.parameters())))
        assert again == study and again.parameters() == study.parameters()


WRONG = {
    "null": None,
    "true": True,
    "number": 7.25,
    "negative": -3,
    "huge": 10**400,
    "beyond": 1e308,
    "text": "[/red]\x1b[31m",
    "surrogate": "\ud800",
    "list": [],
    "nested": [[1, [2, {"a": None}]]],
    "mapping": {},
    "absent": ...,
}


def paths(content, at=()):
    """Every key of nested mappings and every position of lists; of the provenance only what is read."""
    if at == ("provenance",):
        content = {"code": content["code"]}
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield (*at, key)
        if isinstance(value, (dict, list)):
            yield from paths(value, (*at, key))


def mutated(content, path, value):
    found = changed(content, path, value)
    if value is ...:
        at = found
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]
    return found


@pytest.mark.parametrize("kind", WRONG)
def test_every_field_with_every_wrong_type_ends_in_one_line(file, judged, kind):
    """The file is accepted only where it says nothing that is compared."""
    content = json.loads(file.read_text())
    every = list(paths(content))
    assert len(every) > 25
    for path in every:
        wrong = mutated(content, path, WRONG[kind])
        found = judged(wrong)
        assert found.code in (0, 1) or refused(found), (path, found.err)
        assert found.code != 0 or path[0] in NOT_COMPARED or wrong == content, path
        assert "\x1b" not in found.out + found.err, path


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 10))])
def test_seeded_mutations_of_text_and_bytes_end_in_one_line(file, judged, seed):
    """Bytes flipped, removed, doubled: 100 files, the same in every run."""
    content, draw = file.read_bytes(), random.Random(seed)
    for _ in range(100):
        raw = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            at, length = draw.randrange(len(raw)), draw.choice((1, 1, 1, 20, 500))
            part = draw.choice(
                (bytes([draw.randrange(256)]), b"", bytes(raw[at : at + length]) * 2, b'"', b"\x1b[2J")
            )
            raw[at : at + length] = part
        found = judged(bytes(raw))
        assert found.code in (0, 1) or refused(found), (bytes(raw), found.err)
        assert "\x1b" not in found.out + found.err


DEEP = 200_000
FILES = {
    "empty": b"",
    "no JSON": b"not json",
    "list": b"[]",
    "number": b"3",
    "null": b"null",
    "not UTF-8": b'{"claim": "\xff"}',
    "UTF-16": '{"claim": 1}'.encode("utf-16"),
    "null bytes": bytes(1000),
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep mappings": b'{"claim":' * (DEEP // 2) + b"1" + b"}" * (DEEP // 2),
    "many digits": b'{"claim": ' + b"9" * 10_000 + b"}",
    "large": b" " * 100_000_000,
    "long name": b'{"' + b"a" * 900_000 + b'": 1}',
    "many names": json.dumps({f"key {i}": i for i in range(10_000)}).encode(),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_claim_is_one_line(judged, kind):
    found = judged(FILES[kind])
    assert refused(found), found.err


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("field", ["predicted", "measured", "threshold"])
def test_what_is_not_a_finite_number_is_refused(file, judged, constant, field):
    content = json.loads(file.read_text())
    text = json.dumps(changed(content, ("claim", field), "HERE")).replace('"HERE"', constant)
    assert refused(judged(text.encode()))


@pytest.mark.parametrize("where", ["claim", "parameters", None])
def test_a_repeated_key_is_refused(file, judged, where):
    text = file.read_text()
    start = '{\n  "claim"' if where is None else f'"{where}": {{\n'
    double = '{"study": "fig6", "claim"' if where is None else f'"{where}": {{"id": "a", "id": "b",'
    assert text.count(start) == 1
    found = judged(text.replace(start, double).encode())
    assert refused(found) and "twice" in found.err


def test_a_byte_order_mark_is_no_fault(file, judged):
    assert judged(b"\xef\xbb\xbf" + file.read_bytes()).code == 0


def test_what_is_not_a_file_is_refused(tmp_path, capsys):
    os.symlink(tmp_path / "loop", tmp_path / "loop")
    for path in (
        tmp_path,
        tmp_path / "none.json",
        tmp_path / "loop",
        "/dev/null",
        "/dev/zero",
        "",
        "a" * 300,
    ):
        assert cli.run(["recheck", str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(InputError, match="could not read"):
        read_record("a\0b")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("study",), "fig77", "unknown name 'fig77'"),
        (("study",), "os:system", "unknown name"),
        (("study",), "tutelage.studies.readout_block:ReadoutBlock", "unknown name"),
        (("parameters", "teacher"), 1, "unknown parameters ['teacher']"),
        (("parameters", "large"), ..., "missing: ['large']"),
        (("parameters", "large"), "4", "expected a whole number for large"),
        (("parameters", "large"), 4.0, "expected a whole number for large"),
        (("parameters", "sizes"), [[10, 20]], "expected 2 entries for sizes"),
        (("parameters", "sizes", 0), 3, "expected a list"),
        (("parameters", "teachers"), 10**12, "compute it from Python"),
        (("claim", "id"), "fig7.nothing", "makes no claim 'fig7.nothing'"),
        (("claim", "measured"), ..., "missing: ['measured']"),
        (("claim", "extra"), 1, "unknown: ['extra']"),
        (("claim", "threshold"), "4", "expected a finite number for threshold"),
        (("comment",), "mine", "unknown: ['comment']"),
    ],
)
def test_the_refusal_names_the_field(file, judged, path, value, expected):
    found = judged(mutated(json.loads(file.read_text()), path, value))
    assert refused(found) and expected in found.err


def test_parameters_that_cannot_be_computed_are_refused_and_keep_their_cause(file, tmp_path, monkeypatch):
    def broken(self, progress=None):
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(ReadoutBlock, "compute", broken)
    with pytest.raises(InputError, match="ZeroDivisionError: by") as caught:
        recheck(file)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_nothing_beside_the_file_is_imported(file, tmp_path, monkeypatch, capsys):
    """Names of modules in every field of text, and such modules in the current folder and beside the file."""
    (tmp_path / "planted.py").write_text("raise SystemExit('executed')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    content = json.loads(file.read_text())
    for path in paths(content):
        (tmp_path / "claim.json").write_text(json.dumps(changed(content, path, "planted:f")))
        assert cli.run(["recheck", str(tmp_path / "claim.json"), "--cached", "--store", "none"]) in (0, 1, 2)
    assert "planted" not in sys.modules


HOSTILE = "[/red][link=http://a]x[/link]\x1b]8;;http://a\x07\x1b[2J\x9b31m\u202ecod\u2066\r\n\x7f:warning:"


@pytest.mark.parametrize("path", [("claim", f) for f in FORGED if isinstance(FORGED[f], str)] + [("study",)])
def test_markup_and_escapes_of_a_file_never_act_on_the_terminal(file, judged, path):
    found = judged(changed(json.loads(file.read_text()), path, HOSTILE))
    shown = found.out + found.err
    assert found.code in (1, 2)
    assert all(c.isprintable() or c == "\n" for c in shown)
    if found.code == 1:
        assert "[/red][link=http://a]" in shown.replace(" ", "").replace("│", "").replace("\n", "")
