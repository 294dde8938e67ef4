"""Studies: one folder per figure of the paper or question; each computes a dataset and judges its claims."""

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card
from tutelage.studies.claim import Claim, Measured, Statement
from tutelage.studies.discover import available, cards, find_study, load_study, study_class

__all__ = [
    "Card",
    "Claim",
    "Measured",
    "Statement",
    "Study",
    "available",
    "cards",
    "find_study",
    "load_study",
    "read_card",
    "study_class",
]
