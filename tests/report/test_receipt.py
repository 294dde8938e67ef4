"""A second report shows the files that are still the same and writes the others again."""

import hashlib
import json
import math
from types import SimpleNamespace

import pytest

from tutelage import cli
from tutelage.base.errors import StoreError
from tutelage.report import build, receipt, workers
from tutelage.store import Store
from tutelage.studies.claim import Claim
from tutelage.studies.readout_block import ReadoutBlock


def test_nothing_is_run_or_spawned_when_nothing_changed(built, again, monkeypatch):
    def never(*arguments):
        raise AssertionError("spawned")

    monkeypatch.setattr(workers, "_Worker", never)
    folder = again.folder
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    report, ran = again(workers=2)
    assert ran == [] and report.failures == {}
    for path, moment in before.items():
        assert path.stat().st_mtime_ns == moment
    first = built[0].runs
    assert [run.claims for run in report.runs] == [run.claims for run in first]
    assert [(run.key, run.seconds) for run in report.runs] == [(run.key, run.seconds) for run in first]
    page = report.path.read_text(encoding="utf-8")
    assert page.count("<figure>") == 2 and page.count('<tr class="claim ') == sum(
        len(run.claims) for run in first
    )


def test_the_page_links_to_a_page_of_sliders_beside_it_where_there_is_one(again):
    link = '<a href="explorer.html">'
    assert link in again(beside="explorer.html")[0].path.read_text(encoding="utf-8")
    assert link not in again()[0].path.read_text(encoding="utf-8")


def test_the_command_writes_the_explorer_beside_a_whole_report_and_leaves_one_that_is_there(
    tmp_path, monkeypatch
):
    pytest.importorskip("bokeh")
    cached, asked = [True], []

    def built(folder, *arguments, beside, **options):
        asked.append(beside)
        run = SimpleNamespace(claims=[], cached=cached[0])
        return build.Report(folder / "index.html", [run], {})

    monkeypatch.setattr(build, "build_report", built)
    page = tmp_path / "explorer.html"
    report = ["report", "--output", str(tmp_path), "--store", str(tmp_path / "store")]
    assert cli.run([*report, "--only", "fig7"]) == 0 and not page.exists()
    assert cli.run(report) == 0 and "tutelage" in page.read_text(encoding="utf-8")
    page.write_text("as it was")
    assert cli.run(report) == 0 and page.read_text() == "as it was"
    cached[0] = False
    assert cli.run(report) == 0 and page.read_text(encoding="utf-8") != "as it was"
    assert asked == ["", *["explorer.html"] * 3]


def test_a_report_shown_from_its_folder_neither_needs_nor_makes_a_store(again, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "study_class", again.small.__getitem__)
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "none"):  # one cannot be written, the other does not exist
        assert len(build.build_report(again.folder, ["fig7", "fig6"], store=Store(folder)).runs) == 2
    assert not (tmp_path / "none").exists()
    with pytest.raises(StoreError, match="cannot make the folder"):
        build.build_report(again.folder, ["fig7", "broken"], store=Store(tmp_path / "file"))


def test_what_the_folder_lacks_and_a_read_only_store_has_is_written(built, again, monkeypatch):
    def refuse(self):
        raise AssertionError("written")

    monkeypatch.setattr(Store, "prepare", refuse)
    _damage_receipt(again.folder)
    assert again()[1] == ["fig7"]


def _edit_claim(folder):
    path = folder / "claims" / "fig7.mean.wide.json"
    content = json.loads(path.read_text())
    content["claim"]["measured"] += 1e-9
    path.write_text(json.dumps(content))


def _damage_receipt(folder):
    (folder / "datasets" / "fig7.json").write_text("[]")


def _forge_receipt(**changes):
    """A receipt that says what somebody wants, everything else being right."""

    def forge(folder):
        path = folder / "datasets" / "fig7.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return forge


