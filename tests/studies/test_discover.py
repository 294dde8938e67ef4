"""Which studies there are: folders, entry points, module:Class; nothing is imported before it is asked for."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest

from tutelage import studies
from tutelage.base.errors import InputError
from tutelage.studies import Study, available, cards, discover, find_study, load_study, study_class
from tutelage.studies.hidden_block import HiddenBlock
from tutelage.studies.runner import key_of
from tutelage.studies.sampled_hessian import SampledHessian

FOLDER = Path(studies.__file__).parent


def test_every_folder_with_words_is_a_study_in_the_order_it_says():
    folders = {file.parent.name for file in FOLDER.glob("*/study.toml")}
    assert {module.rpartition(".")[2] for module in available().values()} == folders and len(folders) >= 19
    orders = [card.order for card in cards().values()]
    assert orders == sorted(orders) and len(set(orders)) == len(orders)
    for folder in folders:
        assert {"__init__.py", "compute.py", "figure.py", "study.toml"} <= {
            f.name for f in (FOLDER / folder).iterdir()
        }


def test_names_and_words_are_known_before_anything_is_imported(python):
    code = (
        "import sys\nfrom tutelage.studies import cards\n"
        "assert len(cards()) >= 19\n"
        "print([m for m in sys.modules if m in ('jax', 'xarray', 'matplotlib', 'tutelage.studies.hidden_block')])"
    )
    assert python(code) == "[]"


@dataclasses.dataclass(frozen=True)
class Other(HiddenBlock):
    """One in a module of a user's, without files of its own."""

    card = dataclasses.replace(HiddenBlock.card, name="other", statements=())

    def measure(self, dataset):
        return {}


def test_entry_points_are_known_by_name_and_come_last(monkeypatch):
    points = [
        SimpleNamespace(name="other", value=f"{__name__}:Other"),
        SimpleNamespace(name="fig6", value="os:path"),
    ]
    monkeypatch.setattr(discover.importlib.metadata, "entry_points", lambda group: points)
    monkeypatch.setitem(__import__("sys").modules, __name__, SimpleNamespace(Other=Other))
    assert list(available())[-1] == "other" and study_class("other") is Other
    assert cards()["other"] is Other.card
    assert study_class("fig6") is HiddenBlock, "nobody takes the name of one of ours"


def test_a_path_names_a_class_and_a_word_a_study():
    assert find_study("fig6") is HiddenBlock
    assert find_study("tutelage.studies.hidden_block:HiddenBlock") is HiddenBlock


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("hidden_block", "expected module:Class, got 'hidden_block'"),
        (":HiddenBlock", "expected module:Class"),
        ("no.such.module:Thing", "cannot import 'no.such.module' of 'no.such.module:Thing'"),
        (
            "tutelage.studies.hidden_block:HiddenBlok",
            "no study 'HiddenBlok' in .*; did you mean 'HiddenBlock'",
        ),
        ("os:path", "derive it from tutelage.studies.Study"),
        ("tutelage.studies.base:Study", "no study 'Study'"),
    ],
)
def test_what_is_no_study_is_refused(path, message):
    with pytest.raises(InputError, match=message):
        load_study(path)


def test_a_study_with_the_name_of_another_is_refused(tmp_path, monkeypatch):
    (tmp_path / "taken_name.py").write_text(
        "import dataclasses\nfrom tutelage.studies import Card, Study\n\n"
        "@dataclasses.dataclass(frozen=True)\nclass Mine(Study):\n    card = Card('fig6', 'Mine')\n    seed: int = 0\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        InputError, match=r"'fig6' of 'taken_name:Mine' is the name of tutelage.studies.hidden_block"
    ):
        load_study("taken_name:Mine")


def test_a_subclass_has_the_files_of_its_parent():
    dataset = HiddenBlock(d=2, k=3, teachers=20, dense_teachers=1).compute()
    assert Other(d=2, k=3, teachers=20, dense_teachers=1).compute().identical(dataset)
    assert Other().draw(dataset).axes


def test_a_missing_file_is_said_and_an_import_that_fails_inside_is_not_hidden(monkeypatch):
    class Bare(Study):
        card = studies.Card("bare", "Bare")

    for method in ("compute", "measure", "draw"):
        with pytest.raises(InputError, match=r"Bare: expected (compute|figure)\.py beside its study.toml"):
            getattr(Bare(), method)(*() if method == "compute" else (None,))

    def missing(name):
        raise ModuleNotFoundError("No module named 'plotters'", name="plotters")

    monkeypatch.setattr("tutelage.studies.base.importlib.import_module", missing)
    with pytest.raises(ModuleNotFoundError, match="plotters"):
        Bare().draw(None)


def test_the_key_of_a_dataset_does_not_depend_on_words_and_figures():
    """Only on ``compute.py``, the rooms it uses and the parameters; a subclass's own module counts too."""
    study = SampledHessian()
    key = key_of(study)
    for file in ("study.toml", "figure.py", "__init__.py"):
        assert (FOLDER / "sampled_hessian" / file).exists()
    hashed = {}

    def spy(modules):
        hashed["modules"] = list(modules)
        return "0"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tutelage.studies.runner.code_version", spy)
        assert key_of(study) != key
        own = [m for m in hashed["modules"] if "sampled_hessian" in m]
        assert own == ["tutelage.studies.sampled_hessian.compute"]
        key_of(Other())
        assert hashed["modules"][-2:] == [__name__, "tutelage.studies.hidden_block.compute"]
