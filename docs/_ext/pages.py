"""Pages that are written when the site is built: the API reference, one a package from the table of public names, so that
none can be forgotten, and the project's own files, whose links lead to pages here and on a code host alike."""

from __future__ import annotations

import importlib
import inspect
import os
import re
from pathlib import Path

from sphinx.application import Sphinx

import tutelage

_FOLDER = "api"
_ROOT = Path(__file__).parents[2]
_FILES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}
_LINK = re.compile(r"(?<=\]\()(?!\w+:)([^()\s#]+\.md)")


def _kind(value: object) -> str:
    if inspect.isclass(value):
        return "autoexception" if issubclass(value, BaseException) else "autoclass"
    return "autofunction" if callable(value) else "autodata"


def _page(package: str, names: list[str]) -> str:
    module = importlib.import_module(package)
    lines = [f"# {package}", "", f"```{{eval-rst}}\n.. automodule:: {package}\n   :no-members:\n```", ""]
    for name in names:
        kind = _kind(getattr(module, name))
        members = "\n   :members:" if kind == "autoclass" else ""
        lines += [f"## {name}", "", f"```{{eval-rst}}\n.. {kind}:: {package}.{name}{members}\n```", ""]
    return "\n".join(lines)


def public_names() -> dict[str, list[str]]:
    """Package -> the names that it and ``tutelage`` offer; a module of one file stands with its package."""
    found: dict[str, set[str]] = {}
    for package, names in tutelage._PUBLIC.items():
        found[package] = set(names.split())
    for name in tutelage._ROOMS.split():
        module = importlib.import_module(f"tutelage.{name}")
        found.setdefault(module.__name__, set()).update(getattr(module, "__all__", ()))
    return {package: sorted(names) for package, names in sorted(found.items()) if names}


def write(app: Sphinx) -> None:
    """The pages, and the list of them."""
    folder = Path(app.srcdir) / _FOLDER
    folder.mkdir(exist_ok=True)
    pages = {
        package.removeprefix("tutelage."): _page(package, names) for package, names in public_names().items()
    }
    listed = "\n".join(pages)
    index = (
        f"# API reference\n\nEvery public name, by room.\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    )
    for name, text in {**pages, "index": index}.items():
        _keep(folder / f"{name}.md", text)
    for source, page in _FILES.items():
        text = (_ROOT / source).read_text(encoding="utf-8")
        _keep(Path(app.srcdir) / page, _linked(text, (_ROOT / source).parent, Path(app.srcdir)))


def _keep(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _linked(text: str, here: Path, there: Path) -> str:
    """Links of a page that stood in the folder ``here`` and now stands ``there``; the project's files are pages."""

    def moved(found: re.Match[str]) -> str:
        target = (here / found[1]).resolve()
        root = os.path.relpath(target, _ROOT)
        target = _ROOT / "docs" / _FILES[root] if root in _FILES else target
        return os.path.relpath(target, there)

    return _LINK.sub(moved, text)


def _relink(app: Sphinx, name: str, source: list[str]) -> None:
    folder = (Path(app.srcdir) / name).parent
    source[0] = _linked(source[0], folder, folder)


def setup(app: Sphinx) -> dict[str, bool]:
    """Before the sources are read, and for each of them."""
    app.connect("builder-inited", write)
    app.connect("source-read", _relink)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
