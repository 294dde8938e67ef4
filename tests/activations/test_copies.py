"""Nobody asks for a name: a copy of a built-in activation under another name gets the same answers, proofs included.

And a copy that declares no fact gets answers that are less sharp, never wrong.
"""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

import tutelage
from tutelage import Architecture, Network, effective_parameters, hessian_rank, load_network, save_network
from tutelage.activations import ACTIVATIONS, Activation, Elementary, Relu, parse_activation
from tutelage.activations.closed_form import ClosedForm
from tutelage.activations.quadrature import QuadratureActivation
from tutelage.base.errors import NotAvailableError
from tutelage.rank import compress, equivalent, flat_directions, verify
from tutelage.rank.irreducible import normal_form
from tutelage.rank.values import two_slopes
from tutelage.spectra import eigensystem, spectrum

BUILT_IN = dict(ACTIVATIONS)
PARAMETERS = {
    "polynomial": ":coefficients=0.5,1,0,2",
    "quadratic": ":alpha=0.3",
    "leaky_relu": ":slope=0.25",
    "erf": ":scale=0.7",
}


def copied(cls):
    """The same class body under another name, derived from no concrete family."""
    towers = (Elementary, ClosedForm, QuadratureActivation, Activation)
    base = next(parent for parent in cls.__mro__ if parent in towers)
    body = {}
    for parent in reversed(cls.__mro__[: cls.__mro__.index(base)]):
        body |= vars(parent)
    for key in ("__dict__", "__weakref__", "__abstractmethods__", "_abc_impl"):
        body.pop(key, None)
    name = f"My{cls.__name__}"
    body |= {"name": f"my_{cls.name}", "__module__": __name__, "__qualname__": name}
    return type(base)(name, (base,), body)


COPIES = {name: copied(cls) for name, cls in BUILT_IN.items()}
globals().update({cls.__name__: cls for cls in COPIES.values()})


@dataclasses.dataclass(frozen=True)
class Withheld(Activation):
    """The function and the tables of another activation, and none of its facts."""

    known: Activation

    def __call__(self, u):
        return self.known(u)

    def dual(self, m_u, m_v, q_uu, q_uv, q_vv):
        return self.known.dual(m_u, m_v, q_uu, q_uv, q_vv)

    def moments(self, pair, order=2):
        return self.known.moments(pair, order)

    def plane_terms(self, W, Z):
        return self.known.plane_terms(W, Z)


def pair_of(name):
    """The built-in activation and its copy, with the same parameters."""
    original = parse_activation(name + PARAMETERS.get(name, ""))
    fields = {f.name: getattr(original, f.name) for f in dataclasses.fields(original)}
    return original, COPIES[name](**fields)


W = np.array([[0.5, -1.0, 0.25], [1.25, 0.5, -0.75], [-0.5, 0.75, 1.0], [0.25, 1.5, 0.5]])
a = np.array([1.0, -0.5, 0.75, 1.25])


