"""The law of linear networks of several outputs: an exact convolution, at these sizes and in the limit (science 19)."""

import numpy as np
import pytest

from tutelage import Network, hessian_at_optimum, sample_teacher
from tutelage.base.errors import InputError
from tutelage.laws import FiniteLinearNetwork, LinearNetwork, law_of, linear_eigenvalues
from tutelage.laws.distance import pooled_distance
from tutelage.rank import effective_parameters

SHAPES = [(6, 8, 3), (6, 4, 9), (9, 3, 5), (3, 8, 12)]


def positive(values):
    return values[values > 1e-10]


@pytest.mark.parametrize(("d", "k", "m"), SHAPES)
def test_the_eigenvalues_are_all_sums_and_their_number_is_the_rank(d, k, m):
    teacher = sample_teacher("linear", d, k, outputs=m)
    dense = np.linalg.eigvalsh(hessian_at_optimum(teacher).dense())
    sums = linear_eigenvalues(teacher.W, teacher.a)
    assert sums.shape == (d * m,)
    np.testing.assert_allclose(positive(sums), positive(dense), rtol=1e-12)
    for law in (LinearNetwork(d, k, outputs=m), FiniteLinearNetwork(d, k, m)):
        assert law.rank == positive(dense).size == effective_parameters(teacher).rank
        assert law.full().cdf(0.0) == pytest.approx(1 - law.rank / teacher.n_params, rel=1e-12)
        assert law.n_params == teacher.n_params


@pytest.mark.parametrize(("d", "k", "m"), SHAPES)
def test_the_finite_law_is_that_of_teachers(d, k, m):
    teachers = (sample_teacher("linear", d, k, realization=r, outputs=m) for r in range(400))
    spectra = np.array([positive(linear_eigenvalues(t.W, t.a)) for t in teachers])
    found = pooled_distance(spectra, law := FiniteLinearNetwork(d, k, m))
    assert found.p_value > 1e-3
    for power in (1, 2):
        means = (spectra**power).mean(axis=1)
        assert abs(means.mean() - law.moment(power)) < 4 * means.std() / np.sqrt(400)


def test_the_limit_is_approached_as_sizes_grow():
    def distance(size):
        teacher = sample_teacher("linear", 5 * size, 10 * size, outputs=3 * size)
        values = linear_eigenvalues(teacher.W, teacher.a)[None]
        return pooled_distance(values, law_of(teacher), n_bootstrap=1).value

    assert distance(40) < 0.5 * distance(8) < 0.05


def test_one_output_and_several_are_told_apart():
    teacher = sample_teacher("linear", 4, 3, outputs=2)
    assert law_of(teacher) == LinearNetwork(4, 3, outputs=2) != LinearNetwork(4, 3)
    one = Network(teacher.W, teacher.a[0], "linear")
    as_row = linear_eigenvalues(teacher.W, teacher.a[:1])
    np.testing.assert_allclose(as_row, linear_eigenvalues(one.W, one.a), rtol=1e-13)
    for wrong in ({"covariance": np.ones(4)}, {"length": 1.0}):
        with pytest.raises(InputError, match="white inputs"):
            LinearNetwork(4, 3, outputs=2, **wrong)
    with pytest.raises(InputError, match="reshape"):
        linear_eigenvalues(teacher.W, np.ones((2, 4)))
