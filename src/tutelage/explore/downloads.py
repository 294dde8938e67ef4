"""Buttons that write files in the browser, from what it already has: they work in a saved page too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bokeh.models import Button, ColumnDataSource, CustomJS, PreText
from bokeh.plotting import figure

_SAVE = """
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob); link.download = name; link.click();
}
"""

_CSV = """
const rows = ["line,x,y"];
for (const [name, source] of Object.entries(sources)) {
  const {x, y} = source.data;
  for (let i = 0; i < x.length; i++) rows.push(`${name},${x[i]},${y[i]}`);
}
save(new Blob([rows.join("\\n") + "\\n"], {type: "text/csv"}), "tutelage.csv");
"""

_CODE = """
save(new Blob([code.text], {type: "text/x-python"}), "tutelage_explorer.py");
"""

# The figures two by two on one white picture.
_PNG = """
const views = plots.map(plot => Bokeh.index.find_one(plot)).map(view => view.export("png").canvas);
const wide = Math.max(...views.map(c => c.width)), high = Math.max(...views.map(c => c.height));
const sheet = document.createElement("canvas");
sheet.width = 2 * wide; sheet.height = Math.ceil(views.length / 2) * high;
const pen = sheet.getContext("2d");
pen.fillStyle = "white"; pen.fillRect(0, 0, sheet.width, sheet.height);
views.forEach((c, i) => pen.drawImage(c, (i % 2) * wide, Math.floor(i / 2) * high));
sheet.toBlob(blob => save(blob, "tutelage.png"));
"""


def buttons(sources: Mapping[str, ColumnDataSource], plots: Sequence[figure], code: PreText) -> list[Button]:
    """PNG of the figures, CSV of their lines with all digits, and the program."""
    return [
        _button("PNG", _PNG, plots=list(plots)),
        _button("CSV", _CSV, sources=dict(sources)),
        _button("Python", _CODE, code=code),
    ]


def _button(label: str, script: str, **arguments: object) -> Button:
    button = Button(label=label, name=f"download-{label}", width=90)
    button.js_on_event("button_click", CustomJS(args=arguments, code=_SAVE + script))
    return button
