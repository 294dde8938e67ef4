"""The spectrum of a model of the user's own: what ``tutelage spectrum --model`` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutelage.base.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from tutelage.model import ModelProblem
    from tutelage.spectra import Spectrum

PARTS = ("whole", "outer")


def model_problem(model: str, data: Path | None, loss: str) -> ModelProblem:
    """The problem of ``module:function``, which returns (apply, params), on the arrays X and y of an npz file."""
    from tutelage.base.npz import read_arrays
    from tutelage.cli.support import say
    from tutelage.model import ModelProblem
    from tutelage.sweep.imports import source_file, user_function

    who = "spectrum --model"
    if ":" not in model:
        raise InputError(
            f"{who}: expected module:function, got {model!r}; the function returns (apply, params)"
        )
    if data is None:
        raise InputError(
            f"{who}: expected data beside the model, got none; give --data FILE.npz with X and y"
        )
    arrays = read_arrays(data, f"spectrum --data {str(data)!r}", "X and y")
    _require_data(arrays, data)
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)  # last, as for --activation
    made = user_function(model, (), who)()
    say(f"spectrum: {model} from {source_file(model, ())}", error=True)
    if not isinstance(made, tuple) or len(made) != 2:
        raise InputError(f"{who}: expected {model} to return (apply, params), got {type(made).__name__}")
    return ModelProblem(*made, arrays["X"], arrays["y"], loss)


def _require_data(arrays: Mapping[str, np.ndarray], data: Path) -> None:
    if set(arrays) != {"X", "y"}:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise InputError(
            f"spectrum --data {str(data)!r}: expected the arrays X and y, got {found}; save these two"
        )


def solve_model(problem: ModelProblem, part: str, method: str, seed: int) -> Spectrum:
    """All eigenvalues where a dense matrix is reasonable, the largest ones by Lanczos above."""
    from tutelage.spectra import spectrum
    from tutelage.spectra.choose import LANCZOS_FROM

    hessian = problem.hessian()
    operator = hessian.outer if part == "outer" else hessian
    if method == "auto" and operator.size > LANCZOS_FROM:
        method = "lanczos"
    return spectrum(operator, method, seed=seed)


def model_record(model: str, problem: ModelProblem, part: str, found: Spectrum) -> dict[str, Any]:
    """The numbers under their JSON keys."""
    record: dict[str, Any] = {
        "model": model,
        "n_samples": problem.n_samples,
        "loss": problem.loss(),
        "part": part,
        "n_params": found.n_params,
        "method": found.method,
        "eigenvalues": found.values,
        "multiplicities": found.multiplicities,
        "errors": found.errors,
    }
    if not found.is_complete or found.method == "slq":
        return record
    rank = found.numerical_rank()
    return record | {"rank": rank.rank, "rank_tolerance": rank.tolerance, "rank_gap": rank.gap}
