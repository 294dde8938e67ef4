"""Your own model and data: Hessians, kernels and learning curves of any JAX or torch function on samples."""

from tutelage.model.problem import ModelProblem

__all__ = ["ModelProblem"]
