"""The report is whole, self-contained and recomputable; in a browser it shows every figure and asks nobody."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tutelage import cli
from tutelage.store import load_dataset


class Tags(HTMLParser):
    """Counts tags and remembers addresses and open elements."""

    VOID = frozenset({"meta", "link", "img", "br", "wbr", "input"})

    def __init__(self, content):
        super().__init__()
        self.seen, self.addresses, self.ids, self.stack = [], [], set(), []
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.seen.append((tag, attrs))
        self.addresses += [attrs[key] for key in ("src", "href") if key in attrs]
        self.ids |= {attrs["id"]} if "id" in attrs else set()
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


@pytest.fixture(scope="module")
def tags(built):
    return Tags(built[0].path.read_text(encoding="utf-8"))


def test_the_page_is_well_formed_and_refers_to_nothing_outside(tags):
    assert tags.stack == []
    assert all(address.startswith(("data:", "#")) for address in tags.addresses)
    assert all(address[1:] in tags.ids for address in tags.addresses if address.startswith("#"))
    assert not any(tag in ("script", "iframe") for tag, _ in tags.seen)


def test_one_row_per_claim_and_one_figure_per_study(built, tags):
    rows = [
        attrs["id"] for tag, attrs in tags.seen if tag == "tr" and attrs.get("class", "").startswith("claim ")
    ]
    assert rows == [claim.id for run in built[0].runs for claim in run.claims] and len(rows) > 10
    assert sum(tag == "figure" for tag, _ in tags.seen) == len(built[0].runs) == 2


def test_a_study_that_fails_is_named_and_the_others_go_on(built):
    assert list(built[0].failures) == ["broken"]
    assert "could not be computed: RuntimeError: no &lt;such&gt; thing" in built[0].path.read_text()


def test_every_figure_claim_and_dataset_is_a_file(built):
    report, folder, _ = built
    for run in report.runs:
        assert (folder / "figures" / f"{run.study.name}.png").read_bytes()[:4] == b"\x89PNG"
        assert (folder / "figures" / f"{run.study.name}.pdf").read_bytes()[:4] == b"%PDF"
        dataset = load_dataset(folder / "datasets" / f"{run.study.name}.zarr.zip")
        assert dataset.attrs["study"] == run.study.name and json.loads(dataset.attrs["parameters"])
        assert [claim.to_dict() for claim in run.study.claims(dataset)] == [c.to_dict() for c in run.claims]
        for claim in run.claims:
            record = json.loads((folder / "claims" / f"{claim.id}.json").read_text())
            assert record["claim"] == json.loads(json.dumps(claim.to_dict()))
            assert {"parameters", "dataset_key", "provenance"} <= set(record)


def test_a_second_report_takes_everything_from_the_store(built, monkeypatch):
    from tutelage.studies import runner

    report, _, store = built

    def never(self, progress=None):
        raise AssertionError("computed again")

    for run in report.runs:
        monkeypatch.setattr(type(run.study), "compute", never)
        again = runner.run_study(run.study, store)
        assert again.cached and again.claims == run.claims
        with pytest.raises(AssertionError, match="computed again"):
            runner.run_study(run.study, store, fresh=True)


def test_the_key_changes_with_a_parameter(built):
    from tutelage.studies.runner import key_of

    study = built[0].runs[0].study
    assert key_of(study) == built[0].runs[0].key
    assert key_of(type(study)(teachers=101, large=4)) != key_of(study)


def test_bad_output_and_names_are_refused_before_any_work(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for arguments, expected in (
        (["report", "--output", str(tmp_path / "file")], "cannot make the folder"),
        (["report", "--only", "fig22", "--output", str(tmp_path / "out")], "did you mean"),
        (["report", "--only", "nope", "--output", str(tmp_path / "out")], "'nope'; known: along-training"),
        (["reproduce", "fig22", "--output", str(tmp_path / "out")], "did you mean"),
        (["reproduce", "fig7", "--output", "/proc/here"], "cannot make"),
    ):
        assert cli.run(arguments) == 2
        assert expected in capsys.readouterr().err


def test_reproduce_lists_the_studies(capsys):
    assert cli.run(["reproduce"]) == 0
    assert "fig7" in capsys.readouterr().out


@pytest.mark.parametrize("width", [1200, 390])
def test_a_browser_shows_every_figure_and_asks_no_host(built, browser, width):
    messages, requests = [], []
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(built[0].path.as_uri())
    sizes = page.eval_on_selector_all(
        "img", "a => a.map(i => [i.naturalWidth, i.naturalHeight, i.clientHeight])"
    )
    rows = page.locator("tr.claim").count()
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    page.close()
    assert messages == []
    assert [url for url in requests if not re.match("file:|data:", url)] == []
    assert len(sizes) == 4 and np.min(sizes) > 100
    assert rows == sum(len(run.claims) for run in built[0].runs)
    assert overflow <= 0, "the page scrolls sideways"
