"""Equal functions have equal descriptions; a description gives the function back; its size is the rank."""

import numpy as np
import pytest

from tutelage import InputError, Network, Polynomial, hessian_rank, sample_teacher
from tutelage.rank import compress, equivalent

POINTS = np.random.default_rng(0).normal(size=(30, 3))
ACTIVATIONS = [
    "linear",
    "quadratic:alpha=0.3",
    Polynomial((0, 0, 1)),
    Polynomial((1, 1, 2)),
    Polynomial((0, 1, 0, 1)),
    Polynomial((1, 0, 0, 1)),
    "erf",
]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("k", [2, 5])
def test_compress_and_back_is_the_same_function(activation, k):
    network = sample_teacher(activation, 3, k)
    restored = compress(network).to_network()
    assert np.allclose(restored(POINTS), network(POINTS), rtol=1e-12, atol=1e-12)
    assert equivalent(network, restored)


@pytest.mark.parametrize("activation", ["linear", "quadratic", Polynomial((0, 0, 1)), "erf"], ids=str)
@pytest.mark.parametrize(("d", "k"), [(2, 5), (5, 2), (4, 4)])
def test_the_size_of_the_description_is_the_rank(activation, d, k):
    network = sample_teacher(activation, d, k)
    assert compress(network).size == hessian_rank(network, floating=False).rank


def test_an_overparametrised_quadratic_student_is_its_teacher():
    teacher = sample_teacher("quadratic", 3, 3)
    student = compress(teacher).to_network(k=8)
    assert student.k == 8 and equivalent(teacher, student)
    # An orthogonal mixing of whitened neurons keeps the function u^2 and no single neuron.
    square = Polynomial((0, 0, 1))
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    mixed = Network(rotation @ teacher.W, np.ones(3), square)
    assert equivalent(Network(teacher.W, np.ones(3), square), mixed)
    assert not equivalent(Network(teacher.W, np.ones(3), Polynomial((0, 0, 0, 1))), mixed)


def test_erf_students_are_the_same_up_to_order_and_signs_only():
    teacher = sample_teacher("erf", 3, 4)
    order, signs = [2, 0, 3, 1], np.array([1, -1, -1, 1])
    student = Network(signs[:, None] * teacher.W[order], signs * teacher.a[order], "erf")
    assert equivalent(teacher, student) and np.allclose(teacher(POINTS), student(POINTS))
    moved = Network(teacher.W * (1 + 1e-6), teacher.a, "erf")
    answer = equivalent(teacher, moved)
    assert not answer and 1e-7 < answer.distance < 1e-5
    # The tolerance is the caller's.
    assert equivalent(teacher, moved, tolerance=1e-5)


def test_reducible_erf_networks_become_irreducible():
    W = np.array([[1.0, 2.0, 0.5], [1.0, 2.0, 0.5], [-1.0, -2.0, -0.5], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    network = Network(W, [1.0, 2.0, 0.5, 7.0, 0.0], "erf")
    description = compress(network)
    assert description.size == 4 and description.to_network().k == 1
    assert np.allclose(description.to_network()(POINTS), network(POINTS))
    nothing = Network(W[:3], [1.0, 1.0, 2.0], "erf")
    assert compress(nothing).size == 0 and equivalent(nothing, Network(W[3:], [1.0, 0.0], "erf"))


@pytest.mark.parametrize(
    "activation", ["relu", "leaky_relu:slope=0.2", "abs", "tanh", "sigmoid", "cos", "exp"]
)
def test_special_networks_of_other_families_compress_to_their_rank(activation):
    W = np.random.default_rng(1).normal(size=(5, 3))
    W[1], W[3] = -2 * W[0], -W[2]
    network = Network(W, np.arange(1.0, 6.0), activation)
    description = compress(network)
    restored = description.to_network()
    assert np.allclose(restored(POINTS), network(POINTS), rtol=1e-12, atol=1e-12)
    assert equivalent(network, restored)
    assert description.size == hessian_rank(network, floating=False).rank


def test_two_relu_pairs_can_hide_a_linear_function():
    first = Network([[1.0, 0, 0], [-1, 0, 0]], [1, -1], "relu")
    second = Network([[0, 1.0, 0], [0, -1, 0], [1, -1, 0], [-1, 1, 0]], [1, -1, 1, -1], "relu")
    assert equivalent(first, second) and np.allclose(first(POINTS), second(POINTS))


def test_different_functions_are_told_apart():
    base = sample_teacher("quadratic", 3, 2)
    assert not equivalent(base, Network(base.W, 2 * base.a, "quadratic"))
    assert not equivalent(base, sample_teacher("erf", 3, 2))
    assert not equivalent(sample_teacher("erf", 3, 2), sample_teacher("erf:scale=0.5", 3, 2))
    assert "3 and 4 inputs" in equivalent(base, sample_teacher("quadratic", 4, 2)).reason
    assert equivalent(Network(base.W, base.a, "linear"), Network(base.W, base.a, "quadratic:alpha=0"))


def test_bad_input_is_named():
    network = sample_teacher("quadratic", 3, 4)
    with pytest.raises(InputError, match="expected a Network, got int"):
        equivalent(network, 3)
    with pytest.raises(InputError, match="expected a Network, got str"):
        compress("erf")
    with pytest.raises(InputError, match="k >= 3, got 1"):
        compress(network).to_network(k=1)
