"""The same questions for samples: loss, gradient and Hessian of data."""

from tutelage.empirical.hessian import EmpiricalHessian
from tutelage.empirical.information import fisher, ntk
from tutelage.empirical.objective import DataLoss, MinibatchLoss
from tutelage.empirical.problem import Problem

__all__ = ["DataLoss", "EmpiricalHessian", "MinibatchLoss", "Problem", "fisher", "ntk"]
