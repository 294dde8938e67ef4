"""Function space and extended precision with several outputs and biases agree with the dense Hessian."""

import numpy as np
import pytest

from tutelage import hessian_at_optimum, sample_teacher, spectrum
from tutelage.population.extended import ball_hessian
from tutelage.rank import effective_parameters


@pytest.mark.parametrize("activation", ["quadratic:alpha=0.5", "polynomial:coefficients=1,0,0,1", "linear"])
@pytest.mark.parametrize("biases", ["none", "normal"])
def test_the_function_space_of_several_outputs(activation, biases):
    teacher = sample_teacher(activation, 3, 8, outputs=2, biases=biases)
    operator = hessian_at_optimum(teacher)
    dense = operator.dense()
    rows = operator.structure.factor.rows()
    np.testing.assert_allclose(rows.T @ rows, dense, atol=1e-12 * np.abs(dense).max())
    np.testing.assert_allclose(
        operator.structure.factor.gram(), rows @ rows.T, atol=1e-12 * np.abs(dense).max()
    )
    assert rows.shape == (operator.structure.factor.size, teacher.n_params)
    found = spectrum(teacher, method="function_space")
    values = np.sort(np.repeat(found.values, found.multiplicities))
    np.testing.assert_allclose(values, np.linalg.eigvalsh(dense), atol=1e-12 * values[-1])


def test_the_function_space_proves_the_rank_of_several_quadratic_outputs():
    teacher = sample_teacher("quadratic:alpha=0.5", 3, 9, outputs=2)
    assert spectrum(teacher).rank == effective_parameters(teacher).rank == 18  # m d (d + 3)/2


@pytest.mark.parametrize(("d", "k", "m"), [(6, 3, 2), (2, 3, 4), (3, 3, 1)])
def test_balls_enclose_the_hessian_of_several_outputs(d, k, m):
    teacher = sample_teacher("erf", d, k, outputs=m)
    dense = hessian_at_optimum(teacher).dense()
    found = spectrum(teacher, method="extended")
    values = np.repeat(found.values, found.multiplicities)
    np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(dense), atol=1e-14 * values.max())
    balls = ball_hessian(teacher, 100)
    assert (balls.repeated is None) == (k >= d)
    if k >= d:
        block = np.array([[float(entry.mid()) for entry in row] for row in balls.block.tolist()])
        np.testing.assert_allclose(block, dense, atol=1e-14 * values.max())
