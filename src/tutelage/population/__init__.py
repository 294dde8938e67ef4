"""Moments and a network to loss, gradient and Hessian under Gaussian inputs."""

from tutelage.population.assemble import outer_hessian
from tutelage.population.hessian_blocks import PairHessian
from tutelage.population.objective import OnlineLoss, PopulationLoss
from tutelage.population.problem import LossValue, Problem, hessian_at_optimum

__all__ = [
    "LossValue", "OnlineLoss", "PairHessian", "PopulationLoss", "Problem", "hessian_at_optimum", "outer_hessian",
]  # fmt: skip
