"""Probability laws of Hessian spectra: one vocabulary (``pdf cdf sf ppf rvs ...``), atoms included.

A law is one file in this folder and one line below.
"""

from tutelage.laws.base import Law as Law
from tutelage.laws.chi_square import ChiSquare as ChiSquare
from tutelage.laws.conditional import Nonzero as Nonzero
from tutelage.laws.convolution import Convolution as Convolution
from tutelage.laws.correlated_linear import CorrelatedLinear as CorrelatedLinear
from tutelage.laws.coupled_root import CoupledRoot as CoupledRoot
from tutelage.laws.deep_linear import DeepLinear as DeepLinear
from tutelage.laws.deep_linear import deep_linear_eigenvalues as deep_linear_eigenvalues
from tutelage.laws.distance import Distance as Distance
from tutelage.laws.distance import KolmogorovSmirnov as KolmogorovSmirnov
from tutelage.laws.distance import one_per_teacher as one_per_teacher
from tutelage.laws.distance import pooled_distance as pooled_distance
from tutelage.laws.known import law_of as law_of
from tutelage.laws.linear_network import FiniteLinearNetwork as FiniteLinearNetwork
from tutelage.laws.linear_network import LinearNetwork as LinearNetwork
from tutelage.laws.linear_network import linear_eigenvalues as linear_eigenvalues
from tutelage.laws.marchenko_pastur import MarchenkoPastur as MarchenkoPastur
from tutelage.laws.mixture import Mixture as Mixture
from tutelage.laws.odd_network import OddConstants as OddConstants
from tutelage.laws.odd_network import OddGroups as OddGroups
from tutelage.laws.odd_network import OddNetwork as OddNetwork
from tutelage.laws.odd_network import odd_constants as odd_constants
from tutelage.laws.outlier import largest_eigenvalue as largest_eigenvalue
from tutelage.laws.outlier import largest_step as largest_step
from tutelage.laws.outlier import mean_largest as mean_largest
from tutelage.laws.outlier import mean_trace as mean_trace
from tutelage.laws.point_mass import PointMass as PointMass
from tutelage.laws.quadratic_network import QuadraticGroups as QuadraticGroups
from tutelage.laws.quadratic_network import QuadraticNetwork as QuadraticNetwork
from tutelage.laws.readout_norm import Gaussian as Gaussian
from tutelage.laws.readout_norm import linear_network_of as linear_network_of
from tutelage.laws.readout_norm import squared_norm as squared_norm
from tutelage.laws.sampled_fixed_width import SampledFixedWidth as SampledFixedWidth
from tutelage.laws.sampled_hessian import SampledHessian as SampledHessian
from tutelage.laws.scaled import Scaled as Scaled
from tutelage.laws.tangent_kernel import TangentKernel as TangentKernel
from tutelage.laws.weighted_marchenko_pastur import WeightedMarchenkoPastur as WeightedMarchenkoPastur
from tutelage.laws.weighted_marchenko_pastur import quadratic_bulk as quadratic_bulk
from tutelage.laws.wishart import Wishart as Wishart
