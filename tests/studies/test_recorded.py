"""Numbers behind figures, recorded at reduced size: the same parameters give the same numbers, on any machine."""

import json
from pathlib import Path

import pytest

from tutelage.studies.eigenvectors import Eigenvectors
from tutelage.studies.hidden_block import HiddenBlock
from tutelage.studies.linear_spectrum import LinearSpectrum
from tutelage.studies.other_weights import NarrowWeights, WideWeights
from tutelage.studies.quadratic_spectrum import QuadraticSpectrum
from tutelage.studies.readout_block import ReadoutBlock

STUDIES = {
    "fig2": LinearSpectrum(sizes=((4, 8), (9, 3)), teachers=200, dense_teachers=1),
    "fig4": QuadraticSpectrum(
        sizes=(8, 16), teachers=3, large_sizes=(12, 24), large_teachers=2, limit_sizes=(50, 100)
    ),
    "fig6": HiddenBlock(d=5, k=8, teachers=200, dense_teachers=1),
    "fig7": ReadoutBlock(teachers=50, large=4),
    "fig8": WideWeights(d=20, k=40, teachers=10, readouts=100),
    "fig9": NarrowWeights(d=24, k=8, teachers=40),
    "appendix-a3": Eigenvectors(sizes=((2, 4), (4, 2))),
}
RECORD = Path(__file__).parent.parent / "recorded" / "studies.json"


def numbers(study):
    """Measured value and standard error of every claim."""
    return {c.id: [c.measured, c.uncertainty] for c in study.claims(study.compute())}


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_measured_numbers_are_the_recorded_ones(name):
    """To renew after a wanted change: PYTHONPATH=src python tests/studies/test_recorded.py"""
    recorded = json.loads(RECORD.read_text())[name]
    found = numbers(STUDIES[name])
    assert set(found) == set(recorded)
    for claim, (measured, error) in found.items():
        # Residuals of round-off are recorded too; their size, not their digits, is what repeats.
        assert measured == pytest.approx(recorded[claim][0], rel=1e-6, abs=1e-9), claim
        assert error == pytest.approx(recorded[claim][1], rel=1e-5, abs=1e-9), claim


if __name__ == "__main__":
    RECORD.parent.mkdir(exist_ok=True)
    content = {name: numbers(study) for name, study in STUDIES.items()}
    RECORD.write_text(json.dumps(content, indent=1) + "\n")
