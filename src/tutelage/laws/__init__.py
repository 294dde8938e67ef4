"""Probability laws of Hessian spectra: one vocabulary (``pdf cdf sf ppf rvs ...``), atoms included."""

from tutelage.laws.base import Law
from tutelage.laws.chi_square import ChiSquare
from tutelage.laws.convolution import Convolution
from tutelage.laws.distance import Distance, KolmogorovSmirnov, one_per_teacher, pooled_distance
from tutelage.laws.linear_network import FiniteLinearNetwork, LinearNetwork
from tutelage.laws.marchenko_pastur import MarchenkoPastur
from tutelage.laws.mixture import Mixture
from tutelage.laws.point_mass import PointMass
from tutelage.laws.wishart import Wishart

__all__ = [
    "ChiSquare",
    "Convolution",
    "Distance",
    "FiniteLinearNetwork",
    "KolmogorovSmirnov",
    "Law",
    "LinearNetwork",
    "MarchenkoPastur",
    "Mixture",
    "PointMass",
    "Wishart",
    "one_per_teacher",
    "pooled_distance",
]
