"""One operator of every kind, each with its dense twin made another way."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

from tutelage import Problem, empirical, hessian_at_optimum, hessian_of, sample_teacher
from tutelage.operators import MatrixOperator, SymmetricOperator

MATRIX = np.array([[2.0, -1.0, 0.0], [-1.0, 2.0, 1.0], [0.0, 1.0, -3.0]])


class Ours(SymmetricOperator):
    """The least that an operator has to say."""

    size, semidefinite = 3, False

    def product(self, vector):
        return jnp.asarray(MATRIX) @ vector


def _loss(params):
    return jnp.sum(jnp.sin(params["w"]) * params["b"]) + params["b"] ** 2


def operators():
    """Name -> operator."""
    teacher, student = sample_teacher("erf", 3, 2, seed=1), sample_teacher("erf", 3, 2, seed=2)
    kinked = sample_teacher("relu", 3, 2, seed=3)
    X = np.random.default_rng(0).standard_normal((7, 3))
    off = Problem(teacher).hessian(student)
    data = empirical.Problem(X, np.ones(7))
    at_optimum = hessian_at_optimum(teacher)
    found = {
        "population": at_optimum,
        "population away": off,
        "outer part": off.outer,
        "functional part": off.functional,
        "hidden layer alone": Problem(teacher, trainable="W").hessian(student),
        "read-out alone": Problem(teacher, trainable=("a",)).hessian(teacher),
        "kinked": Problem(kinked).hessian(sample_teacher("relu", 3, 2, seed=4)),
        "reduced block": hessian_at_optimum(sample_teacher("erf", 6, 2)).structure.reduction().block,
        "data": data.hessian(student),
        "outer part of data": data.hessian(student).outer,
        "read-out alone on data": empirical.Problem(X, np.ones(7), "a").hessian(student),
        "matrix": MatrixOperator(MATRIX),
        "user's own": Ours(),
        "product in JAX": hessian_of((lambda v: jnp.cumsum(jnp.cumsum(v)[::-1])[::-1], 4)),
        "product in NumPy": hessian_of((lambda v: np.asarray(MATRIX) @ np.asarray(v, dtype=float), 3)),
        "sparse": hessian_of(scipy.sparse.csr_array(MATRIX)),
        "loss of a pytree": hessian_of((_loss, {"w": np.array([0.3, 1.0]), "b": 0.5})),
        "multiple": hessian_of(2 * at_optimum),
        "sum": hessian_of(at_optimum + at_optimum),
    }
    return found


@pytest.fixture(scope="session")
def kinds():
    return operators()


@pytest.fixture(
    params=[
        "population", "population away", "outer part", "functional part", "hidden layer alone", "read-out alone", "kinked",
        "reduced block", "data", "outer part of data", "read-out alone on data", "matrix", "user's own", "product in JAX",
        "product in NumPy", "sparse", "loss of a pytree", "multiple", "sum",
    ]
)  # fmt: skip
def operator(kinds, request):
    return kinds[request.param]


@pytest.fixture
def doubled():
    with jax.enable_x64(True):
        yield
