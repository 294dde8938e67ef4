"""Studies: one file per figure of the paper or question; each computes a dataset and judges its claims."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

from tutelage.base.check import nearest
from tutelage.base.errors import InputError

if TYPE_CHECKING:
    from tutelage.studies.base import Study

_STUDIES: dict[str, str] = {
    "fig1": "tutelage.studies.setup:Setup",
    "fig2": "tutelage.studies.linear_spectrum:LinearSpectrum",
    "fig3": "tutelage.studies.near_optimum:NearOptimum",
    "learning_curves": "tutelage.studies.learning_curves:LearningCurves",
    "fig4": "tutelage.studies.quadratic_spectrum:QuadraticSpectrum",
    "fig5": "tutelage.studies.erf_spectrum:ErfSpectrum",
    "fig6": "tutelage.studies.hidden_block:HiddenBlock",
    "fig7": "tutelage.studies.readout_block:ReadoutBlock",
    "fig8": "tutelage.studies.other_weights:WideWeights",
    "fig9": "tutelage.studies.other_weights:NarrowWeights",
    "effective_parameters": "tutelage.studies.effective_parameters:EffectiveParameters",
    "appendix-a3": "tutelage.studies.eigenvectors:Eigenvectors",
    "appendix-d": "tutelage.studies.information:Information",
    "sampled": "tutelage.studies.sampled_hessian:SampledHessian",
    "compare": "tutelage.studies.compare:Compare",
    "recovery": "tutelage.studies.recovery_curves:RecoveryCurves",
    "recovery-map": "tutelage.studies.recovery_map:RecoveryMap",
    "recovery-rates": "tutelage.studies.recovery_rates:RecoveryRates",
    "two-papers": "tutelage.studies.two_papers:TwoPapers",
}
"""Name -> "module:Class", in the order of the report."""


def available() -> dict[str, str]:
    """The studies whose module is there, without importing any."""
    return {
        name: path
        for name, path in _STUDIES.items()
        if importlib.util.find_spec(path.partition(":")[0]) is not None
    }


def study_class(name: str) -> type[Study]:
    """The class of a study by its name.

    Raises
    ------
    InputError
        Unknown name; the nearest is named.
    """
    known = available()
    if name not in known:
        raise InputError(f"study: unknown name {name!r}; {nearest(name, known)}")
    module, _, attribute = known[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


__all__ = ["available", "study_class"]
