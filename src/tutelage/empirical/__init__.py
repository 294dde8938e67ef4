"""The same questions for samples: loss, gradient and Hessian of data."""

from tutelage.empirical.hessian import EmpiricalHessian
from tutelage.empirical.problem import Problem

__all__ = ["EmpiricalHessian", "Problem"]
