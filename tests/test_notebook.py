"""An executed notebook: every cell that ends with a plot holds a picture, and every value shows as HTML."""

import nbformat
import pytest
from nbclient import NotebookClient

FIRST = """import tutelage, matplotlib
teacher = tutelage.sample_teacher("erf", d=3, k=2, seed=0)
spectrum, measure = tutelage.spectrum(teacher), tutelage.spectral_measure(teacher, start=1e-3)"""

PLOTS = (
    "spectrum.plot()",
    "tutelage.predict_loss(measure, [0.0, 1.0, 10.0]).plot()",
    "tutelage.overlay(tutelage.predict_loss(measure, [0.0, 1.0, 10.0]))",
    "tutelage.laws.LinearNetwork(d=4, k=2).plot()",
    "tutelage.Measure([1.0, 2.0], [0.25, 0.75]).plot()",
    "from tutelage.plotting.style import panels\npanels(2)[0]",
)
TABLES = (
    "spectrum",
    "measure",
    "teacher",
    "tutelage.timescales(teacher)",
    "tutelage.hessian_rank(teacher)",
    "tutelage.Problem(teacher)",
)


@pytest.fixture(scope="module")
def cells():
    """Code of a cell -> its outputs, run by one kernel."""
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in (FIRST, *PLOTS, *TABLES)]
    )
    NotebookClient(book, timeout=300, kernel_name="python3").execute()
    return {cell.source: cell.outputs for cell in book.cells}


@pytest.mark.slow
def test_every_plot_is_one_picture_and_every_value_a_table(cells):
    for code in PLOTS:
        assert sum("image/png" in output.get("data", {}) for output in cells[code]) == 1, code
    for code in TABLES:
        assert any("<" in output.get("data", {}).get("text/html", "") for output in cells[code]), code
