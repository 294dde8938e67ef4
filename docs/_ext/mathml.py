"""Formulas as MathML, which browsers draw themselves: no script is loaded and nothing is fetched."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number


def _mathml(latex: str, display: str) -> str:
    text = re.sub(r"\\(?:operatorname\*?|mathrm)\{([^{}]*)\}", r"\\mathrm{\1}", latex.strip())
    try:
        return convert(text, display=display)
    except Exception as error:  # of any kind: the converter has none of its own
        raise ExtensionError(f"no MathML for {latex!r}: {error!r}") from error


def _inline(self: Any, node: nodes.math) -> None:
    self.body.append(_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(self: Any, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math-display"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})</span>')
    self.body.append(_mathml(node.astext(), "block") + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
