"""The quadratic recovery problem of Sarao Mannelli, Vanden-Eijnden and Zdeborová (2020): landscape, recovery, rates."""

from tutelage.quadratic.bayes import Mmse, bayes_optimal_error, recovery_threshold, shrinkage_mmse
from tutelage.quadratic.bridge import Bridge, two_papers
from tutelage.quadratic.certificate import UniquenessCertificate
from tutelage.quadratic.convex import conic_value
from tutelage.quadratic.counts import UniqueCounts, sample_instances, unique_counts
from tutelage.quadratic.datasets import curve_dataset, full_map_dataset, map_dataset
from tutelage.quadratic.descent import matrix_descent, weight_descent
from tutelage.quadratic.feasible import FeasibleSize, feasible_size, feasible_sizes
from tutelage.quadratic.flow import Trajectory, inverse_flow, matrix_flow, weight_flow
from tutelage.quadratic.hessian import sampled_hessian_rank, weight_hessian
from tutelage.quadratic.losses import (
    empirical_gradient,
    empirical_loss,
    population_gradient,
    population_loss,
    relative_error,
    weight_gradient,
)
from tutelage.quadratic.probability import RecoveryCurve, wilson_interval
from tutelage.quadratic.rates import LateDecay, exponential_rate, late_decay, late_time_constant
from tutelage.quadratic.recovery import Outcomes, recover
from tutelage.quadratic.settings import METHODS, TARGETS, RecoverySettings
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
from tutelage.quadratic.uniqueness import certify_batch, certify_uniqueness
from tutelage.quadratic.widths import width_thresholds

__all__ = [
    "METHODS",
    "TARGETS",
    "Bridge",
    "FeasibleSize",
    "LateDecay",
    "Minimised",
    "Mmse",
    "Outcomes",
    "QuadraticTeacher",
    "RecoveryCurve",
    "RecoverySettings",
    "StatisticalDimension",
    "Trajectory",
    "UniqueCounts",
    "UniquenessCertificate",
    "as_network",
    "bayes_optimal_error",
    "certify_batch",
    "certify_uniqueness",
    "conic_value",
    "critical_samples",
    "curve_dataset",
    "effective_parameters_frozen",
    "empirical_gradient",
    "empirical_loss",
    "exponential_rate",
    "feasible_size",
    "feasible_sizes",
    "full_map_dataset",
    "inverse_flow",
    "late_decay",
    "late_time_constant",
    "map_dataset",
    "matrix_descent",
    "matrix_flow",
    "matrix_of",
    "minimise",
    "population_gradient",
    "population_loss",
    "recover",
    "recovery_threshold",
    "relative_error",
    "sample_inputs",
    "sample_instances",
    "sample_quadratic_teacher",
    "sample_start",
    "sampled_hessian_rank",
    "shrinkage_mmse",
    "statistical_dimension",
    "statistical_dimension_limit",
    "two_papers",
    "unique_counts",
    "weight_descent",
    "weight_flow",
    "weight_gradient",
    "weight_hessian",
    "width_thresholds",
    "wilson_interval",
]
