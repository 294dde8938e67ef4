"""A grid over a user's own class: workers import it from where the TOML file says, readers of the store never do."""

import dataclasses
import sys

import numpy as np
import pytest

from tutelage.activations import ACTIVATIONS, Sin, register_activation
from tutelage.base.errors import InputError
from tutelage.sweep import SweepFolder, SweepSpec, load_spec, run

MODULE = """
import dataclasses
from tutelage.activations import Sin

@dataclasses.dataclass(frozen=True)
class Own(Sin):
    height: float = 1.0
"""
TOML = """
quantities = ["lambda_max", "rank"]
[grid]
activation = ["own_for_sweeps:Own:height=2", "sin"]
d = 3
k = 2
"""


@pytest.fixture
def spec(tmp_path):
    (tmp_path / "own_for_sweeps.py").write_text(MODULE)
    (tmp_path / "own.toml").write_text(TOML)
    before, path = dict(ACTIVATIONS), list(sys.path)
    yield load_spec(tmp_path / "own.toml")
    ACTIVATIONS.clear()
    ACTIVATIONS.update(before)
    sys.path[:] = path
    sys.modules.pop("own_for_sweeps", None)


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_the_copy_of_sin_gets_the_values_of_sin(spec, tmp_path, workers):
    found = run(spec, store=tmp_path / "store", workers=workers).compute()
    assert list(found.activation.values) == ["own_for_sweeps:Own:height=2", "sin"]
    assert (
        not found.failed.any()
        and np.ptp(found.lambda_max.values) == 0
        and list(found["rank"].values) == [8, 8]
    )


def test_reading_a_specification_or_a_store_imports_nothing(spec, tmp_path):
    SweepFolder(tmp_path / "store").create(spec)
    assert SweepFolder(tmp_path / "store").spec().activations == spec.activations
    assert SweepFolder(tmp_path / "store").status().total == 2
    assert "own_for_sweeps" not in sys.modules


def test_a_class_that_is_not_there_is_told_before_the_first_point(spec, tmp_path):
    wrong = dataclasses.replace(spec, activations=("own_for_sweeps:Onw",))
    with pytest.raises(InputError, match="did you mean 'Own'"):
        run(wrong, store=tmp_path / "store", workers=0)
    assert not (tmp_path / "store").exists()


def test_a_registered_name_is_stored_as_what_workers_can_import(spec):
    @register_activation
    class Ripple(Sin):
        name = "ripple_for_sweeps"

    grid = {"activation": "ripple_for_sweeps", "d": 2, "k": 2}
    found = SweepSpec.from_mapping({"quantities": ["rank"], "grid": grid})
    assert found.activations == (f"{__name__}:{Ripple.__qualname__}",)
    assert found.imported == ("rank", *found.activations)
