"""Shared instances: small, seeded, generic."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.quadratic import matrix_of, sample_inputs, sample_quadratic_teacher, sample_start


def instances(
    d: int, width: int, n: int, count: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Teachers (B, d, d), inputs (B, n, d), full-rank starts (B, d, d)."""
    teachers = [sample_quadratic_teacher(d, width, seed, realization=i).matrix for i in range(count)]
    inputs = [sample_inputs(n, d, seed, realization=i) for i in range(count)]
    starts = [matrix_of(sample_start(d, d, seed, realization=i)) for i in range(count)]
    return np.array(teachers), np.array(inputs), np.array(starts)


@pytest.fixture(name="instances")
def instances_fixture():
    return instances
