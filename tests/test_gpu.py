"""The tests of whatever computes by JAX, on a card where there is one: ``make test-gpu``."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Operators and their products, spectra by products, tables, descent.
SAME = [
    "tests/operators", "tests/spectra/test_spectra_lanczos.py", "tests/spectra/test_spectra_density.py",
    "tests/spectra/test_spectra_trace.py", "tests/test_moments.py", "tests/empirical/test_empirical.py",
    "tests/landscape/test_minima.py", "tests/dynamics/test_lanczos.py",
]  # fmt: skip


@functools.cache
def why_not():
    """What keeps JAX from using a card here; nothing where it can."""
    if shutil.which("nvidia-smi") is None:
        return "no card: there is no nvidia-smi"
    code = "import jax; print(*(device.device_kind for device in jax.devices()))"
    done = subprocess.run([sys.executable, "-c", code], env=on_the_card(), capture_output=True, text=True)
    return "" if done.returncode == 0 else f"JAX sees no card: {done.stderr.strip().splitlines()[-1]}"


def on_the_card():
    return os.environ | {"JAX_PLATFORMS": "cuda", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.parametrize("tests", SAME)
def test_the_same_tests_pass_on_a_card(tests):
    if reason := why_not():
        pytest.skip(reason)
    command = [sys.executable, "-m", "pytest", tests, "-p", "no:cacheprovider"]
    done = subprocess.run(command, env=on_the_card(), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("tests", SAME)
def test_what_runs_on_a_card_is_there(tests):
    assert (ROOT / tests).exists()
