"""Spectra: eigenvalues with multiplicities and error bars, by the cheapest exact method."""

from tutelage.base.numerical_rank import NumericalRank
from tutelage.spectra.choose import Explanation, explain_method
from tutelage.spectra.eigensystem import Eigensystem, eigensystem, linear_eigensystem
from tutelage.spectra.many import spectrum_many
from tutelage.spectra.result import Spectrum
from tutelage.spectra.solve import spectrum
from tutelage.spectra.stochastic_lanczos import spectral_density
from tutelage.spectra.trace import estimate_frobenius_norm, estimate_trace

__all__ = [
    "Eigensystem", "Explanation", "NumericalRank", "Spectrum", "eigensystem", "estimate_frobenius_norm", "estimate_trace",
    "explain_method", "linear_eigensystem", "spectral_density", "spectrum", "spectrum_many",
]  # fmt: skip
