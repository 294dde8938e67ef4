"""Text that was written by others, made safe to show: nothing in it acts on a terminal or reorders a page."""

from __future__ import annotations

from typing import Any


def printable(value: Any, keep: str = "") -> str:
    r"""``value`` as text in which every character that acts instead of showing is written as its escape.

    The rule is that of :func:`repr` (:meth:`str.isprintable`): control characters, which move the cursor, set colours
    and make links, characters that reverse or hide text (bidirectional overrides, zero widths), line separators, and
    halves of surrogate pairs, which no stream can encode.

    Parameters
    ----------
    value : object
        Shown as ``str`` shows it.
    keep : str
        Characters to leave alone, ``"\n"`` where lines are wanted.

    Examples
    --------
    >>> printable("λ_max \x1b[31mred\x07")
    'λ_max \\x1b[31mred\\x07'
    >>> printable("abc\u202efdp.exe")
    'abc\\u202efdp.exe'
    """
    text = str(value)
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii") for c in text
    )
