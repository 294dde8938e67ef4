"""The figures of the README, from the studies: ``python docs/gallery.py`` writes docs/images/*.png."""

from pathlib import Path

from tutelage.cli.support import save_figure
from tutelage.studies import study_class
from tutelage.studies.runner import run_study

FIGURES = ("fig2", "fig4", "fig5")
FOLDER = Path(__file__).parent / "images"


def main() -> None:
    """Quick sizes, through the store, small enough for a README."""
    FOLDER.mkdir(exist_ok=True)
    for name in FIGURES:
        run = run_study(study_class(name).quick())
        save_figure(run.study.draw(run.dataset), FOLDER / f"{name}.png", dpi=90)
        print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
