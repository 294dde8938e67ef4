"""Effective parameters: exact, certified ranks of the Hessian ([C25] appendix B; science 5)."""

from tutelage.rank import formulas
from tutelage.rank.certificate import Certificate
from tutelage.rank.equivalence import Description, Equivalence, compress, equivalent
from tutelage.rank.generic_rank import effective_parameters
from tutelage.rank.optima import Optimum, optima
from tutelage.rank.rank_at_weights import hessian_rank
from tutelage.rank.result import RankResult
from tutelage.rank.soft import (
    log_determinant,
    participation_ratio,
    rank_at_time,
    rank_with_samples,
    ridge_count,
)
from tutelage.rank.symmetry import FlatDirections, continuous_symmetries, flat_directions
from tutelage.rank.verify import verify

__all__ = [
    "Certificate",
    "Description",
    "Equivalence",
    "FlatDirections",
    "Optimum",
    "RankResult",
    "compress",
    "continuous_symmetries",
    "effective_parameters",
    "equivalent",
    "flat_directions",
    "formulas",
    "hessian_rank",
    "log_determinant",
    "optima",
    "participation_ratio",
    "rank_at_time",
    "rank_with_samples",
    "ridge_count",
    "verify",
]
