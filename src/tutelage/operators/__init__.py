"""Hessian operators: structured, symmetric, with products, traces, blocks and reductions."""

from tutelage.operators.ball import BallHessian
from tutelage.operators.base import HessianOperator, Reduction
from tutelage.operators.functional import FunctionalPart
from tutelage.operators.pair_hessian import PairHessian
from tutelage.operators.pairs import PairTables, PlaneBlocks, outer_product
from tutelage.operators.routes import Routes

__all__ = [
    "BallHessian", "FunctionalPart", "HessianOperator", "PairHessian", "PairTables", "PlaneBlocks", "Reduction",
    "Routes", "outer_product",
]  # fmt: skip
