"""Every lineax solver works with every operator that is what the solver asks for."""

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest

from tutelage import hessian_at_optimum, hessian_of, sample_teacher, spectrum
from tutelage.base.errors import InputError


def identity(operator):
    return lx.IdentityLinearOperator(operator.in_structure())


def solved(operator, solver):
    b = np.cos(np.arange(operator.in_size()))
    return np.asarray(lx.linear_solve(operator, jnp.asarray(b), solver).value), b


@pytest.mark.usefixtures("doubled")
def test_least_squares_with_any_operator(operator):
    x, b = solved(operator, lx.AutoLinearSolver(well_posed=False))
    # Cut where lineax cuts: at machine precision times n, below the largest eigenvalue.
    expected = np.linalg.pinv(operator.dense(), rcond=np.finfo(float).eps * operator.size, hermitian=True) @ b
    gap = np.abs(np.linalg.eigvalsh(operator.dense()))
    lowest = gap[gap > 1e-12 * gap.max()].min()
    assert np.abs(x - expected).max() <= 1e-14 * gap.max() / lowest**2 * 10 + 1e-12


SOLVERS = {
    "Cholesky": lx.Cholesky(),
    "CG": lx.CG(rtol=1e-12, atol=1e-12),
    "whatever lineax chooses": lx.AutoLinearSolver(well_posed=None),
}


@pytest.mark.usefixtures("doubled")
@pytest.mark.parametrize(
    "solver",
    [pytest.param(s, id=name, marks=pytest.mark.slow if name == "CG" else ()) for name, s in SOLVERS.items()],
)
def test_definite_systems(operator, solver):
    """H + I is definite where H is semidefinite, and lineax knows; a shift beyond the lowest eigenvalue is declared."""
    if operator.semidefinite:
        shifted, shift = operator + identity(operator), 1.0
    else:
        shift = 0.1 - float(np.linalg.eigvalsh(operator.dense())[0])
        shifted = lx.TaggedLinearOperator(operator + shift * identity(operator), lx.positive_semidefinite_tag)
    x, b = solved(shifted, solver)
    expected = np.linalg.solve(operator.dense() + shift * np.eye(operator.size), b)
    assert np.abs(x - expected).max() < 1e-9 * np.abs(expected).max()


@pytest.mark.usefixtures("doubled")
@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_definite_hessian_needs_no_shift(solver):
    operator = hessian_at_optimum(sample_teacher("erf", d=3, k=1, seed=2))
    x, b = solved(operator, solver)
    assert np.allclose(operator.matvec(x), b, atol=1e-9)


@pytest.mark.slow
@pytest.mark.usefixtures("doubled")
def test_a_ridge_by_lineax_arithmetic(operator):
    """0.1 I: lineax does not look at the sign of an array, so the sum is solved as an indefinite one or as it is tagged."""
    if not operator.semidefinite:
        return
    ridge = operator + 0.1 * identity(operator)
    expected = None
    for system, solver in (
        (ridge, lx.AutoLinearSolver(well_posed=None)),
        (ridge, lx.LU()),
        *(
            (lx.TaggedLinearOperator(ridge, lx.positive_semidefinite_tag), solver)
            for solver in SOLVERS.values()
        ),
    ):
        x, b = solved(system, solver)
        expected = np.linalg.solve(operator.dense() + 0.1 * np.eye(operator.size), b)
        assert np.abs(x - expected).max() < 1e-9 * np.abs(expected).max()


@pytest.mark.usefixtures("doubled")
def test_materialised_and_transposed_it_is_the_same_operator(operator):
    materialised = lx.materialise(operator)
    assert isinstance(materialised, lx.MatrixLinearOperator)
    assert lx.is_positive_semidefinite(materialised) == operator.semidefinite and lx.is_symmetric(
        materialised
    )
    assert np.abs(materialised.matrix - operator.dense()).max() <= 1e-13 * np.abs(operator.dense()).max()
    assert operator.T is operator and lx.linearise(operator) is operator and lx.conj(operator) is operator


def test_sums_and_multiples_have_a_spectrum():
    operator = hessian_at_optimum(sample_teacher("erf", d=3, k=2))
    values = np.linalg.eigvalsh(operator.dense())
    for double in (False, True):
        with jax.enable_x64(double):
            found = spectrum(2 * operator + identity(operator))
            fraction = spectrum(0.1 * operator - operator / 3)
        assert np.abs(found.eigenvalues - (2 * values + 1)).max() < 1e-13
        assert np.abs(fraction.eigenvalues - np.sort((0.1 - 1 / 3) * values)).max() < 1e-14
    with pytest.raises(InputError, match="float64 numbers, got float32"):
        spectrum(operator + 0.1 * identity(operator))  # lineax's own product, rounded where it was made


def test_what_lineax_knows_of_a_composite_is_kept():
    operator = hessian_at_optimum(sample_teacher("erf", d=3, k=2))
    assert hessian_of(operator + identity(operator)).semidefinite
    assert not hessian_of(operator - identity(operator)).semidefinite
    assert hessian_of(operator + operator).semidefinite
