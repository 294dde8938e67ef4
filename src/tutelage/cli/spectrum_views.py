"""What `tutelage spectrum` draws and prints of the spectra of teachers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutelage.cli.support import print_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tutelage.network import Network
    from tutelage.spectra import Spectrum

_SHOWN = 12
"""Values printed at either end of a long list."""

_ROWS = 8
"""Teachers up to which each has a row and a line of its own; more are summarised."""


def draw(found: list[tuple[Network, Spectrum]], path: Path) -> None:
    from tutelage.cli.support import save_figure

    network, first = found[0]
    if len(found) > _ROWS:
        axes = _bands([spectrum for _, spectrum in found])
    else:
        axes = first.plot()
        for _, spectrum in found[1:]:
            spectrum.plot(axes)
    title = f"{network.activation.spec}, d = {network.d}, k = {network.k}, P = {network.n_params}"
    axes.set_title(title if len(found) == 1 else f"{title}, {len(found)} teachers")
    save_figure(axes.figure, path)


def _bands(spectra: list[Spectrum]) -> Axes:
    """Density of the eigenvalues above zero on a logarithmic axis: the mean over teachers, and bands of quantiles."""
    import numpy as np

    from tutelage.base.canvas import axes_or_new

    each = [(s.values[s.values > s.errors], s.multiplicities[s.values > s.errors]) for s in spectra]
    ends = min(v[0] for v, _ in each), max(v[-1] for v, _ in each)
    edges = np.geomspace(ends[0] * (1 - 1e-9), ends[1] * (1 + 1e-9), 41)
    shares = np.stack([np.histogram(v, edges, weights=m / m.sum())[0] for v, m in each])
    axes = axes_or_new()
    for low, high, name in ((0.05, 0.95, "5 to 95 % of teachers"), (0.25, 0.75, "25 to 75 %")):
        bottom, top = np.quantile(shares, (low, high), axis=0)
        axes.fill_between(
            edges,
            *(np.append(q, q[-1]) for q in (bottom, top)),
            step="post",
            alpha=0.3,
            label=name,
            color="C0",
        )
    axes.stairs(shares.mean(axis=0), edges, color="C0", linewidth=1.8, label="mean")
    axes.set(xscale="log", xlabel="eigenvalue of the Hessian", ylabel="share of the eigenvalues above zero")
    axes.legend()
    return axes


def _summary(
    found: list[tuple[Network, Spectrum]], records: list[dict[str, Any]]
) -> Iterator[tuple[str, ...]]:
    """Mean with its standard error, and quantiles, of what a row would show."""
    from tutelage.base.average import QUANTILES, average

    spectra = [spectrum for _, spectrum in found]
    quantities = {
        "rank": [record["rank"] for record in records],
        "smallest > 0": [s.min_positive() for s in spectra],
        "largest": [s.values[-1] for s in spectra],
        "trace": [s.trace() for s in spectra],
    }
    for name, values in quantities.items():
        shown = average(float, values)
        middle = f"{float(shown.mean):.5g} ± {float(shown.error):.1g}"
        yield name, middle, *(f"{q:.4g}" for q in shown.quantile(QUANTILES))


def print_spectra(found: list[tuple[Network, Spectrum]], records: list[dict[str, Any]], every: bool) -> None:
    """The largest and smallest values of one spectrum, a line per teacher, or a summary of many."""
    network, spectrum = found[0]
    title = f"{network.activation.spec}, d = {network.d}, k = {network.k}, P = {spectrum.n_params}"
    if len(found) > _ROWS and not every:
        columns = ("", "mean ± s.e.", "5 %", "25 %", "median", "75 %", "95 %")
        print_table(
            f"{title}: {len(found)} teachers (--all: a row each)",
            columns,
            list(_summary(found, records)),
            ("5 %", "95 %", "25 %", "75 %"),
        )
        return
    if len(found) > 1:
        rows = [
            (i, record["method"], _rank_text(record), s.min_positive(), s.values[-1].item(), s.trace())
            for i, ((_, s), record) in enumerate(zip(found, records, strict=True))
        ]
        print_table(
            title,
            ("teacher", "method", "rank", "smallest > 0", "largest", "trace"),
            rows,
            ("trace", "method"),
        )
        return
    print_table(
        f"{title}; {spectrum.method}; rank {_rank_text(records[0])}; trace {spectrum.trace():.10g}",
        ("eigenvalue", "multiplicity", "error"),
        list(rows_of(spectrum)),
    )


def rows_of(spectrum: Spectrum) -> Iterator[tuple[str, str, str]]:
    n = spectrum.values.size
    for i in reversed(range(n)):
        if n <= 2 * _SHOWN or i >= n - _SHOWN or i < _SHOWN:
            yield f"{spectrum.values[i]:.12g}", str(spectrum.multiplicities[i]), f"{spectrum.errors[i]:.1e}"
        elif i == n - _SHOWN - 1:
            yield "...", f"{int(spectrum.multiplicities[_SHOWN : n - _SHOWN].sum())} more", ""


def _rank_text(record: dict[str, Any]) -> str:
    if record["rank_kind"] != "floating point":
        return f"{record['rank']} ({record['rank_kind']})"
    return f"{record['rank']} (tolerance {record['rank_tolerance']:.1e}, gap {record['rank_gap']:.1e})"
