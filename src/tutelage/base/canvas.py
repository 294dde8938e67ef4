"""Axes that show themselves: the last expression of a notebook's cell becomes a picture, and no figure is left behind."""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure


class ShownFigure(Figure):
    """A figure that pyplot does not hold, so that nothing global is left, and that notebooks show as a picture."""

    def _repr_png_(self) -> bytes:
        return _png(self)


class ShownAxes(Axes):
    """Axes that notebooks show as the picture of their whole figure."""

    def _repr_png_(self) -> bytes:
        return _png(self.get_figure())


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    return stream.getvalue()


def axes_or_new(ax: Axes | None = None) -> Axes:
    """``ax`` itself, or those of a new figure: the convention of every ``plot(ax=None, **style)``, which returns them.

    Examples
    --------
    >>> axes = axes_or_new()
    >>> axes_or_new(axes) is axes, axes._repr_png_()[:4]
    (True, b'\\x89PNG')
    """
    return (
        ShownFigure(figsize=(6, 4), layout="constrained").add_subplot(axes_class=ShownAxes)
        if ax is None
        else ax
    )
