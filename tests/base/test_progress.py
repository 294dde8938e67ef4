"""One type of progress: parts of the work map into the whole, words go through, nothing is reported before it is done."""

import doctest

import pytest

from tutelage.base import progress
from tutelage.base.progress import portion, silent, tracked


def test_a_part_of_a_part_maps_into_the_whole_and_its_words_go_through():
    seen = []
    inner = portion(portion(lambda *said: seen.append(said), 0.5, 1.0), 0.2, 0.4)
    inner(0.0)
    inner(1.0, "done")
    assert [fraction for fraction, *_ in seen] == pytest.approx([0.6, 0.7])
    assert seen[0][1:] == () and seen[1][1:] == ("done",)
    assert portion(None, 0.0, 1.0) is None
    assert silent(0.5, "words") is None


def test_items_are_reported_after_they_are_used_and_all_of_them_are():
    seen = []
    for item in tracked("abcd", seen.append):
        assert len(seen) == "abcd".index(item)
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert list(tracked([1, 2], None)) == [1, 2]


def test_its_examples_hold():
    assert doctest.testmod(progress).failed == 0
