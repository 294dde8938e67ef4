"""The figures of the README, from the studies: ``python docs/gallery.py`` writes docs/images/*.png."""

import re
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.cli.support import save_figure
from tutelage.studies import study_class
from tutelage.studies.runner import run_study

FIGURES = ("fig2", "fig4", "fig5")
FOLDER = Path(__file__).parent / "images"


def first_picture() -> Figure:
    """The figure that the README's first lines draw."""
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    namespace: dict[str, Axes] = {}
    exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], namespace)
    figure = namespace["axes"].figure
    assert isinstance(figure, Figure)
    return figure


def main() -> None:
    """Quick sizes, through the store, small enough for a README."""
    FOLDER.mkdir(exist_ok=True)
    save_figure(first_picture(), FOLDER / "four_spectra.png", dpi=90)
    for name in FIGURES:
        run = run_study(study_class(name).quick())
        save_figure(run.study.draw(run.dataset), FOLDER / f"{name}.png", dpi=90)
        print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
