"""Effective parameters: exact, certified ranks of the Hessian ([C25] appendix B; SCIENCE.md section 5)."""

from tutelage.rank import formulas
from tutelage.rank.certificate import Certificate
from tutelage.rank.generic import effective_parameters
from tutelage.rank.here import hessian_rank
from tutelage.rank.result import FloatingRank, RankResult
from tutelage.rank.verify import verify

__all__ = [
    "Certificate",
    "FloatingRank",
    "RankResult",
    "effective_parameters",
    "formulas",
    "hessian_rank",
    "verify",
]