def _sign_claim(change):
    """A claim changed together with its digest in the receipt."""

    def sign(folder):
        claim, receipt = folder / "claims" / "fig7.mean.wide.json", folder / "datasets" / "fig7.json"
        content, said = json.loads(claim.read_text()), json.loads(receipt.read_text())
        change(content)
        claim.write_text(json.dumps(content))
        said["files"]["../claims/fig7.mean.wide.json"] = hashlib.sha256(claim.read_bytes()).hexdigest()
        receipt.write_text(json.dumps(said))

    return sign


@pytest.mark.parametrize(
    "change",
    [
        _edit_claim,
        _damage_receipt,
        lambda folder: (folder / "claims" / "fig7.mean.wide.json").unlink(),
        lambda folder: (folder / "figures" / "fig7.png").unlink(),
        lambda folder: (folder / "figures" / "fig7.pdf").write_bytes(b"%PDF"),
        lambda folder: (folder / "datasets" / "fig7.zarr.zip").unlink(),
        lambda folder: (folder / "datasets" / "fig7.json").write_text("[" * 100_000),
        lambda folder: (folder / "datasets" / "fig7.json").write_bytes(b" " * 2_000_000),
        _forge_receipt(seconds=10**400),
        _forge_receipt(seconds=None),
        _forge_receipt(files=[]),
        _forge_receipt(files={"/dev/zero": "0"}),  # which has no end
        _sign_claim(lambda content: content["parameters"].update(teachers=99)),
        _sign_claim(lambda content: content["claim"].update(id="fig7.variance.wide")),
        _sign_claim(lambda content: content["claim"].update(text=None)),
        _sign_claim(lambda content: content["claim"].update(uncertainty=None)),
    ],
)
def test_a_changed_or_missing_file_writes_its_study_again(built, again, change):
    change(again.folder)
    report, ran = again()
    assert ran == ["fig7"]
    assert [run.claims for run in report.runs] == [run.claims for run in built[0].runs]
    assert again()[1] == []


def test_words_tests_and_thresholds_are_never_those_of_a_file(built, again):
    """Also when the receipt agrees with the file: only numbers are read from it."""
    words = {
        "text": "<script>",
        "place": "",
        "test": "at most",
        "threshold": 1e9,
        "reason": "",
        "verdict": "fails",
    }
    _sign_claim(lambda content: content["claim"].update(words))(again.folder)
    report, ran = again()
    assert ran == [] and [run.claims for run in report.runs] == [run.claims for run in built[0].runs]


def test_changed_parameters_or_code_or_fresh_write_again(again, monkeypatch):
    other = SimpleNamespace(name="fig7", quick=lambda: ReadoutBlock(teachers=101, large=4))
    assert again(again.small | {"fig7": other})[1] == ["fig7"]
    assert again(again.small | {"fig7": other})[1] == []
    monkeypatch.setattr(receipt, "code_version", lambda: "other")
    assert again()[1] == ["fig7", "fig6"]
    assert again()[1] == []
    assert again(fresh=True)[1] == ["fig7", "fig6"]


def test_a_full_report_does_not_show_the_pdfs_of_a_quick_one(again):
    """Studies whose full sizes are the quick ones have one key for both; the fonts differ."""
    sizes = {
        name: SimpleNamespace(name=name, quick=study.quick, full=study.quick)
        for name, study in again.small.items()
    }
    pdf = again.folder / "figures" / "fig7.pdf"
    assert b"/Type3" in pdf.read_bytes()
    assert again(sizes, full=True)[1] == ["fig7", "fig6"]
    assert b"/Type3" not in pdf.read_bytes() and b"/FontFile2" in pdf.read_bytes()
    assert again(sizes, full=True)[1] == []
    assert again(sizes)[1] == ["fig7", "fig6"]


def test_a_number_that_json_cannot_hold_is_read_back_as_nan(built):
    content = built[0].runs[0].claims[0].to_dict() | {"measured": None}
    claim = Claim.from_dict(content)
    assert math.isnan(claim.measured) and claim.rejudged() == "fails"
