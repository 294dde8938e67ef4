"""Bridge 1, moments and a network to loss, gradient and Hessian under Gaussian inputs."""

from tutelage.population.hessian import hessian_at_optimum
from tutelage.population.inputs import StandardNormal
from tutelage.population.problem import LossValue, Problem

__all__ = ["LossValue", "Problem", "StandardNormal", "hessian_at_optimum"]
