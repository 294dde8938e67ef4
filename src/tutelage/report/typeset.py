"""Plain words of studies -> HTML: escaping, subscripts, formulas, headings, places where a long name may break."""

from __future__ import annotations

import re

from latex2mathml.converter import convert
from markupsafe import Markup, escape

from tutelage.base.printable import printable
from tutelage.studies.card import Card

_LETTER = "A-Za-zα-ωΑ-Ω"
# One letter (squared, perhaps) or min/max before the underscore, so that names of files and studies are left alone.
_SUBSCRIPT = re.compile(
    rf"`([^`]+)`|(?<![{_LETTER}_])((?:[{_LETTER}]|min|max)²?)_((?:[A-Za-z]+|[0-9]+)(?![A-Za-z0-9_])|[α-ω*])"
)
_FIGURE = re.compile(r"\[C25\] (Fig\. \d+|appendix [A-Z](?:\.\d+)?)")


def text(value: object) -> Markup:
    """Escaped for HTML; what would act on the page instead of showing is written as its escape.

    Examples
    --------
    >>> str(text("k < d"))
    'k &lt; d'
    """
    return escape(printable(value, keep="\n"))


def prose(value: object) -> Markup:
    """Plain text with ``n_c`` as a subscript and a name in backticks as code.

    Examples
    --------
    >>> str(prose("n_c < d of learning_curves, `m_*`"))
    'n<sub>c</sub> &lt; d of learning_curves, <code>m_*</code>'
    """

    def typeset(found: re.Match[str]) -> str:
        return f"<code>{found[1]}</code>" if found[1] else f"{found[2]}<sub>{found[3]}</sub>"

    return Markup(_SUBSCRIPT.sub(typeset, str(text(value))))


def formula(line: str) -> Markup:
    """Words with LaTeX between dollars: the LaTeX as MathML, which browsers draw and read aloud.

    Examples
    --------
    >>> str(formula("mean $n_c < 1$")).count("<msub>"), formula("k < d")
    (1, Markup('k &lt; d'))
    """
    parts = line.split("$")
    return Markup("").join(_math(part) if i % 2 else prose(part) for i, part in enumerate(parts))


def _math(latex: str) -> Markup:
    try:
        return Markup(convert(printable(latex)))
    except (
        Exception
    ):  # latex2mathml raises what it likes; LaTeX that it cannot read is shown as it is written
        return text(latex)


def breaks(name: str) -> Markup:
    """A long name that may break after a dot or an underscore, and nowhere inside a word.

    Examples
    --------
    >>> str(breaks("rank.quadratic_count"))
    'rank.<wbr>quadratic_<wbr>count'
    """
    return Markup(re.sub(r"([._]+)(?=\w)", r"\1<wbr>", str(text(name))))


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
