"""Spectra: eigenvalues with multiplicities and error bars, by the cheapest exact method."""

from tutelage.spectra.result import NumericalRank, Spectrum

__all__ = ["NumericalRank", "Spectrum"]
