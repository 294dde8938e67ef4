"""Wider students at the optimum: ranks of science 20, tangents of the optimum set, and growth along what leaves it."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg

from tutelage import Network, Problem, hessian_at_optimum, sample_teacher
from tutelage.base.errors import InputError
from tutelage.dynamics import optimum_kind
from tutelage.rank import optima

D, K, EXTRA = 4, 2, 2
LAYERS = {
    "plain": (0, False, False),
    "biases": (0, True, True),
    "outputs": (2, False, False),
    "both": (2, True, True),
}


def any_teacher(activation, layers, d=3, k=2):
    m, hidden, out = LAYERS[layers]
    rng = np.random.default_rng(3)
    W, a = rng.standard_normal((k, d)), rng.standard_normal((m, k) if m else k)
    b, c = rng.standard_normal(k), rng.standard_normal(m) if m else 0.3
    return Network(W, a, activation, b if hidden else None, c if out else None)


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


def counts(activation, layers, n):
    """(flat, tangent) of every kind: science 20, with biases and several outputs."""
    m, biased, _ = LAYERS[layers]
    m, inner = max(m, 1), 3 + biased
    h = activation == "relu"  # a rescaling of each neuron, K of them the teacher's
    own = K if h else 0
    found = {
        "silent": (n * inner, n * inner), "split": (n * (inner + m), n * (m + h)),
        "null group": ((n - 1) * (inner + m) + h, inner + (n - 1) * (m + h)),
    }  # fmt: skip
    if biased and not h:
        found["zero rows"] = (n * (4 + m) - 3, n * (1 + m))
    return {kind: (flat + own, tangent + own) for kind, (flat, tangent) in found.items()}


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("activation", ["erf", pytest.param("gelu", marks=pytest.mark.slow), "relu"])
def test_what_is_tangent_and_what_leaves_is_counted_with_biases_and_several_outputs(activation, layers):
    teacher, n = any_teacher(activation, layers), 3
    points = {point.kind: point for point in optima(teacher, K + n)}
    for kind, (flat, tangent) in counts(activation, layers, n).items():
        point = points[kind]
        assert (point.flat, point.tangent, len(point.leaving)) == (flat, tangent, flat - tangent)
        hessian = hessian_at_optimum(point.network).dense()
        values = scipy.linalg.eigvalsh(hessian)
        assert point.rank.is_proven and point.rank.rank == np.sum(values > 1e-12 * values[-1])
        both = np.vstack([point.tangents, point.leaving])
        assert np.linalg.matrix_rank(both) == flat
        assert np.abs(hessian @ both.T).max() <= 1e-13 * values[-1] * max(1.0, np.abs(both).max())


def retracted(problem, student, rank):
    """The nearest student of zero loss, by Gauss-Newton steps in the directions that have curvature."""
    for _ in range(4):
        values, vectors = scipy.linalg.eigh(hessian_at_optimum(student).dense())
        kept = vectors[:, -rank:]
        step = kept @ ((kept.T @ problem.gradient(student)) / values[-rank:])
        student = student.with_theta(student.theta - step)
    return student


@pytest.mark.parametrize(
    ("activation", "layers"), [("erf", "plain"), ("erf", "both"), ("relu", "plain"), ("relu", "both")]
)
def test_the_loss_stays_zero_along_tangents_and_grows_along_what_leaves(activation, layers):
    teacher, t = any_teacher(activation, layers), 0.02
    problem = Problem(teacher)
    for point in optima(teacher, K + 3):
        if point.tangents is None:
            continue
        rng = np.random.default_rng(5)
        along = lambda v, step, here=point.network: here.with_theta(here.theta + step * v)  # noqa: E731
        weights = rng.standard_normal(len(point.tangents))
        moved = along(weights @ point.tangents / np.linalg.norm(weights), t)
        back = retracted(problem, moved, point.rank.rank)
        assert problem.loss(back) < 1e-5 * t**4  # a straight step leaves t⁴ where the set is curved
        assert np.linalg.norm(back.theta - moved.theta) < 3 * t**2
        for _ in range(3 if len(point.leaving) else 0):
            weights = rng.standard_normal(len(point.leaving))
            v = weights @ point.leaving / np.linalg.norm(weights)
            losses = [problem.loss(along(v, step)) for step in (t, 2 * t)]
            assert np.log2(losses[1] / losses[0]) == pytest.approx(point.growth, abs=0.2)


def test_kinks_make_the_loss_grow_as_a_cube():
    points = {point.kind: point for point in optima(any_teacher("relu", "plain"), K + 1)}
    assert (points["split"].growth, points["split"].quartic, len(points["split"].leaving)) == (3, 0, 2)


def test_where_the_rank_is_the_largest_all_flat_directions_are_tangent():
    for activation in ("linear", "quadratic"):
        teacher = sample_teacher(activation, 2, 2, seed=1)
        point = {point.kind: point for point in optima(teacher, 3)}["split"]
        assert point.rank.rank == point.rank.formula.value and point.quartic == 0
        _, vectors = np.linalg.eigh(hessian_at_optimum(point.network).dense())
        for v in vectors[:, : point.flat].T:
            moved = point.network.with_theta(point.network.theta + 0.01 * v)
            back = retracted(Problem(teacher), moved, point.rank.rank)
            assert Problem(teacher).loss(back) < 1e-15
            assert np.linalg.norm(back.theta - moved.theta) < 1e-3


def test_what_is_not_known_is_said():
    """Half of the spare zero rows against the other half are neurons of their own: two manifolds cross there."""
    points = {point.kind: point for point in optima(sample_teacher("erf", D, K, seed=1), K + EXTRA)}
    assert points["zero rows"].tangent is points["zero rows"].quartic is None
    points = {point.kind: point for point in optima(any_teacher("sin", "biases"), K + 1)}
    assert points["split"].tangent is None  # sin(u + b) of three b are dependent


@pytest.mark.parametrize("layers", LAYERS)
def test_every_kind_is_named_by_what_names_trained_students(layers):
    teacher = any_teacher("erf", layers)
    for point in optima(teacher, K + EXTRA):
        assert optimum_kind(point.network, teacher).name == point.kind
        x = np.random.default_rng(1).standard_normal((5, 3))
        np.testing.assert_allclose(point.network(x), teacher(x), atol=1e-14)


def test_layers_of_the_teacher_are_kept():
    teacher = any_teacher("erf", "both")
    for layers in (teacher, dataclasses.replace(teacher, c=None), dataclasses.replace(teacher, b=None)):
        for point in optima(layers, K + 1):
            assert set(point.network.layers) == set(layers.layers)
            assert Problem(layers).loss(point.network) < 1e-15


def test_a_student_no_wider_is_refused():
    with pytest.raises(InputError, match="k >= 3"):
        optima(sample_teacher("erf", D, K), K)
