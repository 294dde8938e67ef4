"""Hessian operators: structured, symmetric, with products, traces, blocks and reductions."""

from tutelage.operators.base import HessianOperator, Reduction
from tutelage.operators.functional import FunctionalPart
from tutelage.operators.pair_hessian import PairHessian, Routes
from tutelage.operators.pairs import PairTables, PlaneBlocks, outer_product

__all__ = [
    "FunctionalPart", "HessianOperator", "PairHessian", "PairTables", "PlaneBlocks", "Reduction", "Routes",
    "outer_product",
]  # fmt: skip
