"""tutelage: exact Hessian spectra, ranks and learning curves of student networks near their teacher.

Names are imported on first use, so that ``import tutelage`` and ``tutelage --help`` stay quick (JAX costs 0.7 s).
"""

import importlib  # nothing else: `python -m tutelage` has the current folder on its path until __main__ takes it off

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
    "tutelage.network": ("Architecture", "Network", "load_network", "sample_teacher", "save_network"),
    "tutelage.measure": ("Integral", "Measure"),
    "tutelage.operators": ("HessianOperator",),
    "tutelage.empirical": ("fisher", "ntk"),
    "tutelage.population": ("Problem", "StandardNormal", "hessian_at_optimum"),
    "tutelage.rank": ("compress", "effective_parameters", "equivalent", "hessian_rank"),
    "tutelage.base.errors": ("InputError",),
    "tutelage.dynamics": (
        "Curve",
        "NoisyTeacher",
        "diagnose",
        "predict_loss",
        "timescales",
        "simulate",
        "spectral_measure",
    ),
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


def __getattr__(name: str):
    if name in _MODULE_OF:
        return getattr(importlib.import_module(_MODULE_OF[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"tutelage.{name}")
    raise AttributeError(f"module 'tutelage' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(__all__) | set(globals()))
