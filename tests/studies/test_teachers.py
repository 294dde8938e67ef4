"""Stacks of teachers are the teachers `sample_teacher` gives, and their eigenvalues those of dense Hessians."""

import numpy as np
import pytest

from tutelage.laws import linear_eigenvalues
from tutelage.studies.shared.teachers import teacher_weights
from tutelage.teachers import sample_teacher


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher", "laplace", "student_t:nu=3", "cauchy"])
def test_a_stack_holds_the_teachers_of_sample_teacher(law):
    W, a = teacher_weights(4, 3, 5, seed=7, weights=law)
    for i in range(5):
        teacher = sample_teacher("linear", d=4, k=3, seed=7, weights=law, realization=i)
        np.testing.assert_array_equal(W[i], teacher.W)
        np.testing.assert_array_equal(a[i], teacher.a)


@pytest.mark.parametrize(("d", "k"), [(3, 6), (6, 3), (4, 4), (5, 1), (1, 5)])
def test_linear_eigenvalues_are_those_of_the_jacobian(d, k):
    """Unlike oracle: f is linear in x, so H = JᵀJ with J = d(Wᵀa)/dθ built entry by entry."""
    W, a = teacher_weights(d, k, 2, seed=1)
    for w, b, values in zip(W, a, linear_eigenvalues(W, a), strict=True):
        jacobian = np.concatenate([np.kron(b, np.eye(d)), w.T], axis=1)
        expected = np.linalg.svd(jacobian, compute_uv=False) ** 2
        np.testing.assert_allclose(np.sort(values), np.sort(expected), rtol=1e-12)
