"""One histogram per weight law under the law of normal weights."""

from tutelage.studies.shared.weight_laws_figure import draw as draw
