"""Eigenvalues of the Hessian at the optimum, with their multiplicities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tutelage.cli.support import ActivationText

if TYPE_CHECKING:
    from tutelage.network import Network
    from tutelage.spectra import Spectrum

_AT_ONCE = 64
"""Teachers between two steps of the progress bar."""

_EXACT_UP_TO = 1000
"""Largest P at which the exact rank is asked for without being told to: it costs about a second there."""


def spectrum(
    *,
    activation: ActivationText = "",
    d: Annotated[int | None, Parameter(name=("-d", "--d"))] = None,
    k: Annotated[int | None, Parameter(name=("-k", "--k"))] = None,
    seed: int = 0,
    realizations: int = 1,
    weight_law: str = "normal",
    weights: Path | None = None,
    biases: str = "",
    outputs: int = 1,
    inputs: str = "",
    model: str = "",
    data: Path | None = None,
    loss: str = "half_square",
    part: str = "whole",
    method: str = "auto",
    json: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    plot: Path | None = None,
    all: bool = False,
) -> int:
    """Print the exact spectrum of a random teacher's Hessian, of given weights, or of a model of your own on your data.

    Example: `tutelage spectrum --activation erf -d 10 -k 20 --plot erf.png`

    Example: `tutelage spectrum --model mine:trained --data data.npz`

    Parameters
    ----------
    activation
        `linear`, `quadratic:alpha=0.7`, `polynomial:coefficients=0,1,-0.3`, `erf:scale=1`, `relu`, `tanh`, ...,
        or a class of your own, `module:Class:key=value`.
    d
        Input dimension.
    k
        Hidden width.
    seed
        Of the random teachers.
    realizations
        Number of independent teachers.
    weight_law
        `normal`, `uniform`, `rademacher`, `laplace`, `student_t:nu=3`, `cauchy`; scaled to variance 1/fan-in.
    weights
        An npz file with `W` (k, d), `a` (k,) or (m, k), and biases `b` and `c` if any, instead of random teachers.
    biases
        Law of random biases, as `--weight-law`: hidden ones of variance 1/d, output ones of variance 1/k. None by default.
    outputs
        Number m of outputs of the random teachers.
    inputs
        Law of the inputs: `spiked:strength=5,count=2`, `power_law:exponent=1`, or an npz file with `mean` (d,) and
        `covariance` (d, d). Standard normal by default.
    model
        `module:function` in the current folder or on Python's path; it is called and returns `(apply, params)`, a JAX
        function of a batch and its pytree.
    data
        An npz file with `X` and `y`, for `--model`.
    loss
        `half_square` or `cross_entropy`, for `--model`.
    part
        `whole`, or `outer` for the Gauss-Newton part, for `--model`.
    method
        `auto`, `symmetry`, `function_space`, `dense`, `extended` (relative accuracy for the smallest), `lanczos` (the
        largest) or `slq` (a density).
    json
        Write the numbers to this file (`-` prints them instead of the table).
    plot
        Write a figure with logarithmic axes: `.png`, `.pdf` or `.svg`.
    all
        Print a row for every one of many teachers, not their summary.
    """
    from tutelage.base import check
    from tutelage.cli.spectrum_views import draw, print_spectra
    from tutelage.cli.support import FIGURE_SUFFIXES, check_output, write_json
    from tutelage.spectra.solve import METHODS

    if json is not None:
        json = check_output(json, "spectrum --json")
    if plot is not None:
        plot = check_output(plot, "spectrum --plot", FIGURE_SUFFIXES)
    check.choice(method, "spectrum", "method", METHODS)
    check.integer(realizations, "spectrum", "realizations")
    if model or data is not None:
        given = {"--activation": activation, "-d": d, "-k": k, "--weights": weights}
        _require_none(given, "the model has its own")
        return _of_model(model, data, loss, part, method, seed, json, plot)
    networks = _networks(activation, d, k, seed, realizations, weight_law, weights, biases, outputs)
    found, degenerate = _solved(list(networks), inputs, method)
    # The exact rank is that of inputs that see every direction, whatever their law (science 9b).
    drawn = None if weights is not None else seed
    records = [_record(*pair, seed=drawn, exact=not degenerate) for pair in found]
    if json is not None:
        write_json(json, records[0] if realizations == 1 else _gathered(records))
    if plot is not None:
        draw(found, plot)
    if str(json) != "-":
        print_spectra(found, records, every=all)
    return 0


def _solved(networks: list[Network], inputs: str, method: str) -> tuple[list[tuple[Network, Spectrum]], bool]:
    """Every network with its spectrum; whether the inputs miss a direction."""
    from tutelage.cli.support import progress_bar
    from tutelage.input_families import parse_inputs
    from tutelage.population import Problem
    from tutelage.spectra import spectrum, spectrum_many

    law = parse_inputs(inputs, networks[0].d)
    problems = [Problem(network, law) for network in networks]
    # One network alone needs no batch, whose tables would be compiled for it.
    solve = spectrum_many if len(problems) > 1 else lambda some, method: [spectrum(some[0], method)]
    found: list[Spectrum] = []
    with progress_bar("spectra", total=len(problems)) as advance:
        for start in range(0, len(problems), _AT_ONCE):
            some = problems[start : start + _AT_ONCE]
            found += solve(some, method)
            advance(len(some))
    return list(zip(networks, found, strict=True)), law.is_degenerate


def _of_model(
    model: str,
    data: Path | None,
    loss: str,
    part: str,
    method: str,
    seed: int,
    json: Path | None,
    plot: Path | None,
) -> int:
    from tutelage.base import check
    from tutelage.cli.spectrum_model import PARTS, model_problem, model_record, solve_model
    from tutelage.cli.spectrum_views import rows_of
    from tutelage.cli.support import print_table, save_figure, write_json

    check.choice(part, "spectrum", "part", PARTS)
    problem = model_problem(model, data, loss)
    found = solve_model(problem, part, method, seed)
    record = model_record(model, problem, part, found)
    if json is not None:
        write_json(json, record)
    if plot is not None:
        axes = found.plot()
        axes.set_title(f"{model}, P = {found.n_params}, n = {problem.n_samples}")
        save_figure(axes.figure, plot)
    if str(json) != "-":
        title = f"{model}, P = {found.n_params}, n = {problem.n_samples}; loss {record['loss']:.6g}; {found.method}"
        if "rank" in record:
            title += f"; rank {record['rank']} (gap {record['rank_gap']:.1e})"
        print_table(title, ("eigenvalue", "multiplicity", "error"), list(rows_of(found)))
    return 0


def _require_none(given: dict[str, object], why: str) -> None:
    from tutelage.base.errors import InputError

    for name, value in given.items():
        if value not in ("", None):
            raise InputError(f"spectrum: expected no {name} beside --model, got {value!r}; {why}")


def _networks(
    activation: str,
    d: int | None,
    k: int | None,
    seed: int,
    realizations: int,
    weight_law: str,
    weights: Path | None,
    biases: str,
    outputs: int,
) -> Iterator[Network]:
    """The network of the file, or the random teachers; arguments that contradict each other are refused."""
    from tutelage.base import check
    from tutelage.base.errors import InputError
    from tutelage.network_file import load_network
    from tutelage.teachers import sample_teacher

    if weights is not None:
        if realizations != 1:
            raise InputError("spectrum: --weights holds one network; expected --realizations 1")
        if biases or outputs != 1:
            raise InputError(
                "spectrum: --weights holds its own biases and outputs; leave --biases and --outputs out"
            )
        network = load_network(weights, activation or None)
        for name, asked, got in (("-d", d, network.d), ("-k", k, network.k)):
            if asked is not None and asked != got:
                raise InputError(
                    f"spectrum: {name} {asked} contradicts the {got} of {str(weights)!r}; leave it out"
                )
        yield network
        return
    missing = [
        name for name, value in (("--activation", activation), ("-d", d), ("-k", k)) if value in ("", None)
    ]
    if missing:
        raise InputError(f"spectrum: missing {', '.join(missing)}; give them, or --weights FILE.npz")
    d, k = check.integer(d, "spectrum", "d"), check.integer(k, "spectrum", "k")
    check.fits_in_memory(
        24.0 * (d * k + k * k), "spectrum", f"a network with P = {d * k + k} parameters",
        f"k = {int(0.9 * check.available_bytes() / 24 / (d + k))} at this d", "choose a smaller d or k",
    )  # fmt: skip
    check.fits_in_memory(
        96.0 * realizations * (d * k + k), "spectrum", f"{realizations} spectra of {d * k + k} eigenvalues",
        f"--realizations {int(0.9 * check.available_bytes() / 96 / (d * k + k))}", "use `tutelage sweep run`",
    )  # fmt: skip
    for realization in range(realizations):
        yield sample_teacher(activation, d, k, seed, weight_law, realization, biases, outputs)


def _record(network: Network, spectrum: Spectrum, seed: int | None, exact: bool) -> dict[str, Any]:
    """One network's numbers under the documented JSON keys; a rank says where it comes from."""
    return {
        "activation": network.activation.spec,
        "d": network.d,
        "k": network.k,
        "seed": seed,
        "n_params": spectrum.n_params,
        "method": spectrum.method,
        **_rank(network, spectrum, exact),
        "eigenvalues": spectrum.values,
        "multiplicities": spectrum.multiplicities,
        "errors": spectrum.errors,
    }


