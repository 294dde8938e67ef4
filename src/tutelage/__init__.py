"""tutelage: exact Hessian spectra, ranks and learning curves of student networks near their teacher.

Names are imported on first use, so that ``import tutelage`` and ``tutelage --help`` stay quick (JAX costs 0.7 s).
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC: dict[str, tuple[str, ...]] = {
    "tutelage.activations": (
        *(
            "Abs",
            "Activation",
            "Cos",
            "Erf",
            "Exp",
            "GaussianBump",
            "Gelu",
            "LeakyRelu",
            "Linear",
            "NormalCdf",
        ),
        *("Numerical", "Polynomial", "Quadratic", "Relu", "Sigmoid", "Silu", "Sin", "Softplus", "Tanh"),
        "parse_activation",
    ),
    "tutelage.inputs": ("GaussianInputs",),
    "tutelage.layout": ("Layout",),
    "tutelage.network": ("Architecture", "Network", "sample_teacher"),
    "tutelage.network_file": ("load_network", "save_network"),
    "tutelage.measure": ("Integral", "Measure"),
    "tutelage.operators": ("LossHessian", "SymmetricOperator"),
    "tutelage.empirical": ("fisher", "ntk"),
    "tutelage.population": ("Problem", "hessian_at_optimum"),
    "tutelage.problem": ("AbstractProblem",),
    "tutelage.rank": ("compress", "effective_parameters", "equivalent", "hessian_rank"),
    "tutelage.base.errors": ("InputError",),
    "tutelage.dynamics": (
        "Curve",
        "NoisyTeacher",
        "diagnose",
        "predict_loss",
        "readouts",
        "simulate",
        "spectral_measure",
    ),
    "tutelage.source": ("hessian_of",),
    "tutelage.store": ("Store", "load_dataset", "provenance", "save_dataset"),
    "tutelage.spectra": (
        "Eigensystem",
        "Spectrum",
        "eigensystem",
        "explain_method",
        "spectral_density",
        "spectrum",
    ),
}
_ROOMS = ("dynamics", "empirical", "laws", "quadratic", "rank", "studies", "sweep")
"""Packages reached as ``tutelage.laws`` after ``import tutelage`` alone."""

_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = [*sorted(_MODULE_OF), *_ROOMS, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(importlib.import_module(_MODULE_OF[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"tutelage.{name}")
    raise AttributeError(f"module 'tutelage' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(__all__) | set(globals()))
