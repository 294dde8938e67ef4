"""Matching and diagnosis recover what was done to a teacher."""

import numpy as np
import pytest

from tutelage import Network, Problem, hessian_at_optimum, sample_teacher
from tutelage.base.errors import InputError
from tutelage.dynamics import diagnose, match_neurons, predict_loss, spectral_measure


def disguised(teacher, noise, signs, seed=0):
    rng = np.random.default_rng(seed)
    order, k = rng.permutation(teacher.k), teacher.k
    turned = rng.choice([-1, 1], k) if signs else np.ones(k, dtype=int)
    W = turned[:, None] * teacher.W[order] + noise * rng.standard_normal(teacher.W.shape)
    a = turned * teacher.a[order] + noise * rng.standard_normal(k)
    return Network(W, a, teacher.activation), order, turned


@pytest.mark.parametrize(("activation", "signs"), [("erf", True), ("linear", True), ("quadratic", False)])
def test_permutations_and_signs_are_recovered(activation, signs):
    teacher = sample_teacher(activation, d=6, k=5, seed=2)
    student, order, turned = disguised(teacher, 1e-3, signs)
    match = match_neurons(student, teacher)
    np.testing.assert_array_equal(match.permutation, order)
    np.testing.assert_array_equal(match.signs, turned)
    x = np.random.default_rng(1).standard_normal((7, 6))
    np.testing.assert_allclose(match.teacher(x), teacher(x), rtol=1e-12)
    assert match.distance == pytest.approx(np.linalg.norm(student.theta - match.teacher.theta))
    assert match.distance < 5e-3 * np.sqrt(student.n_params)


def test_surplus_neurons_are_matched_to_silent_ones():
    teacher = sample_teacher("erf", d=4, k=2, seed=2)
    extra = np.array([[0.3, -0.2, 0.1, 0.9]])
    student = Network(
        np.vstack([teacher.W[1:], extra, teacher.W[:1]]), [teacher.a[1], 0.01, teacher.a[0]], "erf"
    )
    match = match_neurons(student, teacher)
    np.testing.assert_array_equal(match.permutation, [1, -1, 0])
    assert match.distance == pytest.approx(0.01)
    np.testing.assert_array_equal(match.teacher.W[1], extra[0])


def test_a_narrow_student_is_refused():
    with pytest.raises(InputError, match="at least as wide"):
        match_neurons(sample_teacher("erf", 3, 2), sample_teacher("erf", 3, 4))


@pytest.mark.slow
def test_a_linear_student_is_led_to_the_nearest_zero_loss_network():
    teacher = sample_teacher("linear", d=4, k=3, seed=3)
    student, _, _ = disguised(teacher, 0.1, signs=True)
    found = diagnose(student, teacher)
    problem = Problem(teacher)
    assert problem.loss(found.optimum) < 1e-15 and problem.loss(found.limit) < 1e-15 and found.converged
    # Nearest: nearer than the matched teacher, and the displacement is orthogonal to every flat direction.
    assert found.distance < found.match.distance
    values, vectors = np.linalg.eigh(hessian_at_optimum(found.optimum).dense())
    flat = vectors[:, values < 1e-10]
    assert flat.shape[1] == student.n_params - 4
    assert np.linalg.norm(flat.T @ (student.theta - found.optimum.theta)) < 1e-6 * found.distance
    assert found.at_limit.smallest != pytest.approx(found.at_optimum.smallest, rel=1e-6)
    assert found.safe_rate <= 2 / found.at_limit.largest
    assert found.outer_norm > found.functional_norm > 0


@pytest.mark.slow
def test_an_erf_student_is_told_its_range_and_the_time_left():
    teacher = sample_teacher("erf", d=3, k=2, seed=1)
    student, _, _ = disguised(teacher, 0.02, signs=True)
    found = diagnose(student, teacher)
    assert found.second_order_holds and found.range > found.distance and "inside" in repr(found)
    # Twice the range along the same line, the quadratic loss is off by more than ten percent.
    far = found.optimum.with_theta(
        found.optimum.theta + (student.theta - found.optimum.theta) * 1.05 * found.range / found.distance
    )
    delta = far.theta - found.optimum.theta
    quadratic = 0.5 * delta @ hessian_at_optimum(found.optimum).matvec(delta)
    assert abs(quadratic / Problem(teacher).loss(far) - 1) > 0.1
    measure = spectral_measure(found.limit, student.theta - found.limit.theta)
    assert predict_loss(measure, [found.time_left]).loss[0] == pytest.approx(found.target, rel=1e-6)
    assert found.to_dict()["permutation"] == found.match.permutation.tolist()
