"""The quadratic recovery problem of Sarao Mannelli, Vanden-Eijnden and Zdeborová (2020): landscape, recovery, rates."""

from tutelage.quadratic.descent import matrix_descent, weight_descent
from tutelage.quadratic.flow import Trajectory, inverse_flow, matrix_flow, weight_flow
from tutelage.quadratic.hessian import NumericalRank, sampled_hessian_rank, weight_hessian
from tutelage.quadratic.losses import (
    empirical_gradient,
    empirical_loss,
    population_gradient,
    population_loss,
    relative_error,
    weight_gradient,
)
from tutelage.quadratic.rates import LateDecay, exponential_rate, late_decay, late_time_constant
from tutelage.quadratic.solver import Minimised, minimise
from tutelage.quadratic.teacher import (
    QuadraticTeacher,
    as_network,
    matrix_of,
    sample_inputs,
    sample_quadratic_teacher,
    sample_start,
)
from tutelage.quadratic.thresholds import (
    StatisticalDimension,
    critical_samples,
    effective_parameters_frozen,
    statistical_dimension,
    statistical_dimension_limit,
)
from tutelage.quadratic.uniqueness import Certificate, certify_batch, certify_uniqueness

__all__ = [
    "Certificate",
    "LateDecay",
    "Minimised",
    "NumericalRank",
    "QuadraticTeacher",
    "StatisticalDimension",
    "Trajectory",
    "as_network",
    "certify_batch",
    "certify_uniqueness",
    "critical_samples",
    "effective_parameters_frozen",
    "empirical_gradient",
    "empirical_loss",
    "exponential_rate",
    "inverse_flow",
    "late_decay",
    "late_time_constant",
    "matrix_descent",
    "matrix_flow",
    "matrix_of",
    "minimise",
    "population_gradient",
    "population_loss",
    "relative_error",
    "sample_inputs",
    "sample_quadratic_teacher",
    "sample_start",
    "sampled_hessian_rank",
    "statistical_dimension",
    "statistical_dimension_limit",
    "weight_descent",
    "weight_flow",
    "weight_gradient",
    "weight_hessian",
]
