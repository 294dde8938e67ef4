"""Many networks at once have the spectra that each has alone, whatever stands beside them."""

import itertools

import numpy as np
import pytest

from tutelage import (
    GaussianInputs,
    Network,
    Problem,
    hessian_at_optimum,
    sample_teacher,
    sample_teachers,
    spectrum,
    spectrum_many,
)
from tutelage.activations import as_activation
from tutelage.base.errors import InputError, NoHessianError
from tutelage.population.stack import stack_hessians
from tutelage.spectra import many
from tutelage.teachers import layer_rng
from tutelage.weights import Normal

CASES = [
    ("erf", 4, 5), ("erf", 9, 3), ("quadratic", 4, 9), ("quadratic", 9, 4), ("relu", 5, 5), ("relu", 9, 4),
    ("leaky_relu:slope=0.2", 3, 6), ("abs", 6, 4), ("exp", 5, 4), ("sin", 4, 4), ("cos", 3, 4), ("gelu", 4, 3),
    ("normal_cdf", 3, 3), ("linear", 3, 6), ("polynomial:coefficients=0,0,1", 4, 8),
    ("polynomial:coefficients=1,0,0.5,0.2", 3, 4),
]  # fmt: skip


def assert_same(found, expected):
    """Eigenvalues at the level of rounding may change places with exact zeros."""
    assert (found.method, found.rank, found.n_params) == (expected.method, expected.rank, expected.n_params)
    assert found.numerical_rank().rank == expected.numerical_rank().rank
    assert sorted(found.multiplicities) == sorted(expected.multiplicities)
    atol = 1e-14 * expected.values[-1]
    np.testing.assert_allclose(found.eigenvalues, expected.eigenvalues, rtol=0, atol=atol)
    np.testing.assert_allclose(np.sort(found.errors), np.sort(expected.errors), rtol=1e-9)


def assert_each_as_alone(networks):
    """As by its operator, in a batch and as the only one."""
    for found, network in zip(spectrum_many(networks), networks, strict=True):
        expected = spectrum(hessian_at_optimum(network))
        assert_same(found, expected)
        assert_same(spectrum(network), expected)


BIASED = [
    ("erf", 4, 5), ("erf", 9, 3), ("quadratic", 4, 9), ("quadratic", 9, 4), ("relu", 5, 5), ("relu", 9, 4), ("abs", 6, 4),
    ("leaky_relu:slope=0.2", 3, 6), ("exp", 5, 4), ("cos", 3, 4), ("gelu", 4, 3), ("normal_cdf", 3, 3), ("linear", 3, 6),
    ("polynomial:coefficients=0,0,1", 4, 8), ("polynomial:coefficients=1,0,0.5,0.2", 9, 3),
]  # fmt: skip
SOME_BIASES = ["b", "c", "bc"]


def biased_teachers(activation, d, k, names, count=3):
    """With those of the hidden and output biases that are named."""
    teachers = sample_teachers(activation, d, k, count=count, seed=2, biases="normal")
    return [teacher.with_layers({name: None for name in set("bc") - set(names)}) for teacher in teachers]


def arrays(teachers):
    return np.stack([t.W for t in teachers]), np.stack([t.a for t in teachers])


def layers(teachers):
    return {name: np.stack([t.layers[name] for t in teachers]) for name in teachers[0].layers}


@pytest.fixture
def only_batches(monkeypatch):
    """No network is computed by itself."""

    def refuse(source, method):
        raise AssertionError(f"{source} was computed alone")

    monkeypatch.setattr(many, "spectrum", refuse)


@pytest.mark.parametrize(("activation", "d", "k"), CASES)
def test_each_network_of_a_batch_as_alone(activation, d, k):
    assert_each_as_alone(sample_teachers(activation, d, k, count=5, seed=2))


@pytest.mark.usefixtures("only_batches")
@pytest.mark.parametrize(("activation", "d", "k"), CASES)
def test_networks_of_one_shape_are_never_computed_alone(activation, d, k):
    assert len(spectrum_many(sample_teachers(activation, d, k, count=3, seed=2))) == 3


