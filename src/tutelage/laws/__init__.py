"""Probability laws of Hessian spectra: one vocabulary (``pdf cdf sf ppf rvs ...``), atoms included."""

from tutelage.laws.base import Law
from tutelage.laws.chi_square import ChiSquare
from tutelage.laws.conditional import Nonzero
from tutelage.laws.convolution import Convolution
from tutelage.laws.coupled_root import CoupledRoot
from tutelage.laws.distance import Distance, KolmogorovSmirnov, one_per_teacher, pooled_distance
from tutelage.laws.linear_network import FiniteLinearNetwork, LinearNetwork, linear_eigenvalues
from tutelage.laws.marchenko_pastur import MarchenkoPastur
from tutelage.laws.mixture import Mixture
from tutelage.laws.odd_network import OddConstants, OddGroups, OddNetwork, odd_constants
from tutelage.laws.point_mass import PointMass
from tutelage.laws.quadratic_network import QuadraticGroups, QuadraticNetwork
from tutelage.laws.readout import Gaussian, linear_network_of, squared_norm
from tutelage.laws.scaled import Scaled
from tutelage.laws.weighted_marchenko_pastur import WeightedMarchenkoPastur, quadratic_bulk
from tutelage.laws.wishart import Wishart

__all__ = [
    "ChiSquare",
    "Convolution",
    "CoupledRoot",
    "Distance",
    "FiniteLinearNetwork",
    "Gaussian",
    "KolmogorovSmirnov",
    "Law",
    "LinearNetwork",
    "MarchenkoPastur",
    "Mixture",
    "Nonzero",
    "OddConstants",
    "OddGroups",
    "OddNetwork",
    "PointMass",
    "QuadraticGroups",
    "QuadraticNetwork",
    "Scaled",
    "WeightedMarchenkoPastur",
    "Wishart",
    "linear_eigenvalues",
    "linear_network_of",
    "odd_constants",
    "one_per_teacher",
    "pooled_distance",
    "quadratic_bulk",
    "squared_norm",
]
