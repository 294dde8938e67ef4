"""Minima from random starts: exact gradients, SciPy's ends, the closed spectrum at an orthonormal ReLU teacher, counts."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import tutelage
from tutelage import Network, Problem
from tutelage.activations import Polynomial
from tutelage.base.errors import InputError
from tutelage.landscape import critical_points, find_minima, orthonormal_relu_spectrum, search
from tutelage.store import Store


def orthonormal(k):
    return Network(np.eye(k), np.ones(k), "relu")


@pytest.mark.parametrize("d", [3, 4, 6, 11, 20])
def test_the_spectrum_at_an_orthonormal_teacher_is_that_of_the_exact_hessian(d):
    closed = orthonormal_relu_spectrum(d)
    exact = tutelage.spectrum(
        Problem(orthonormal(d), trainable=("W",)).hessian(orthonormal(d)), method="dense"
    )
    assert np.abs(closed.eigenvalues - exact.eigenvalues).max() < 1e-12
    assert closed.n_params == d * d == closed.multiplicities.sum()


def test_at_the_teacher_d_eigenvalues_grow_like_a_quarter_of_d_one_like_d_over_two_pi_and_no_other():
    for d in (6, 60, 600):
        values = orthonormal_relu_spectrum(d).eigenvalues
        assert values[-d:] / d == pytest.approx(np.full(d, 0.25), abs=1 / d)
        assert values[-(d + 1)] / d == pytest.approx(1 / (2 * np.pi), abs=0.4 / d)
        assert values[0] > 0.09
        assert values[-(d + 2)] < 0.41


@pytest.mark.parametrize("sigma", ["erf", "relu", "softplus"])  # softplus is compiled
def test_the_batched_loss_and_gradient_are_those_of_the_problem(sigma, monkeypatch):
    """Seen from outside: what L-BFGS is handed, against the library's one student at a time."""
    seen = {}

    def spy(evaluate, start, gradient):
        seen["found"] = evaluate(start, np.arange(len(start)))
        return type("End", (), {"x": start})

    monkeypatch.setattr(search, "minimize_rows", spy)
    teacher, a = tutelage.sample_teacher(sigma, d=4, k=3, seed=2), np.array([0.7, -1.2])
    starts = np.random.default_rng(0).standard_normal((5, 2, 4))
    search.descend(teacher, a, starts)
    loss, gradient = seen["found"]
    problem = Problem(teacher, trainable=("W",))
    exact = [Network(W, a, teacher.activation) for W in starts]
    constant = problem.loss(exact[0]) - loss[0]
    assert loss + constant == pytest.approx([problem.loss(s) for s in exact], abs=1e-12)
    assert np.abs(gradient - [problem.gradient(s) for s in exact]).max() < 1e-12


@pytest.fixture(scope="module", name="ten")
def ten_fixture():
    return find_minima(orthonormal(10), starts=16)


def test_every_run_ends_at_a_certified_minimum_on_few_levels(ten):
    assert ten.is_minimum.all()
    assert ten.gradient.max() < 1e-13
    assert np.all(ten.eigenvalues[:, 0] > ten.error)
    levels = ten.levels()
    assert sum(level.count for level in levels) == 16
    assert levels[0].loss < 1e-14
    assert levels[1].loss == pytest.approx(0.0187022, abs=1e-7)
    assert levels[1].eigenvalues[0] == pytest.approx(0.0320, abs=1e-4)
    assert np.all(np.diff([level.loss for level in levels]) > 1e-3)
    low, high = ten.spurious_interval
    assert 0 < low < ten.spurious_fraction < high < 1


def test_at_every_minimum_k_plus_one_eigenvalues_are_large(ten):
    assert all(np.sum(level.eigenvalues > 0.6) == 11 for level in ten.levels())


@pytest.mark.slow
def test_scipy_descends_to_the_same_levels_and_cannot_leave_them(ten):
    """One student at a time through the public loss and gradient, from starts of its own and from the minima found."""
    problem = Problem(orthonormal(10), trainable=("W",))
    student = lambda w: Network(w.reshape(10, 10), np.ones(10), "relu")  # noqa: E731
    rng = np.random.default_rng(5)
    known = np.array([0.0, 0.0187022, 0.0353269])  # k = 10, ten times as many starts
    for start in (rng.standard_normal(100) / np.sqrt(10), ten.weights[np.argmax(ten.loss)].ravel() + 1e-3):
        end = scipy.optimize.minimize(
            lambda w: (problem.loss(student(w)), problem.gradient(student(w))), start, jac=True, method="L-BFGS-B",
            options={"maxiter": 2000, "gtol": 1e-8, "ftol": 1e-14},
        )  # fmt: skip
        assert np.abs(known - end.fun).min() < 1e-7
    assert end.fun == pytest.approx(ten.loss.max(), abs=1e-8)


def test_a_search_resumes_and_extends_what_the_store_holds(tmp_path, monkeypatch):
    teacher, store = orthonormal(3), Store(tmp_path)
    first = find_minima(teacher, starts=50, store=store)
    monkeypatch.setattr(
        search, "minimize_rows", lambda evaluate, start, gradient: pytest.fail("computed again")
    )
    again = find_minima(teacher, starts=50, store=store)
    assert np.array_equal(first.weights, again.weights)
    monkeypatch.undo()
    seen = []
    longer = find_minima(
        teacher, starts=53, store=store, progress=lambda fraction, message=None: seen.append(fraction)
    )
    assert np.array_equal(longer.loss[:50], first.loss)
    assert seen == [50 / 53, 1.0]
    assert len(store.keys()) == 2


def test_flat_minima_are_minima_and_their_losses_the_predicted_ones():
    """u² students: turns of the neurons are flat, those of opposite signs without end; the level is that of the subset."""
    A = np.array([2.0, 1.0, -1.5])
    teacher = Network(np.eye(3), A, Polynomial((0.0, 0.0, 1.0)))
    for a in ([1.0, 1.0], [1.0, -1.0], [-0.5, -1.0], [0.2, 0.2, 0.2, 0.2, -0.2, -0.2]):
        found = find_minima(teacher, starts=12, readouts=a)
        assert found.is_minimum.all()
        predicted = critical_points(np.diag(A), readouts=a).minima()
        assert found.loss == pytest.approx(np.full(12, predicted[0].loss), abs=1e-10)
        assert len(found.levels()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("k", "spurious"), [(6, 2), (10, 51), (16, 129)])
def test_fractions_of_spurious_minima_are_those_of_another_search(k, spurious):
    """150 runs of SciPy's L-BFGS gave these counts; two samples of one fraction, by Fisher's exact test."""
    found = find_minima(orthonormal(k), starts=150)
    assert found.is_minimum.all()
    ours = int(found.is_spurious.sum())
    table = [[ours, 150 - ours], [spurious, 150 - spurious]]
    assert scipy.stats.fisher_exact(table).pvalue > 0.001
    assert all(np.sum(level.eigenvalues > 0.6) == k + 1 for level in found.levels())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: orthonormal_relu_spectrum(2), "d >= 3"),
        (lambda: find_minima(np.eye(3)), "Network as teacher"),
        (lambda: find_minima(orthonormal(3), starts=0), "starts >= 1"),
        (lambda: find_minima(orthonormal(3), readouts=[1.0, 0.0]), "non-zero read-outs"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