@pytest.mark.parametrize(("activation", "d", "k"), [case for case in CASES if case[1] <= case[2]])
def test_the_stack_holds_the_hessians_of_its_networks(activation, d, k):
    teachers = sample_teachers(activation, d, k, count=3, seed=2)
    stack, kept = stack_hessians(teachers[0].activation, layers(teachers))
    assert kept.all()
    for matrix, teacher in zip(stack.dense(), teachers, strict=True):
        operator = hessian_at_optimum(teacher)
        whole, nulls = operator.dense(), operator.structure.null_vectors()
        if nulls is None:
            upper, expected = np.triu(matrix), np.triu(whole)
            np.testing.assert_allclose(upper, expected, rtol=0, atol=1e-15 * np.abs(whole).max())
        else:
            rest = np.linalg.eigvalsh(matrix)
            expected = np.linalg.eigvalsh(whole)[nulls.shape[1] :]
            np.testing.assert_allclose(rest, expected, rtol=0, atol=1e-14 * expected[-1])


@pytest.mark.usefixtures("only_batches")
@pytest.mark.parametrize("names", SOME_BIASES)
@pytest.mark.parametrize(("activation", "d", "k"), BIASED)
def test_each_network_with_biases_of_a_batch_as_alone(activation, d, k, names):
    assert_each_as_alone(biased_teachers(activation, d, k, names))


@pytest.mark.parametrize("names", SOME_BIASES)
@pytest.mark.parametrize(("activation", "d", "k"), [("erf", 4, 5), ("gelu", 3, 3), ("exp", 3, 4)])
def test_the_stack_holds_the_hessians_of_networks_with_biases(activation, d, k, names):
    teachers = biased_teachers(activation, d, k, names)
    stack, kept = stack_hessians(teachers[0].activation, layers(teachers))
    assert kept.all()
    assert stack.layout.size == teachers[0].n_params
    for matrix, teacher in zip(stack.dense(), teachers, strict=True):
        whole, at = hessian_at_optimum(teacher).dense(), teacher.layout
        for row, column in itertools.combinations_with_replacement(stack.layout.trained, 2):
            block, expected = stack.layout.block(matrix, row, column), at.block(whole, row, column)
            if row == column:
                block, expected = np.triu(block), np.triu(expected)
            np.testing.assert_allclose(block, expected, rtol=0, atol=1e-15 * np.abs(whole).max())


def test_biases_that_need_more_than_arrays():
    """Parallel neurons of a kink, a zero neuron that its bias holds off the kink, a silent read-out."""
    teachers = biased_teachers("relu", 4, 5, "bc", count=4)
    stacks = layers(teachers)
    stacks["W"][0, 1], stacks["W"][1, 2], stacks["a"][2, 0] = -stacks["W"][0, 0], 0.0, 0.0
    each = [dict(zip(stacks, some, strict=True)) for some in zip(*stacks.values(), strict=True)]
    assert_each_as_alone([t.with_layers(some) for t, some in zip(teachers, each, strict=True)])


def test_a_mixed_list_in_its_order():
    plain = sample_teachers("erf", 4, 3, count=3)
    others = [
        *sample_teachers("relu", 3, 3, count=2),
        *sample_teachers("erf", 4, 3, count=2, biases="normal"),
        *sample_teachers("erf", 4, 3, count=2, outputs=2),
        Problem(plain[0], GaussianInputs(mean=np.ones(4))),
        np.diag([1.0, 2.0]),
        *sample_teachers("tanh", 2, 2, count=2),
    ]
    sources = [source for pair in zip(plain, others, strict=False) for source in pair] + others[3:]
    for found, source in zip(spectrum_many(sources), sources, strict=True):
        assert_same(found, spectrum(source))


def test_neurons_that_need_more_than_arrays():
    """Equal and opposite neurons, dependent rows, a zero neuron, a silent read-out, close neurons of a kink."""
    W, a = arrays(sample_teachers("relu", 4, 5, count=6, seed=3))
    W[0, 1], W[1, 1], W[2, :, 0], W[3, 1] = W[0, 0], -W[1, 0], 0.0, W[3, 0] + 1e-3 * W[3, 2]
    a[4, 2] = 0.0
    assert_each_as_alone([Network(w, b, "relu") for w, b in zip(W, a, strict=True)])
    W[5, 2] = 0.0
    assert_each_as_alone([Network(w, b, "erf") for w, b in zip(W, a, strict=True)])
    wide = [Network(w[:3], b[:3], "erf") for w, b in zip(W, a, strict=True)]
    assert_each_as_alone(wide)


