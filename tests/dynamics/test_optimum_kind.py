"""The kind of optimum is named for constructed optima, in every disguise, and for trained students."""

import numpy as np
import pytest

from tutelage import Network, Problem, RandomStart, sample_teacher, simulate
from tutelage.dynamics import diagnose, optimum_kind
from tutelage.rank import optima


def disguised(network, seed=0):
    """The same function: neurons in another order, and what the activation allows turned or scaled."""
    rng = np.random.default_rng(seed)
    order, sign, scale = rng.permutation(network.k), np.ones(network.k), np.ones(network.k)
    if network.activation.parity is not None:
        sign = rng.choice([-1.0, 1.0], network.k)
    if network.activation.homogeneity is not None:
        scale = rng.uniform(0.5, 2.0, network.k)
    read_out = network.a[order] / scale ** (network.activation.homogeneity or 0)
    W = (sign * scale)[:, None] * network.W[order]
    return Network(W, sign * read_out if network.activation.parity == "odd" else read_out, network.activation)


@pytest.mark.parametrize("activation", ["erf", "relu", "gelu", "cos", "quadratic"])
def test_every_kind_of_optimum_is_named_in_every_disguise(activation):
    teacher = sample_teacher(activation, d=3, k=2, seed=1)
    assert optimum_kind(disguised(teacher), teacher).name == "exact"
    for point in optima(teacher, 4):
        student = disguised(point.network)
        x = np.random.default_rng(1).standard_normal((5, 3))
        np.testing.assert_allclose(student(x), teacher(x), rtol=1e-10)
        assert optimum_kind(student, teacher).name == point.kind


def test_kinds_stand_beside_each_other_with_the_neurons_that_have_them():
    teacher = sample_teacher("erf", d=3, k=2, seed=1)
    other = np.array([0.3, 0.1, -0.8])
    W = [teacher.W[1], other, teacher.W[0], -teacher.W[1], -other, np.zeros(3), other + 1.0]
    a = [0.25 * teacher.a[1], 2.0, teacher.a[0], -0.75 * teacher.a[1], 2.0, 7.0, 0.0]
    found = optimum_kind(Network(np.array(W), a, "erf"), teacher)
    assert found.name == "silent + zero rows + split + null group"
    assert (found.silent, found.zero_rows) == ((6,), (5,))
    assert (found.splits, found.null_groups) == (((0, 3),), ((1, 4),))


@pytest.mark.parametrize("change", ["read-out", "weights", "missing neuron", "split"])
def test_what_is_no_optimum_is_other(change):
    teacher = sample_teacher("erf", d=3, k=2, seed=1)
    W, a = np.vstack([teacher.W, teacher.W[:1]]), np.array([0.5, 1.0, 0.5]) * teacher.a[[0, 1, 0]]
    if change == "read-out":
        a[1] *= 1.1
    elif change == "weights":
        W[1] += 0.1
    elif change == "missing neuron":
        W[1] = W[0]
        a[:] = teacher.a[0] / 3
    else:
        a[2] *= -1.0
    assert optimum_kind(Network(W, a, "erf"), teacher).name == "other"


def test_biases_and_several_outputs_are_part_of_a_neuron():
    teacher = sample_teacher("erf", 3, 2, biases="normal", outputs=2)
    shared = np.column_stack([teacher.a, 0.4 * teacher.a[:, 0]]) * [0.6, 1.0, 1.0]
    split = Network(
        np.vstack([teacher.W, teacher.W[:1]]), shared, "erf", np.append(teacher.b, teacher.b[0]), teacher.c
    )
    assert optimum_kind(split, teacher).name == "split"
    moved = split.with_layers({"b": split.b + np.array([0.0, 0.0, 0.2])})
    assert optimum_kind(moved, teacher).name == "other"


@pytest.mark.slow
def test_a_trained_student_is_told_what_its_spare_neurons_do():
    teacher = Network([[1.0, 0.5, -0.3]], [1.0], "erf")
    problem = Problem(teacher)
    run = simulate(problem, RandomStart(k=3), times=[0.0, 2000.0], seed=3)
    found = diagnose(run.final, problem)
    assert found.kind.name == "silent" and len(found.kind.silent) == 2
    assert "kind 'silent'" in repr(found) and found.to_dict()["kind"] == "silent"
