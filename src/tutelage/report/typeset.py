"""Plain words of studies -> HTML: escaping, subscripts, headings, places where a long name may break."""

from __future__ import annotations

import html
import re

from tutelage.base.printable import printable
from tutelage.studies.card import Card

_LETTER = "A-Za-zα-ωΑ-Ω"
# One letter (squared, perhaps) or min/max before the underscore, so that names of files and studies are left alone.
_SUBSCRIPT = re.compile(
    rf"`([^`]+)`|(?<![{_LETTER}_])((?:[{_LETTER}]|min|max)²?)_((?:[A-Za-z]+|[0-9]+)(?![A-Za-z0-9_])|[α-ω*])"
)
_FIGURE = re.compile(r"\[C25\] (Fig\. \d+|appendix [A-Z](?:\.\d+)?)")
_SENTENCE = re.compile(r".*?\.(?=\s+[A-Z]|\s*$)", re.DOTALL)


def text(value: object) -> str:
    """Escaped for HTML; what would act on the page instead of showing is written as its escape.

    Examples
    --------
    >>> text("k < d")
    'k &lt; d'
    """
    return html.escape(printable(value, keep="\n"))


def typeset(safe: str) -> str:
    """HTML with ``n_c`` as a subscript and a name in backticks as code.

    Examples
    --------
    >>> typeset("n_c of learning_curves, `m_*`")
    'n<sub>c</sub> of learning_curves, <code>m_*</code>'
    """
    return _SUBSCRIPT.sub(
        lambda found: f"<code>{found[1]}</code>" if found[1] else f"{found[2]}<sub>{found[3]}</sub>", safe
    )


def prose(value: object) -> str:
    """Plain text, escaped and typeset."""
    return typeset(text(value))


def dotted(name: str) -> str:
    """A long name that may break after a dot or an underscore, and nowhere inside a word.

    Examples
    --------
    >>> dotted("rank.quadratic_count")
    'rank.<wbr>quadratic_<wbr>count'
    """
    return re.sub(r"([._]+)(?=\w)", r"\1<wbr>", text(name))


def label(place: str) -> str:
    """The figure or appendix of the paper that a place begins with; empty for other places.

    Examples
    --------
    >>> label("[C25] Fig. 2, (8)-(10), (15)"), label("[C25] appendix A.3"), label("[C25] section 2")
    ('Fig. 2', 'Appendix A.3', '')
    """
    found = _FIGURE.match(place)
    return found[1][0].upper() + found[1][1:] if found else ""


def heading(card: Card) -> str:
    """The title of a study in plain text, after its figure in the paper if it has one."""
    return " · ".join(part for part in (label(card.place), card.title) if part)


def first_sentence(words: str) -> str:
    """Up to the first full stop before a capital letter: "Fig. 2" does not end a sentence.

    Examples
    --------
    >>> first_sentence("Which? The wider one, of Fig. 2. It is blue.")
    'Which? The wider one, of Fig. 2.'
    """
    found = _SENTENCE.match(words)
    return " ".join((found[0] if found else words).split())
