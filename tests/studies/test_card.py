"""A study's words are data: what a file may say, families of statements, and one line for every mistake."""

import pytest

from tutelage.base.errors import InputError
from tutelage.studies import Card, Statement, available, cards, read_card, study_class
from tutelage.studies.repeats import Repeats

HEAD = 'name = "mine"\ntitle = "Mine"\n'
ONE = '[[statements]]\nid = "mine.a"\ntext = "a"\nplace = "ours"\ntest = "equal"\n'


@pytest.fixture
def card(tmp_path):
    """``card(text)``: the card of a folder with that study.toml."""
    count = iter(range(100))

    def read(text):
        folder = tmp_path / str(next(count))
        folder.mkdir()
        (folder / "study.toml").write_text(text, encoding="utf-8")
        return read_card(str(folder / "__init__.py"))

    return read


def test_prose_runs_over_lines_and_empty_lines_part_paragraphs(card):
    words = 'words = """\nOne\nline.\n\nAnother   paragraph."""\nformulas = ["a   b"]\n'
    found = card(HEAD + words + ONE + 'reason = """\nbe\ncause"""\n')
    assert found.words == "One line.\n\nAnother paragraph." and found.formulas == ("a   b",)
    assert found.statements == (Statement("mine.a", "a", "ours", "equal", reason="be cause"),)
    assert found.uses == ("tutelage",) and found.order > max(c.order for c in cards().values())


def test_a_family_is_made_for_each_row_in_order(card):
    found = card(
        HEAD
        + """
[[statements]]
each = [{ d = 2, word = "two", threshold = 0.5 }, { d = 3, word = "three", threshold = 0.25 }]

[[statements.family]]
id = "mine.a.{word}"
text = "It is {d}."
place = "ours"
test = "at most"
reason = "{word} of {{n}}"
repeats = { relative = 1e-3, reason = "so" }

[[statements.family]]
id = "mine.b.{word}"
text = "b"
place = "ours"
test = "equal"
"""
        + ONE.replace("mine.a", "mine.last")
    )
    ids = [s.id for s in found.statements]
    assert ids == ["mine.a.two", "mine.b.two", "mine.a.three", "mine.b.three", "mine.last"]
    first, third = found.statements[0], found.statements[2]
    assert (first.text, first.threshold, first.reason) == ("It is 2.", 0.5, "two of {n}")
    assert (third.text, third.threshold) == ("It is 3.", 0.25)
    assert first.repeats == Repeats(1e-3, reason="so")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "expected a file of TOML"),
        ('title = "x"\n', "missing 1 required positional argument: 'name'; add it"),
        (HEAD + 'titel = "x"\n', "unknown key 'titel'; did you mean 'title'"),
        (HEAD + "cost = true\n", "expected a finite number for cost"),
        (HEAD + 'uses = "tutelage.laws"\n', "expected a list for uses"),
        (HEAD + "place = 3\n", "expected text for place, got 3"),
        (
            HEAD + ONE + "treshold = 1.0\n",
            "statement 'mine.a': unknown key 'treshold'; did you mean 'threshold'",
        ),
        (HEAD + ONE.replace('text = "a"\n', ""), "'mine.a': missing 1 required positional argument: 'text'"),
        (HEAD + ONE.replace('"equal"', '"at least"'), "expected the reason of its threshold"),
        (HEAD + ONE + ONE, "expected statements with ids of their own"),
        (HEAD + ONE.replace("mine.a", "../a"), "got '../a'; files are named by it"),
        (HEAD.replace('"mine"', '"My study"'), "got 'My study'; files are named by it"),
        (HEAD + ONE + "repeats = { relativ = 1.0 }\n", "unknown key 'relativ'; did you mean 'relative'"),
    ],
)
def test_mistakes_are_named_with_the_file(card, text, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        card(text)


def test_a_folder_without_words_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"study\.toml.*could not read it"):
        read_card(str(tmp_path / "__init__.py"))


def test_a_card_may_be_written_in_python():
    assert Card("mine", "Mine").statements == ()
    with pytest.raises(InputError, match="files are named by it"):
        Card("my/study", "Mine")


@pytest.mark.parametrize("name", available())
def test_every_study_has_the_card_of_its_folder(name):
    study = study_class(name)
    assert study.card is cards()[name] and study().name == name
    assert study.card.uses != ("tutelage",), "the rooms it depends on key its cache"
