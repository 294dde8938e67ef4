"""Bridge 1, moments and a network to loss, gradient and Hessian under Gaussian inputs."""

from tutelage.network import Network
from tutelage.population.hessian import hessian_at_optimum
from tutelage.population.inputs import StandardNormal
from tutelage.population.problem import LossValue, Problem
from tutelage.spectra.source import as_operator

as_operator.register(Network, hessian_at_optimum)

__all__ = ["LossValue", "Problem", "StandardNormal", "hessian_at_optimum"]
