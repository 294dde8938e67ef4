"""Effective parameters: exact, certified ranks of the Hessian ([C25] appendix B; SCIENCE.md section 5)."""

from tutelage.rank import formulas
from tutelage.rank.certificate import Certificate
from tutelage.rank.generic import effective_parameters
from tutelage.rank.result import FloatingRank, RankResult

__all__ = ["Certificate", "FloatingRank", "RankResult", "effective_parameters", "formulas"]
