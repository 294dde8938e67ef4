"""Moments and a network to loss, gradient and Hessian under Gaussian inputs."""

from tutelage.population.hessian import outer_hessian
from tutelage.population.objective import OnlineLoss, PopulationLoss
from tutelage.population.pair_hessian import PairHessian
from tutelage.population.problem import LossValue, Problem, hessian_at_optimum

__all__ = [
    "LossValue", "OnlineLoss", "PairHessian", "PopulationLoss", "Problem", "hessian_at_optimum", "outer_hessian",
]  # fmt: skip
