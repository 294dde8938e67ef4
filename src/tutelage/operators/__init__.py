"""Symmetric operators and what their makers know of them; nothing here knows of neurons."""

from tutelage.operators.ball import BallHessian
from tutelage.operators.base import SymmetricOperator
from tutelage.operators.loss_hessian import LossHessian
from tutelage.operators.matrix import MatrixOperator
from tutelage.operators.sectors import Explicit, Lifted, Repeated, Rest, Sector
from tutelage.operators.structure import Copies, Entries, Factor, Reduction, Structure
from tutelage.operators.wrapped import FunctionOperator, HessianOfLoss, HostOperator, LineaxOperator

__all__ = [
    "BallHessian", "Copies", "Entries", "Explicit", "Factor", "FunctionOperator", "HessianOfLoss", "HostOperator",
    "Lifted", "LineaxOperator", "LossHessian", "MatrixOperator", "Reduction", "Repeated", "Rest", "Sector", "Structure",
    "SymmetricOperator",
]  # fmt: skip
