"""A law of eigenvalues: its moments, quantiles and atoms, drawn and sampled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from tutelage.laws import Law

LAWS: dict[str, tuple[str, str, dict[str, str]]] = {
    "chi-square": ("ChiSquare", "", {"k": "dof"}),
    "marchenko-pastur": ("MarchenkoPastur", "", {"ratio": "ratio"}),
    "quadratic-bulk": ("quadratic_bulk", "", {"ratio": "ratio"}),
    "linear-network": ("LinearNetwork", "", {"d": "d", "k": "k"}),
    "finite-linear-network": ("FiniteLinearNetwork", "", {"d": "d", "k": "k"}),
    "odd-network": ("OddNetwork", "", {"activation": "activation", "d": "d", "k": "k"}),
    "quadratic-network": ("QuadraticNetwork", "", {"alpha": "alpha", "d": "d", "k": "k"}),
    "deep-linear": ("DeepLinear", "", {"widths": "widths"}),
    "sampled-hessian": ("SampledHessian", "spectrum", {"activation": "activation", "d": "d", "k": "k", "n": "n"}),
    "sampled-fixed-width": ("SampledFixedWidth", "network", {"activation": "activation", "d": "d", "k": "k", "n": "n"}),
    "tangent-kernel": ("TangentKernel", "", {"activation": "activation", "d": "d", "k": "k", "n": "n"}),
}  # fmt: skip
"""Name: what it is called in tutelage.laws, what it is made from first, and option: argument."""

_QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)


def law(
    name: str,
    /,
    *,
    activation: str | None = None,
    d: Annotated[int | None, Parameter(name=("-d", "--d"))] = None,
    k: Annotated[int | None, Parameter(name=("-k", "--k"))] = None,
    n: Annotated[int | None, Parameter(name=("-n", "--n"))] = None,
    ratio: float | None = None,
    alpha: float | None = None,
    widths: str | None = None,
    sample: int | None = None,
    seed: int = 0,
    plot: Path | None = None,
) -> int:
    """Print a law's mean, variance, support, atoms and quantiles; draw it, with a histogram of samples over it.

    Example: `tutelage law linear-network -d 10 -k 20 --sample 5000 --plot law.png`

    Parameters
    ----------
    name
        `chi-square`, `marchenko-pastur`, `quadratic-bulk`, `linear-network`, `finite-linear-network`, `odd-network`,
        `quadratic-network`, `deep-linear`, `sampled-hessian`, `sampled-fixed-width`, `tangent-kernel`.
    activation
        Of `odd-network`, `tangent-kernel`, `sampled-hessian` and `sampled-fixed-width`: `erf`, `tanh`, ...
    d
        Input dimension.
    k
        Hidden width; the degrees of freedom of `chi-square`.
    n
        Number of samples, of `sampled-hessian`, `sampled-fixed-width` and `tangent-kernel`.
    ratio
        Of `marchenko-pastur` and `quadratic-bulk`.
    alpha
        Of `quadratic-network`.
    widths
        Of `deep-linear`: `60,80,40`, the input dimension first.
    sample
        Draw so many numbers; their mean is printed, and a histogram is drawn over the law.
    seed
        Of the samples, and of the teacher of `sampled-hessian` and `sampled-fixed-width`.
    plot
        Write a figure: `.png`, `.pdf` or `.svg`.
    """
    from tutelage.base import check
    from tutelage.cli.support import FIGURE_SUFFIXES, check_output, print_table

    check.choice(name, "law", "name", LAWS)
    if plot is not None:
        plot = check_output(plot, "law --plot", FIGURE_SUFFIXES)
    given = dict(activation=activation, d=d, k=k, n=n, ratio=ratio, alpha=alpha, widths=widths)
    found = _made(name, {key: value for key, value in given.items() if value is not None}, seed)
    draws = None if sample is None else found.rvs(check.integer(sample, "law", "sample"), seed)
    print_table(name, ("", "value"), list(_rows(found, draws)))
    if plot is not None:
        _draw(found, draws, name, plot)
    return 0


def _made(name: str, given: dict[str, Any], seed: int) -> Law:
    """The law; options that it lacks, or that it does not know, are named."""
    from tutelage import laws
    from tutelage.base.errors import InputError

    factory, source, wanted = LAWS[name]
    wrong = [f"--{key}" for key in given.keys() ^ wanted.keys()]
    if wrong:
        raise InputError(
            f"law: {name} takes {', '.join('--' + key for key in wanted)}; missing or unknown: {', '.join(sorted(wrong))}"
        )
    if "widths" in given:
        given["widths"] = _widths(given["widths"])
    if source:
        from tutelage.spectra import spectrum
        from tutelage.teachers import sample_teacher

        teacher = sample_teacher(given["activation"], given["d"], given["k"], seed)
        return getattr(laws, factory)(spectrum(teacher) if source == "spectrum" else teacher, given["n"])
    return getattr(laws, factory)(**{wanted[key]: value for key, value in given.items()})


def _widths(text: str) -> list[int]:
    from tutelage.base.errors import InputError

    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise InputError(f"law: expected --widths like 60,80,40, got {text!r}")
    return [int(part) for part in parts]


def _rows(law: Law, draws: Any) -> list[tuple[str, Any]]:
    points, masses = law.atoms()
    rows: list[tuple[str, Any]] = [("mean", law.mean()), ("variance", law.var())]
    rows.append(("support", "{:.6g} to {:.6g}".format(*law.support())))
    rows += [
        (f"atom at {point:.6g}", float(mass)) for point, mass in zip(points[:10], masses[:10], strict=True)
    ]
    rows += [(f"quantile {p:g}", float(law.ppf(p))) for p in _QUANTILES]
    if draws is not None:
        rows.append((f"mean of {draws.size} samples", float(draws.mean())))
    return rows


_WIDE = 30
"""Ratio of the 99 % to the 1 % quantile of what is above zero from which on both axes are logarithmic."""


def _draw(law: Law, draws: Any, name: str, path: Path) -> None:
    import numpy as np
    from matplotlib.figure import Figure

    from tutelage.cli.support import save_figure
    from tutelage.plotting.style import BLACK, LIGHT, style

    zeros = float(law.cdf(0.0))
    low, first, last, high = law.ppf(zeros + np.array([0.0005, 0.01, 0.99, 0.9995]) * (1 - zeros))
    wide = first > 0 and last > _WIDE * first
    spaced = np.geomspace if wide else np.linspace
    with style():
        axes = Figure(figsize=(6, 4), layout="constrained").subplots()
        if draws is not None:
            shown = draws[~np.isin(draws, law.atoms()[0])]
            bins = spaced(shown.min(), shown.max(), 61)
            heights = np.histogram(shown, bins)[0] / (draws.size * np.diff(bins))
            axes.stairs(heights, bins, fill=True, color=LIGHT, label=f"{draws.size} samples")
            axes.legend()
        law.plot(axes, color=BLACK)
        middle = law.pdf(spaced(first, last, 200))
        finite = middle[np.isfinite(middle)]
        highest = max(float(np.quantile(finite, 0.98)), float(law.atoms()[1].max(initial=0.0)))
        axes.set(title=name, xlim=(low, high), ylim=(0, 1.3 * highest))
        if wide:
            likely = law.pdf(law.ppf(zeros + np.linspace(0.01, 0.99, 99) * (1 - zeros)))
            floor = 0.1 * float(likely[likely > 0].min())
            axes.set(xscale="log", yscale="log", ylim=(floor, 3 * highest))
        save_figure(axes.figure, path)
