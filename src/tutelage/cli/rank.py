"""Effective number of parameters: the exact, certified rank of the Hessian."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tutelage.cli.support import ActivationText

if TYPE_CHECKING:
    from tutelage.architecture import Architecture
    from tutelage.rank import RankResult


def rank(
    *,
    activation: ActivationText = "",
    d: Annotated[str, Parameter(name=("-d", "--d"))] = "",
    k: Annotated[str, Parameter(name=("-k", "--k"))] = "",
    widths: str = "",
    biases: bool = False,
    weights: Path | None = None,
    seed: int = 0,
    primes: int = 2,
    max_order: int = 200,
    method: str = "auto",
    json: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    plot: Path | None = None,
) -> int:
    """Count effective parameters exactly: of one network, of an architecture, or over a grid of sizes.

    Example: `tutelage rank --activation quadratic -d 1:12 -k 1:24 --plot ranks.png`

    Parameters
    ----------
    activation
        `linear`, `quadratic:alpha=0.7`, `polynomial:coefficients=0,1,-0.3`, `erf`, `relu`, ..., or a class of
        your own, `module:Class:key=value`. With --widths several, separated by `;`, one per hidden layer.
    d
        Input dimension, or a range `1:12` (both ends included) for a grid.
    k
        Hidden width, or a range.
    widths
        Layer sizes of an architecture, `6,6,1`: its generic rank.
    biases
        Biases on every layer of the architecture or grid.
    weights
        An npz file with `W` (k, d) and `a` (k,): the rank at these weights.
    seed
        Of the random teacher (one d, one k), and of primes and points.
    primes
        How many random primes near 2^31 must agree; fewer where one reaches an upper bound, which is a proof.
    max_order
        Largest Taylor order tried for analytic activations.
    method
        `auto`, `exact` or `numerical` (floating point; needed for irrational coefficients).
    json
        Write the numbers to this file (`-` prints them instead of the table).
    plot
        Of a grid: a heat map of rank / P with the threshold k = d; `.png`, `.pdf` or `.svg`.
    """
    from tutelage.base import check
    from tutelage.base.errors import InputError
    from tutelage.cli.support import FIGURE_SUFFIXES, check_output

    if json is not None:
        json = check_output(json, "rank --json")
    if plot is not None:
        plot = check_output(plot, "rank --plot", FIGURE_SUFFIXES)
    check.choice(method, "rank", "method", ("auto", "exact", "numerical"))
    options = {"primes": primes, "seed": seed, "max_order": max_order}
    is_grid = ":" in d or ":" in k
    if plot is not None and not is_grid:
        raise InputError("rank --plot: expected a grid of sizes; write -d 1:12 -k 1:24")
    if weights is not None or not (widths or is_grid or biases or method != "auto"):
        return _one_network(activation, d, k, weights, options, json)
    if not activation:
        raise InputError("rank: missing --activation; for example --activation quadratic")
    if is_grid:
        if widths:
            raise InputError(
                "rank: --widths is one architecture, a range in -d or -k a grid; give one of them"
            )
        return _grid(
            activation, _range(d, "-d"), _range(k, "-k"), biases, options | {"method": method}, json, plot
        )
    return _architecture(activation, d, k, widths, biases, options | {"method": method}, json)


def _one_network(
    activation: str, d: str, k: str, weights: Path | None, options: dict[str, Any], json: Path | None
) -> int:
    from tutelage.base.errors import InputError
    from tutelage.network_file import load_network
    from tutelage.rank import hessian_rank
    from tutelage.teachers import sample_teacher

    if weights is not None:
        if d or k:
            raise InputError("rank: --weights fixes d and k; leave -d and -k out")
        network = load_network(weights, activation or None)
    else:
        pairs = (("--activation", activation), ("-d", d), ("-k", k))
        if missing := [name for name, value in pairs if not value]:
            raise InputError(
                f"rank: missing {', '.join(missing)}; give them, --widths 6,6,1 or --weights FILE.npz"
            )
        network = sample_teacher(activation, _whole(d, "-d"), _whole(k, "-k"), options["seed"])
    result = hessian_rank(network, **options)
    head = {"activation": network.activation.spec, "d": network.d, "k": network.k, "seed": options["seed"]}
    if weights is not None:
        head["seed"] = None
    return _show(f"{network.activation.spec}, d = {network.d}, k = {network.k}", result, head, json)


def _architecture(
    activation: str, d: str, k: str, widths: str, biases: bool, options: dict[str, Any], json: Path | None
) -> int:
    from tutelage.base.errors import InputError
    from tutelage.rank import effective_parameters

    if widths and (d or k):
        raise InputError("rank: --widths fixes d and k; leave -d and -k out")
    sizes = tuple(_whole(part, "--widths") for part in widths.split(",")) if widths else (
        _whole(d, "-d"), _whole(k, "-k"), 1
    )  # fmt: skip
    architecture = _build(sizes, activation, biases)
    result = effective_parameters(architecture, **options)
    names = [s.spec for s in architecture.activations]
    head = {"widths": list(sizes), "activations": names, "biases": biases, "seed": options["seed"]}
    return _show(f"widths {', '.join(map(str, sizes))}; {'; '.join(names)}", result, head, json)


def _build(sizes: tuple[int, ...], activation: str, biases: bool) -> Architecture:
    from tutelage.architecture import Architecture

    parts = tuple(part.strip() for part in activation.split(";"))
    return Architecture(sizes, parts[0] if len(parts) == 1 else parts, biases)


def _grid(
    activation: str,
    d_range: range,
    k_range: range,
    biases: bool,
    options: dict[str, Any],
    json: Path | None,
    plot: Path | None,
) -> int:
    from tutelage.base import check
    from tutelage.cli.support import progress_bar, save_figure, write_json

    check.affordable(
        len(d_range) * len(k_range), "rank", "sizes in the grid of -d and -k", 1e4, "each takes a while"
    )
    results: list[list[RankResult]] = []
    with progress_bar("ranks", total=len(d_range) * len(k_range)) as advance:
        for d in d_range:
            results.append([])
            for k in k_range:
                results[-1].append(_rank_of((d, k, 1), activation, biases, options))
                advance()
    ranks = [[r.rank for r in row] for row in results]
    if json is not None:
        content = {
            "activation": activation,
            "biases": biases,
            "d": list(d_range),
            "k": list(k_range),
            "rank": ranks,
        }
        content |= {
            "n_params": [[r.n_params for r in row] for row in results],
            "upper_bound": [[r.upper_bound.value for r in row] for row in results],
            "formula": [[r.formula.value if r.formula else None for r in row] for row in results],
            "status": [[r.status for r in row] for row in results],
        }
        write_json(json, content)
    if plot is not None:
        from tutelage.studies.effective_parameters.figure import grid_figure

        save_figure(grid_figure(list(d_range), list(k_range), ranks, activation), plot)
    if str(json) != "-":
        _print_grid(activation, d_range, k_range, results)
    return 0


def _rank_of(sizes: tuple[int, ...], activation: str, biases: bool, options: dict[str, Any]) -> RankResult:
    from tutelage.rank import effective_parameters

    return effective_parameters(_build(sizes, activation, biases), **options)


def _print_grid(activation: str, d_range: range, k_range: range, results: list[list[RankResult]]) -> None:
    from tutelage.cli.support import print_table

    every = [r for row in results for r in row]
    known = [r for r in every if r.agrees is not None]
    proven = sum(r.is_proven for r in every)
    title = f"{activation}: rank; {proven} of {len(every)} proven"
    if known:
        title += f"; {sum(bool(r.agrees) for r in known)} of {len(known)} equal to the closed formula"
    rows = [[f"k = {k}", *(row[n].rank for row in results)] for n, k in enumerate(k_range)]
    print_table(title, ["", *(f"d = {d}" for d in d_range)], rows)


def _show(title: str, result: RankResult, head: dict[str, Any], json: Path | None) -> int:
    from tutelage.cli.support import print_table, write_json

    if json is not None:
        write_json(json, head | result.to_dict())
    if str(json) == "-":
        return 0
    rows: list[tuple[str, Any]] = [
        ("rank", result.rank),
        ("P", result.n_params),
        ("kind", "at these weights" if result.kind == "here" else "generic"),
        ("status", result.confidence),
        ("certified lower bound", f"{result.lower_bound.value} ({result.lower_bound.name})"),
        ("upper bound", f"{result.upper_bound.value} ({result.upper_bound.name})"),
    ]
    if result.formula is not None:
        word = "agrees" if result.agrees else "differs"
        rows.append(("closed generic formula", f"{result.formula.value} ({result.formula.name}): {word}"))
    if result.floating is not None:
        f = result.floating
        rows.append(("floating point", f"{f.rank} (tolerance {f.tolerance:.1e}, gap {f.gap:.1e})"))
        rows.append(("participation ratio", f"{f.participation:.4g} ({f.source})"))
    rows += [("note", note) for note in result.notes]
    print_table(title, ("", ""), rows)
    return 0


def _range(text: str, name: str) -> range:
    low, colon, high = text.partition(":")
    start = _whole(low, name)
    stop = _whole(high, name) if colon else start
    if stop < start:
        from tutelage.base.errors import InputError

        raise InputError(f"rank: expected {name} LOW:HIGH with LOW <= HIGH, got {text!r}; exchange them")
    return range(start, stop + 1)


def _whole(text: str, name: str) -> int:
    from tutelage.base.errors import InputError

    try:
        value = int(text)
    except ValueError:
        raise InputError(
            f"rank: expected a whole number for {name}, got {text!r}; for example 6 or 1:12"
        ) from None
    if value < 1:
        raise InputError(f"rank: expected {name} >= 1, got {value}; choose a larger size")
    return value