def special(zero):
    """Generic weights, and those at which relations between neurons appear."""
    opposite = W.copy()
    opposite[1], opposite[3] = -W[0], -2 * W[2]
    silent = np.where(np.arange(4) == 1, 0.0, a)
    cases = [(W, a), (opposite, a), (opposite, silent), (W[[0, 0, 1, 2]], a)]
    return [*cases, (np.where(np.arange(4)[:, None] == 2, 0.0, W), a)] if zero else cases


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_copy_gets_the_same_rank_the_same_proof_and_the_same_certificate(name):
    original, copy = pair_of(name)
    assert copy.spec.startswith(f"{__name__}:My") and not isinstance(copy, type(original))
    for weights, read_out in special(zero=not original.kinks):
        known, found = (
            hessian_rank(Network(weights, read_out, s), floating=False, primes=1) for s in (original, copy)
        )
        assert known.status == "proven"
        swapped = found.certificate
        if swapped is not None:
            assert swapped.activations == (copy.spec,) and verify(type(swapped).from_json(swapped.to_json()))
            swapped = dataclasses.replace(swapped, activations=(original.spec,))
        assert dataclasses.replace(found, certificate=swapped) == known


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("name", [n for n in BUILT_IN if n not in ("softplus", "gelu")])
def test_a_copy_gets_the_same_effective_parameters(name, biases):
    original, copy = pair_of(name)
    results = []
    for activation in (original, copy):
        found = effective_parameters(Architecture((3, 4, 1), activation, biases), primes=1)
        assert found.certificate is None or verify(found.certificate)
        same = {"certificate": None, "floating": None, "notes": (), "failure_probability": 0.0}
        results.append(dataclasses.replace(found, **same))
    assert results[0] == results[1]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_copy_compresses_and_compares_like_the_original(name):
    original, copy = pair_of(name)
    for weights, read_out in special(zero=True):
        known, found = (compress(Network(weights, read_out, s)) for s in (original, copy))
        assert (found.kind, found.size) == (known.kind, known.size)
        for key, part in known.parts.items():
            assert np.array_equal(found.parts[key], part)
        flipped = [Network(weights * [[1], [1], [1], [-1]], read_out, s) for s in (original, copy)]
        answers = [
            equivalent(Network(weights, read_out, s), other)
            for s, other in zip((original, copy), flipped, strict=True)
        ]
        assert answers[0] == answers[1]
        # The copy and the original are one function, and that is seen without a name.
        assert equivalent(Network(weights, read_out, original), Network(weights, read_out, copy))


@pytest.mark.parametrize("name", ["relu", "abs", "linear", "polynomial", "sin", "gelu", "tanh"])
def test_a_copy_has_the_same_spectrum_and_flat_directions(name):
    original, copy = pair_of(name)
    for weights in (W, W[:2]):
        networks = [Network(weights, a[: len(weights)], s) for s in (original, copy)]
        known, found = map(spectrum, networks)
        assert found.method == known.method and found.rank == known.rank
        assert np.array_equal(found.values, known.values) and np.array_equal(found.errors, known.errors)
        assert eigensystem(networks[1]).method == eigensystem(networks[0]).method
        first, second = map(flat_directions, networks)
        assert (second.dimension, second.explained) == (first.dimension, first.explained)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_copy_survives_a_file(name, tmp_path):
    _, copy = pair_of(name)
    save_network(Network(W, a, copy), tmp_path / "copy.npz")
    assert load_network(tmp_path / "copy.npz").activation == copy


@pytest.mark.parametrize("name", BUILT_IN)
def test_without_facts_nothing_is_proven_and_nothing_is_wrong(name):
    original = parse_activation(name + PARAMETERS.get(name, ""))
    for weights, read_out in special(zero=not original.kinks):
        known, careful = (Network(weights, read_out, s) for s in (original, Withheld(original)))
        found = hessian_rank(careful)
        assert found.status == "numerical" and found.rank == hessian_rank(known, floating=False).rank
        # Not reduced as far, and the same function.
        reduced = compress(careful)
        assert reduced.size >= compress(known).size or original.degree is not None
        x = np.random.default_rng(0).normal(size=(9, 3))
        np.testing.assert_allclose(reduced.to_network()(x), known(x), rtol=1e-12, atol=1e-12)
        exact, values = spectrum(known), spectrum(careful)
        allowed = 1e-12 * exact.values.max() + values.errors.max()
        np.testing.assert_allclose(values.eigenvalues, exact.eigenvalues, rtol=0, atol=allowed)
        for factor in (1, -1):  # -1: a parity that only the known one may use
            other = weights * [[1], [1], [1], [factor]]
            answers = [
                equivalent(Network(weights, read_out, s), Network(other, read_out * signs, s)).same
                for s in (original, Withheld(original))
                for signs in (1, [1, 1, 1, factor])
            ]
            assert answers[:2] == answers[2:]
    with pytest.raises(NotAvailableError, match="undeclared"):
        effective_parameters(Architecture((3, 2, 1), Withheld(original)))


