"""Numbers behind figures, recorded at reduced size: the same parameters give the same numbers, on any machine."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import reduced

from tutelage.studies import available
from tutelage.studies.eigenvectors import Eigenvectors
from tutelage.studies.hidden_block import HiddenBlock
from tutelage.studies.linear_spectrum import LinearSpectrum
from tutelage.studies.other_weights import NarrowWeights, WideWeights
from tutelage.studies.quadratic_spectrum import QuadraticSpectrum
from tutelage.studies.readout_block import ReadoutBlock

STUDIES = {
    "fig1": reduced.SETUP,
    "fig2": LinearSpectrum(sizes=((4, 8), (9, 3)), teachers=200, dense_teachers=1),
    "fig3": reduced.NEAR_OPTIMUM,
    "learning_curves": reduced.LEARNING_CURVES,
    "fig4": QuadraticSpectrum(
        sizes=(8, 16), teachers=3, large_sizes=(12, 24), large_teachers=2, limit_sizes=(50, 100)
    ),
    "fig5": reduced.ERF_SPECTRUM,
    "fig6": HiddenBlock(d=5, k=8, teachers=200, dense_teachers=1),
    "fig7": ReadoutBlock(teachers=50, large=4),
    "fig8": WideWeights(d=20, k=40, teachers=10, readouts=100),
    "fig9": NarrowWeights(d=24, k=8, teachers=40),
    "effective_parameters": reduced.EFFECTIVE_PARAMETERS,
    "appendix-a3": Eigenvectors(sizes=((2, 4), (4, 2))),
    "appendix-d": reduced.INFORMATION,
    "sampled": reduced.SAMPLED,
    "compare": reduced.COMPARE,
    "recovery": reduced.CURVES,
    # Most of its time goes into certified 50 % points; their number of instances does not matter here.
    "recovery-map": dataclasses.replace(reduced.MAP, shift_instances=(8, 8, 8)),
    "recovery-rates": reduced.RATES,
    "two-papers": reduced.PAPERS,
}
SLOW = {"fig3"}
"""Trains four networks; compiling that takes most of ten seconds."""


class Tolerance(NamedTuple):
    """How far a number may be from the recorded one.

    Residuals of round-off are recorded too; their size, not their digits, is what repeats: hence ``absolute``.
    """

    relative: float = 1e-6
    absolute: float = 1e-9
    reason: str = ""


_LAST_DECADES = "at its end the SGD run is 1e-10 to 1e-9 from the teacher, so that round-off of its weights is 1e-6 or more"
_LATE_CONSTANT = "read off the end of an adaptive integration, whose steps differ by round-off (1e-7 seen)"
TOLERANCES = {
    "fig3.rate": Tolerance(1e-3, reason=_LAST_DECADES),
    "fig3.faster": Tolerance(1e-3, reason=_LAST_DECADES),
    "recovery-rates.constant": Tolerance(
        0.02, reason=f"the deviation of a constant of order 1, {_LATE_CONSTANT}"
    ),
    "recovery-rates.exponent": Tolerance(1e-5, reason=_LATE_CONSTANT),
    "recovery-rates.narrow": Tolerance(1e-5, reason=_LATE_CONSTANT),
    "recovery-rates.exponential": Tolerance(
        absolute=1e-6,
        reason=f"zero but for the integrator's error: the deviation of a rate from 1, {_LATE_CONSTANT}",
    ),
}
INVERSE = {"two-papers.gap"}
"""An eigenvalue over a zero one, that is over round-off: the inverse, a residual of round-off, is recorded."""

RECORD = Path(__file__).parent.parent / "recorded" / "studies.json"


def numbers(study):
    """Measured value and standard error of every claim."""
    return {
        c.id: [1.0 / c.measured if c.id in INVERSE else c.measured, c.uncertainty]
        for c in study.claims(study.compute())
    }


def same(claim, found, recorded):
    """Whether a measured value and its standard error are the recorded ones."""
    relative, absolute, _ = TOLERANCES.get(claim, Tolerance())
    factors = (1, 10)  # Errors are differences of values: they repeat to fewer digits.
    return all(
        f == pytest.approx(r, rel=factor * relative, abs=absolute)
        for f, r, factor in zip(found, recorded, factors, strict=True)
    )


def test_every_study_is_recorded():
    recorded = json.loads(RECORD.read_text())
    assert list(STUDIES) == list(available())
    assert set(recorded) == set(STUDIES)
    assert set(TOLERANCES) | INVERSE <= {claim for study in recorded.values() for claim in study}
    assert all(tolerance.reason for tolerance in TOLERANCES.values())


def cases():
    return [pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in sorted(STUDIES)]


@pytest.mark.parametrize("name", cases())
def test_measured_numbers_are_the_recorded_ones(name):
    """To renew after a wanted change: PYTHONPATH=src python tests/studies/test_recorded.py [NAME ...]"""
    recorded = json.loads(RECORD.read_text())[name]
    found = numbers(STUDIES[name])
    assert set(found) == set(recorded)
    changed = {c: (n, recorded[c]) for c, n in found.items() if not same(c, n, recorded[c])}
    assert not changed


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_no_tolerance_lets_a_factor_of_two_pass(name):
    """Of the measured value or its error, unless it is round-off."""
    for claim, recorded in json.loads(RECORD.read_text())[name].items():
        round_off = TOLERANCES.get(claim, Tolerance()).absolute
        for i, factor in ((0, 0.5), (0, 2.0), (1, 0.5), (1, 2.0)):
            if abs(recorded[i]) > 4 * round_off:
                wrong = list(recorded)
                wrong[i] *= factor
                assert not same(claim, wrong, recorded), (claim, wrong)
        assert same(claim, recorded, recorded)
        assert not same(claim, [recorded[0] + 1.0, recorded[1]], recorded), claim


if __name__ == "__main__":
    RECORD.parent.mkdir(exist_ok=True)
    known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    known |= {name: numbers(STUDIES[name]) for name in sys.argv[1:] or STUDIES}
    RECORD.write_text(json.dumps({name: known[name] for name in STUDIES if name in known}, indent=1) + "\n")
