"""Numbers behind figures, recorded at reduced size: the same parameters give the same numbers, on any machine."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest
import reduced

from tutelage.studies import available, cards
from tutelage.studies.counting import Counting
from tutelage.studies.eigenvectors import Eigenvectors
from tutelage.studies.hidden_block import HiddenBlock
from tutelage.studies.linear_spectrum import LinearSpectrum
from tutelage.studies.narrow_weights import NarrowWeights
from tutelage.studies.quadratic_spectrum import QuadraticSpectrum
from tutelage.studies.readout_block import ReadoutBlock
from tutelage.studies.repeats import USUAL
from tutelage.studies.wide_weights import WideWeights

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
    "counting": Counting(samples=400, fits=12),
    "bridge": reduced.BRIDGE,
    "recovery": reduced.CURVES,
    # Most of its time goes into certified 50 % points; their number of instances does not matter here.
    "recovery-map": dataclasses.replace(reduced.MAP, shift_instances=(8, 8, 8)),
    "recovery-rates": reduced.RATES,
    "two-papers": reduced.PAPERS,
    "outliers": reduced.OUTLIERS,
    "deep-linear": reduced.DEEP_LINEAR,
    "deeper": reduced.DEEPER,
    "sampled-law": reduced.SAMPLED_LAW,
    "tangent-kernel": reduced.TANGENT_KERNEL,
    "critical-points": reduced.CRITICAL_POINTS,
    "student-width": reduced.STUDENT_WIDTH,
    "orthonormal-relu": reduced.ORTHONORMAL_RELU,
    "large-step": reduced.LARGE_STEP,
    "random-start": reduced.RANDOM_START,
    "biases": reduced.BIASES,
    "wider-students": reduced.WIDER,
    "inputs": reduced.INPUTS,
    "along-training": reduced.ALONG,
}
SLOW = {"fig3", "inputs", "along-training", "student-width"}
"""They train networks; compiling that takes most of ten seconds, or certify recoveries."""


# How far a number may be from the recorded one. Residuals of round-off are recorded too; their size, not their
# digits, is what repeats.
REPEATS = {s.id: s.repeats for card in cards().values() for s in card.statements}
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
    factors = (1.0, 10.0)  # Errors are differences of values: they repeat to fewer digits.
    return all(REPEATS[claim].same(*numbers) for numbers in zip(found, recorded, factors, strict=True))


def test_every_study_is_recorded():
    recorded = json.loads(RECORD.read_text())
    assert set(recorded) == set(STUDIES) == set(available())
    assert INVERSE <= {claim for study in recorded.values() for claim in study} <= set(REPEATS)
    assert all(repeats.reason for repeats in REPEATS.values() if repeats != USUAL)


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
        round_off = REPEATS[claim].absolute
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
