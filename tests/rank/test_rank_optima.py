"""Wider students at the optimum: ranks of science 20, and growth along flat directions."""

import numpy as np
import pytest
import scipy.linalg

from tutelage import Problem, hessian_at_optimum, sample_teacher
from tutelage.base.errors import InputError
from tutelage.rank import optima

D, K, EXTRA = 4, 2, 2


@pytest.mark.parametrize(
    ("activation", "ranks"),
    [
        ("erf", {"silent": 12, "zero rows": 14, "split": 10, "null group": 15}),
        ("sin", {"silent": 12, "zero rows": 14, "split": 10, "null group": 15}),
        ("quadratic", {"silent": 11, "zero rows": 11, "split": 9, "null group": 12}),
        ("linear", {"silent": 4, "zero rows": 4, "split": 4, "null group": 4}),
    ],
)
def test_ranks_are_those_of_the_formulas(activation, ranks):
    teacher = sample_teacher(activation, D, K, seed=1)
    found = optima(teacher, K + EXTRA)
    assert {point.kind: point.rank.rank for point in found} == ranks
    for point in found:
        assert Problem(teacher).loss(point.network) < 1e-15
        assert point.flat == point.network.n_params - point.rank.rank


def test_copies_leave_the_optimum_along_quartic_directions_and_silent_neurons_do_not():
    teacher = sample_teacher("erf", D, K, seed=1)
    problem = Problem(teacher)
    by_kind = {point.kind: point for point in optima(teacher, K + EXTRA)}
    split = by_kind["split"]
    assert (split.quartic, split.tangent) == (EXTRA * D, EXTRA)
    step = np.zeros_like(split.network.W)
    step[1, 0], step[2, 0] = 1.0, -1.0  # equal shares: the copies move apart
    along = split.network.layout.flatten({"W": step, "a": 0 * split.network.a})
    losses = [problem.loss(split.network.with_theta(split.network.theta + t * along)) for t in (0.05, 0.1)]
    assert losses[1] / losses[0] == pytest.approx(16, rel=0.1)
    silent = by_kind["silent"]
    _, vectors = scipy.linalg.eigh(hessian_at_optimum(silent.network).dense())
    assert silent.quartic == 0 and silent.tangent == EXTRA * D
    for flat in vectors[:, : silent.flat].T:
        assert problem.loss(silent.network.with_theta(silent.network.theta + 0.3 * flat)) < 1e-9


def test_a_student_no_wider_is_refused():
    with pytest.raises(InputError, match="k >= 3"):
        optima(sample_teacher("erf", D, K), K)
