"""A report of two tiny studies and a broken one, built once for all tests of this folder."""

import dataclasses
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tutelage.store import Store
from tutelage.studies.hidden_block import HiddenBlock
from tutelage.studies.readout_block import ReadoutBlock

# Spawned workers import the jobs of the tests by name.
sys.path.insert(0, str(Path(__file__).parent))


class _Broken(HiddenBlock):
    card = dataclasses.replace(HiddenBlock.card, name="broken")

    def compute(self, progress=None):
        raise RuntimeError("no <such> thing")


_SMALL = {
    "fig7": SimpleNamespace(name="fig7", quick=lambda: ReadoutBlock(teachers=100, large=4)),
    "fig6": SimpleNamespace(name="fig6", quick=lambda: HiddenBlock(teachers=300, dense_teachers=2)),
    "broken": SimpleNamespace(name="broken", quick=_Broken),
}


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """(report, its folder, its store), with one study that fails."""
    from tutelage.report import build

    folder = tmp_path_factory.mktemp("report")
    store = Store(folder / "store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "study_class", _SMALL.__getitem__)
        return build.build_report(folder, list(_SMALL), store=store), folder, store


@pytest.fixture
def again(built, tmp_path):
    """``again(**options)`` builds the same report into a copy of its folder: (the report, the studies it ran)."""
    from tutelage.report import build

    _, folder, store = built
    copied = tmp_path / "report"
    for room in ("figures", "claims", "datasets"):
        shutil.copytree(folder / room, copied / room)
    finish = build._finish

    def rebuilt(small=_SMALL, **options):
        ran = []

        def counted(chosen, *arguments, **keywords):
            ran.append(chosen.name)
            return finish(chosen, *arguments, **keywords)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(build, "study_class", small.__getitem__)
            patch.setattr(build, "_finish", counted)
            report = build.build_report(copied, ["fig7", "fig6"], store=store, **options)
        assert (
            report.failures == {}
        )  # a study that failed has no receipt, and would only show up as run again
        return report, ran

    rebuilt.folder, rebuilt.small = copied, _SMALL
    return rebuilt