def test_opposite_gelu_pairs_that_hide_one_linear_function_are_the_same_function():
    # sigma(u) - sigma(-u) = u, so w and its opposite with read-outs 1 and -1 make w.x
    first = Network([[1.0, 0, 0], [-1, 0, 0]], [1, -1], "gelu")
    second = Network([[0, 1.0, 0], [0, -1, 0], [1, -1, 0], [-1, 1, 0]], [1, -1, 1, -1], "gelu")
    assert equivalent(first, second) and not equivalent(first, Network(first.W, [1, -2], "gelu"))


@pytest.mark.parametrize("activation", ["gelu", "softplus", "silu", "relu", "leaky_relu:slope=0.25"])
def test_a_flipped_neuron_leaves_a_linear_function_of_the_right_sign(activation):
    # sigma(w.x) = sigma(-w.x) - c_1 w.x, and w.x is made of two other opposite pairs
    slope = parse_activation(activation).reflection.linear
    pairs = [[1.0, 0], [-1, 0], [0, 1], [0, -1]]
    first = Network([[1.0, 1.0]], [1.0], activation)
    second = Network([[-1.0, -1.0], *pairs], [1, 1, -1, 1, -1], activation)
    assert slope < 0 and equivalent(first, second)
    x = np.random.default_rng(0).normal(size=(9, 2))
    np.testing.assert_allclose(first(x), second(x), atol=1e-12)
    assert not equivalent(first, Network(second.W, [1, 1, -1, 1, -1.001], activation))


@pytest.mark.parametrize(
    "name", [n for n in BUILT_IN if parse_activation(n + PARAMETERS.get(n, "")).degree is None]
)
def test_the_normal_form_is_the_function(name):
    original, _ = pair_of(name)
    x = np.random.default_rng(0).normal(size=(9, 3))
    for weights, read_out in special(zero=True):
        network = Network(weights, read_out, original)
        form = normal_form(network)
        left = Network(form.W, form.a, original)(x) if form.a.size else 0.0
        np.testing.assert_allclose(left + x @ form.linear + form.constant, network(x), rtol=0, atol=1e-12)


def test_slopes_about_a_kink():
    slopes = {
        "relu": (1.0, 0.0),
        "leaky_relu:slope=0.25": (1.0, 0.25),
        "abs": (1.0, -1.0),
        "erf": None,
        "linear": None,
    }
    assert {text: two_slopes(parse_activation(text)) for text in slopes} == slopes


def test_what_is_declared_independent_is_told_apart_by_its_neurons_and_the_rest_by_values():
    answers = [
        equivalent(Network(W, a, s), Network(W, 2 * a, s))
        for s in (parse_activation("erf"), Withheld(parse_activation("erf")))
    ]
    assert not any(answers)
    assert "irreducible networks" in answers[0].reason and "differ at an input" in answers[1].reason
    again = equivalent(Network(W, a, "erf"), Network(-W, -a, "sin"))
    assert not again and "differ at an input" in again.reason


def test_activations_of_different_parameters_can_be_the_same_function():
    assert equivalent(Network(2 * W, a, "erf"), Network(W, a, "erf:scale=2"))
    assert not equivalent(Network(2 * W, a, "erf"), Network(W, a, "erf:scale=2.001"))


def test_no_file_asks_an_activation_for_its_name_or_a_family_for_its_class():
    source = Path(tutelage.__file__).parent
    families = "|".join(cls.__name__ for cls in BUILT_IN.values())
    asked = re.compile(
        rf"activation\S*\.name\b|activations\[\d\]\.name|isinstance\([^)]*(?<!nn\.)\b({families}|Numerical)\b"
    )
    found = [
        f"{file.relative_to(source)}: {line.strip()}"
        for file in source.rglob("*.py")
        for line in file.read_text().splitlines()
        if asked.search(line)
    ]
    assert found == []
    assert asked.search("if activation.name in _ODD") and asked.search("isinstance(s, Relu)") and Relu
