"""The general problem (activation u², read-out frozen at 1/m) is twice the quadratic one: one half against a quarter."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage import empirical
from tutelage.population import Problem
from tutelage.quadratic import (
    as_network,
    empirical_gradient,
    empirical_loss,
    matrix_of,
    population_gradient,
    population_loss,
    sample_inputs,
    sample_quadratic_teacher,
    sample_start,
    weight_gradient,
    weight_hessian,
)

TEACHER = sample_quadratic_teacher(5, 2, seed=3)
W = sample_start(7, 5, seed=3)
A = matrix_of(W)
X = sample_inputs(12, 5, seed=3)


def test_the_general_problem_is_twice_this_loss():
    """Section 0's one half against the paper's quarter: loss, gradient and Hessian in the weights."""
    problem = Problem(TEACHER.network, trainable=("W",))
    student = as_network(W)
    assert float(problem.loss(student)) == pytest.approx(2 * population_loss(A, TEACHER), rel=1e-12)
    gradient = np.asarray(problem.gradient(student))[: W.size]
    np.testing.assert_allclose(
        gradient, 2 * weight_gradient(W, population_gradient(A, TEACHER)).ravel(), atol=1e-13
    )
    hessian = np.asarray(problem.hessian(student).dense())[: W.size, : W.size]
    np.testing.assert_allclose(hessian, 2 * weight_hessian(W, TEACHER), atol=1e-12)


def test_the_general_empirical_problem_is_twice_this_loss():
    problem = empirical.Problem.from_teacher(TEACHER.network, X)
    student = as_network(W)
    assert float(problem.loss(student)) == pytest.approx(2 * empirical_loss(A, TEACHER, X), rel=1e-12)
    gradient = np.asarray(problem.gradient(student))[: W.size]
    np.testing.assert_allclose(
        gradient, 2 * weight_gradient(W, empirical_gradient(A, TEACHER, X)).ravel(), atol=1e-13
    )
    hessian = np.asarray(problem.hessian(student).dense())[: W.size, : W.size]
    np.testing.assert_allclose(hessian, 2 * weight_hessian(W, TEACHER, X), atol=1e-12)
