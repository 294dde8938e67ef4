"""Text from outside is shown and never acts: the rule, and every character that it is about."""

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tutelage.base.printable import printable
from tutelage.report.typeset import breaks, prose, text

ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_no_acting_character_of_unicode_is_left():
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    acting = [c for c in every if unicodedata.category(c) in ACTING]
    assert {"\x1b", "\x9b", "\x07", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\ud800"} <= set(acting)
    assert not set(printable("".join(acting))) & set(acting)
    printable("".join(every)).encode()  # no stream refuses it


@given(st.text())
def test_what_is_printable_stays_and_the_rest_can_be_read_back(words):
    shown = printable(words)
    assert shown.isprintable() and printable(shown) == shown
    if words.isprintable():
        assert shown == words
    if "\\" not in words and words.isascii():
        assert shown.encode().decode("unicode_escape") == words


def test_lines_are_kept_where_they_are_wanted():
    assert printable("a\nb\tc") == "a\\nb\\tc" and printable("a\nb\tc", keep="\n") == "a\nb\\tc"
    assert printable(3) == "3" and printable("λ_max ± ✓ 中") == "λ_max ± ✓ 中"


@given(st.text())
def test_nothing_acts_on_a_page(words):
    for shown in (text(words), prose(words), breaks(words)):
        bare = str(shown)  # Markup of older releases escapes what it looks for
        for tag in ("<sub>", "</sub>", "<code>", "</code>", "<wbr>"):
            bare = bare.replace(tag, "")
        assert not set(bare) & set("<>\"'") and all(c.isprintable() or c == "\n" for c in bare)