def _rank(network: Network, spectrum: Spectrum, exact: bool) -> dict[str, Any]:
    """Structural or exact where there is one; else the floating-point count with its tolerance and gap."""
    if spectrum.rank is not None:
        return {"rank": spectrum.rank, "rank_kind": "structural"}
    found = _exact_rank(network) if exact else None
    if found is not None:
        return found
    estimate = spectrum.numerical_rank()
    return {
        "rank": estimate.rank,
        "rank_kind": "floating point",
        "rank_tolerance": estimate.tolerance,
        "rank_gap": estimate.gap,
    }


def _exact_rank(network: Network) -> dict[str, Any] | None:
    """By exact arithmetic modulo primes, where the activation and the size allow it."""
    from tutelage.base.errors import InputError
    from tutelage.rank import hessian_rank

    if network.n_params > _EXACT_UP_TO:
        return None
    try:
        found = hessian_rank(network, floating=False)
    except InputError:
        return None
    if found.status not in ("proven", "probabilistic"):
        return None
    kind = "exact" if found.is_proven else f"exact, wrong with probability {found.failure_probability:.0e}"
    return {"rank": found.rank, "rank_kind": kind}


def _gathered(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Several teachers: what they share once, the rest as a list."""
    shared = ("activation", "d", "k", "seed", "n_params")
    return {name: records[0][name] for name in shared} | {
        "realizations": [{"realization": i, **record} for i, record in enumerate(records)]
    }
