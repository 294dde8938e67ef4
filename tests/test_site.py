"""The documentation site can show all there is: every formula as MathML, every public name on a page, every page in a list."""

import importlib.util
import re
from pathlib import Path

import pytest

import tutelage

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))


def _formulas(text):
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL) + re.findall(
        r"(?<![\\$])\$([^$\n]+(?:\n[^$\n]+)?)\$", text
    )


@pytest.mark.parametrize(
    "page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.relative_to(DOCS).as_posix()
)
def test_every_formula_of_a_page_has_a_mathml_form(page):
    convert = pytest.importorskip("latex2mathml.converter").convert
    for formula in _formulas(page.read_text(encoding="utf-8")):
        assert "<math" in convert(formula)


def test_every_page_is_in_a_list():
    listed = set()
    for page in DOCS.rglob("*.md"):
        for names in re.findall(
            r"^```\{toctree\}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        ):
            lines = [line.strip() for line in names.splitlines() if line.strip() and not line.startswith(":")]
            listed |= {(page.parent / line).resolve().relative_to(DOCS).as_posix() for line in lines}
    written = {"api/index", "contributing", "changelog", "benchmarks"}  # when the site is built
    pages = (
        {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")}
        - written
        - {"index"}
    )
    assert {name for name in pages if not name.startswith(("api/", "_build"))} <= listed
    assert listed <= pages | written


def test_the_reference_holds_every_public_name():
    spec = importlib.util.spec_from_file_location("pages_of_the_site", DOCS / "_ext" / "pages.py")
    assert spec is not None and spec.loader is not None
    pytest.importorskip("sphinx")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shown = {name for names in module.public_names().values() for name in names}
    public = {name for name in dir(tutelage) if not name.startswith("_")} - set(tutelage._ROOMS.split())
    assert public <= shown


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_is_a_notebook_with_pictures_or_numbers(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith("---\nfile_format: mystnb\n")
    assert len(re.findall(r"^```\{code-cell\}$", text, re.MULTILINE)) >= 2