def test_small_eigenvalues_are_refined_where_they_would_be_alone():
    teachers = sample_teachers("erf", 10, 5, count=4, weights="student_t:nu=3")
    scaled = [Network(0.05 * t.W, t.a, "erf") for t in teachers]
    found = spectrum_many([*teachers, *scaled])
    assert any(each.method.startswith("extended") for each in found)
    assert_each_as_alone([*teachers, *scaled])


@pytest.mark.parametrize("biases", ["none", "normal"])
def test_what_a_network_gets_does_not_depend_on_the_others(biases):
    teachers = sample_teachers("erf", 4, 4, count=40, biases=biases)
    some = [*spectrum_many(teachers[:23]), *(spectrum_many([t])[0] for t in teachers[23:25])]
    for found, expected in zip(some, spectrum_many(teachers), strict=False):
        np.testing.assert_array_equal(found.values, expected.values)


@pytest.mark.parametrize("scale", [0.0, 1e200])
@pytest.mark.parametrize("activation", ["relu", "erf", "quadratic"])
def test_errors_are_those_of_the_network(activation, scale):
    W, a = arrays(sample_teachers(activation, 3, 4, count=3))
    W[1, 2] *= scale
    networks = [Network(w, b, activation) for w, b in zip(W, a, strict=True)]
    try:
        spectrum(networks[1])
    except (InputError, NoHessianError) as error:
        with pytest.raises(type(error)) as raised:
            spectrum_many(networks)
        assert str(raised.value) == str(error)
    else:
        assert_each_as_alone(networks)


def test_beyond_float64_inside_a_batch():
    """Of neurons in range, whose moments are not."""
    W, a = arrays(sample_teachers("exp", 3, 3, count=3))
    networks = [Network(w, b, "exp") for w, b in zip(W * [[[1.0]], [[60.0]], [[1.0]]], a, strict=True)]
    with pytest.raises(InputError, match="finite float64") as raised:
        spectrum_many(networks)
    with pytest.raises(InputError) as alone:
        spectrum(networks[1])
    assert str(raised.value) == str(alone.value)


def test_other_methods_and_empty_lists():
    teachers = sample_teachers("erf", 3, 2, count=2)
    for found, teacher in zip(spectrum_many(teachers, "dense"), teachers, strict=True):
        assert_same(found, spectrum(teacher, "dense"))
    assert spectrum_many([]) == []
    with pytest.raises(InputError, match="unknown method"):
        spectrum_many(teachers, "dens")


def test_what_is_stackable_is_declared():
    """Quadratures share nodes between neurons, and kinks that are not at the origin have terms on the diagonal."""
    known = {
        name: as_activation(name).stackable for name in ("erf", "relu", "quadratic", "gelu", "tanh", "silu")
    }
    assert known == {"erf": True, "relu": True, "quadratic": True, "gelu": True, "tanh": False, "silu": False}


def test_sampled_teachers_are_those_of_their_realizations():
    options = {"seed": 3, "weights": "laplace", "biases": "normal", "outputs": 2}
    found = sample_teachers("erf", 3, 2, count=3, **options)
    for realization, teacher in enumerate(found):
        expected = sample_teacher("erf", 3, 2, realization=realization, **options)
        assert teacher.layers.keys() == expected.layers.keys()
        for name, layer in teacher.layers.items():
            np.testing.assert_array_equal(layer, expected.layers[name])
    with pytest.raises(InputError, match="count"):
        sample_teachers("erf", 3, 2, count=0)


def test_a_draw_that_is_no_number_is_refused_in_a_later_teacher_too():
    class Breaks(Normal):
        def sample(self, rng, shape, fan_in):
            return np.where(rng.integers(1 << 62) == last, np.nan, super().sample(rng, shape, fan_in))

    last = layer_rng(0, 2, 1, (3, 2)).integers(1 << 62)
    assert len(sample_teachers("erf", 3, 2, count=2, weights=Breaks())) == 2
    with pytest.raises(InputError, match="finite a"):
        sample_teachers("erf", 3, 2, count=3, weights=Breaks())


def test_every_spectrum_knows_its_network_as_one_alone_does():
    teachers = sample_teachers("erf", 4, 4, count=3)
    assert [found.network for found in spectrum_many(teachers)] == teachers
    assert spectrum_many([Problem(teachers[0])])[0].network is None
