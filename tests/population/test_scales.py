"""Weights of any size: the loss, its gradient and the rank are right or refused with the scale, never NaN."""

import numpy as np
import pytest

from tutelage import Network, Problem
from tutelage.activations import ACTIVATIONS
from tutelage.activations.quadrature import QuadratureActivation
from tutelage.base.errors import InputError
from tutelage.rank import flat_directions, hessian_rank

PARAMETERS = {"polynomial": ":coefficients=0,1,0,1"}
SPECS = [
    pytest.param(
        name + PARAMETERS.get(name, ""),
        marks=pytest.mark.slow if issubclass(family, QuadratureActivation) else (),  # seconds to compile
    )
    for name, family in ACTIVATIONS.items()
    if family.__module__.startswith("tutelage.") and name != "numerical"
]
HOMOGENEOUS = {"linear": 1, "relu": 1, "abs": 1, "polynomial:coefficients=0,0,1": 2}
SCALES = (1e-155, 1e-80, 1e80, 1e140, 1e155, 1e300)
W = np.array([[1.0, 0.5, -0.2], [1.0, 2.0, 0.5]])
A = np.array([1.0, -1.0])


def networks(spec, scale, readout=1.0):
    """A teacher, and a student far from it."""
    student = scale * (W + np.array([[0.5, 0.0, 0.1], [0.0, -0.3, 0.2]]))
    return Network(scale * W, readout * A, spec), Network(student, readout * A, spec)


def right_or_refused(compute, *arguments):
    """The value; None where it is refused, in words that name the scale."""
    try:
        return compute(*arguments)
    except InputError as error:
        assert "rescale the weights" in str(error) and "norms" in str(error)
        return None


@pytest.mark.parametrize("spec", SPECS)
def test_loss_and_gradient_are_numbers_or_refused(spec):
    for scale, readout in [*((scale, 1.0) for scale in SCALES), (1.0, 1e160), (1e80, 1e-170), (1e-80, 1e300)]:
        teacher, student = networks(spec, scale, readout)
        for at in (student, teacher):
            loss = right_or_refused(Problem(teacher).loss, at)
            gradient = right_or_refused(Problem(teacher).gradient, at)
            assert loss is None or (np.isfinite(loss) and loss >= 0), (scale, readout)
            assert gradient is None or np.isfinite(gradient).all(), (scale, readout)


@pytest.mark.parametrize("spec", HOMOGENEOUS)
@pytest.mark.parametrize("scale", [1e-50, 1e-30, 1e30, 1e60])
def test_the_loss_of_a_homogeneous_activation_scales_with_its_weights(spec, scale):
    n = HOMOGENEOUS[spec]
    (teacher, student), (one, other) = networks(spec, scale), networks(spec, 1.0)
    assert Problem(teacher).loss(student) / scale**n / scale**n == pytest.approx(
        Problem(one).loss(other), rel=1e-12
    )
    found, expected = Problem(teacher).gradient(student), Problem(one).gradient(other)
    np.testing.assert_allclose(found[:6] / scale**n / scale ** (n - 1), expected[:6], rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(found[6:] / scale**n / scale**n, expected[6:], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("spec", HOMOGENEOUS)
def test_the_rank_and_the_flat_directions_of_a_homogeneous_activation_are_the_same_at_any_scale(spec):
    one = networks(spec, 1.0)[0]
    rank, flat = hessian_rank(one).rank, flat_directions(one)
    for scale in SCALES:
        network = networks(spec, scale)[0]
        found = right_or_refused(hessian_rank, network)
        assert found is None or found.rank == rank, scale
        directions = right_or_refused(flat_directions, network)
        assert directions is None or (directions.dimension, directions.explained) == (
            flat.dimension,
            flat.explained,
        )


@pytest.mark.parametrize("spec", SPECS)
def test_the_rank_of_any_activation_is_answered_or_refused(spec):
    for scale in (1e80, 1e-80):
        network = networks(spec, scale)[0]
        found = right_or_refused(hessian_rank, network)
        assert found is None or 0 <= found.rank <= network.n_params, scale
        directions = right_or_refused(flat_directions, network)
        assert directions is None or np.isfinite(directions.basis).all()
