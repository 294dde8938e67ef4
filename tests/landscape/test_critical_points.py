"""Critical points of u² networks: the library's gradient, automatic differentiation, exhaustive root finding."""

from __future__ import annotations

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from tutelage import Network, Problem
from tutelage.activations import Polynomial
from tutelage.base.errors import InputError
from tutelage.landscape import collection, critical_points

SQUARE = Polynomial((0.0, 0.0, 1.0))


SHAPES = ((2, 3), (4, 2), (5, 4), (6, 5))
"""(d, k): few, because each is compiled."""


def loss(W, a, A):
    """½ E(xᵀΔx)² = tr Δ² + ½ (tr Δ)²."""
    delta = (W.T * a) @ W - A
    return jnp.trace(delta @ delta) + jnp.trace(delta) ** 2 / 2


gradient, hessian = jax.jit(jax.grad(loss)), jax.jit(jax.hessian(loss))


def teacher(rng, d, rank):
    """A symmetric matrix of this rank and of random signs."""
    V = np.linalg.qr(rng.standard_normal((d, d)))[0][:, :rank]
    return (V * rng.normal(0.0, 2.0, rank)) @ V.T


def cases(count, seed=0):
    """Indefinite and rank-deficient teachers, read-outs of both signs and of different sizes."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        d, k = SHAPES[rng.integers(len(SHAPES))]
        a = rng.choice([-1.0, 1.0], k) * rng.uniform(0.5, 2.0, k)
        yield teacher(rng, d, int(rng.integers(1, d + 1))), a, rng


def test_gradient_loss_spectrum_and_index_are_those_of_automatic_differentiation():
    """100 random problems, one random critical point each (all of them are too many to differentiate)."""
    with jax.enable_x64(True):
        for A, a, rng in cases(100):
            points = critical_points(A, readouts=a)
            point = points[int(rng.integers(len(points)))]
            W, scale = point.weights, max(np.abs(A).max(), 1.0)
            assert np.abs(gradient(W, a, A)).max() < 1e-12 * scale**1.5
            assert abs(loss(W, a, A) - point.loss) < 1e-12 * scale**2
            exact = np.linalg.eigvalsh(np.asarray(hessian(W, a, A)).reshape(W.size, W.size))
            spectrum = point.spectrum()
            assert np.abs(spectrum.eigenvalues - exact).max() < 1e-12 * max(np.abs(exact).max(), 1.0)
            assert point.index == np.sum(exact < -1e-9)
            assert point.is_minimum == (point.index == 0)


def test_the_representative_is_critical_for_the_library_too_with_the_read_outs_trained():
    for A, a, rng in cases(12, seed=1):
        values, V = np.linalg.eigh(A)
        kept = np.abs(values) > 1e-12
        problem = Problem(Network(V[:, kept].T, values[kept], SQUARE))
        points = critical_points(A, readouts=a)
        point = points[int(rng.integers(len(points)))]
        student = Network(point.weights, a, SQUARE)
        scale = np.abs(A).max() ** 2
        assert np.abs(problem.gradient(student)).max() < 1e-12 * max(scale, 1.0)
        assert problem.loss(student) == pytest.approx(point.loss, abs=1e-12 * scale)


def test_the_index_does_not_depend_on_the_weights_that_give_the_matrix():
    """Neurons turned into each other (a hyperbolic turn for opposite signs) keep A; the spectrum changes, the index not."""
    rng = np.random.default_rng(3)
    A = np.diag([2.0, 1.0, -1.5, 0.0])
    a = np.array([1.0, 1.0, -1.0, 1.0])
    signs = np.sign(a)
    with jax.enable_x64(True):
        for point in critical_points(A, readouts=a):
            K = rng.standard_normal((4, 4))
            turn = scipy.linalg.expm(0.3 * signs[:, None] * (K - K.T))
            W = turn @ point.weights
            exact = np.linalg.eigvalsh(np.asarray(hessian(W, a, A)).reshape(16, 16))
            assert np.allclose(W.T @ (a[:, None] * W), point.matrix)
            assert np.sum(exact < -1e-9) == point.index


def test_every_subset_is_there_once_sorted_and_counted():
    values = np.array([3.0, 2.0, 1.0, 0.5])
    points = critical_points(np.diag(values), k=2)
    assert len(points) == sum(math.comb(4, s) for s in range(3)) == len({p.subset for p in points})
    losses = [p.loss for p in points]
    assert losses == sorted(losses)
    assert points[-1].loss == losses[-1]
    with pytest.raises(IndexError):
        _ = points[len(points)]


@pytest.mark.parametrize(
    "values", [[3.0, 2.0, 1.0, 0.0, 0.0], [-1.0, -1.0, -2.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0, 0.0]]
)
@pytest.mark.parametrize("k", [1, 3, 4, 5, 7])
def test_a_large_semidefinite_collection_is_counted_without_going_through_it(values, k, monkeypatch):
    points = [critical_points(np.diag(values), readouts=sign * np.ones(k)) for sign in (1, -1)]
    listed = [len(list(p)) for p in points]
    monkeypatch.setattr(collection, "SORTED_BELOW", 0)
    large = [critical_points(np.diag(values), readouts=sign * np.ones(k)) for sign in (1, -1)]
    assert [len(p) for p in large] == listed == [len(list(p)) for p in large]


def test_a_large_collection_is_lazy_and_ordered_by_rank():
    points = critical_points(np.diag(np.arange(1.0, 61.0)), k=30)
    assert len(points) == sum(math.comb(60, s) for s in range(31))
    assert [p.subset for p in itertools.islice(points, 4)] == [(), (0,), (1,), (2,)]
    assert [p.subset for p in points.minima()] == [tuple(range(30))]
    indefinite = critical_points(np.diag(np.r_[np.arange(1.0, 61.0), -1.0]), k=30)
    assert len(indefinite.minima()) == 1
    with pytest.raises(InputError, match="indefinite"):
        len(indefinite)


def test_repeated_eigenvalues_count_by_how_many_are_taken():
    """diag(1, 1, 0): τ = (2 − n)/(s + 2); a zero can be kept only while some 1 is left out."""
    points = critical_points(np.diag([1.0, 1.0, 0.0]), k=3)
    assert {p.subset for p in points} == {(), (0,), (0, 1), (2,), (0, 2)}
    assert [p.subset for p in points.minima()] == [(0, 1)]


def test_a_teacher_that_is_zero_has_one_critical_matrix_zero():
    points = critical_points(np.zeros((2, 2)), k=3)
    assert [(p.subset, p.loss, p.index) for p in points] == [((), 0.0, 0)]
    assert points[0].spectrum().eigenvalues == pytest.approx(np.zeros(6))


def test_positive_read_outs_before_a_semidefinite_teacher_have_one_minimum_the_top_k():
    A = np.diag([4.0, 3.0, 2.0, 1.0, 0.0])
    for k in range(1, 8):
        minima = critical_points(A, k=k).minima()
        assert [p.subset for p in minima] == [tuple(range(min(k, 4)))]
        assert not minima[0].is_spurious


def test_every_split_of_the_signs_has_one_minimum_and_all_but_the_best_are_spurious():
    A = np.diag([3.0, 2.0, 0.5, -1.0, -4.0])
    k = 3
    found = [critical_points(A, readouts=[1.0] * p + [-1.0] * (k - p)).minima() for p in range(k + 1)]
    assert [len(minima) for minima in found] == [1] * (k + 1)
    losses = np.array([minima[0].loss for minima in found])
    assert [minima[0].is_spurious for minima in found] == list(losses > losses.min())
    assert len(set(losses.round(12))) == k + 1


def _roots(A, a, starts, seed):
    """Losses of the critical points that Levenberg-Marquardt on the gradient reaches; neurons start small or large."""
    k, d = a.size, len(A)
    rng = np.random.default_rng(seed)
    x = (rng.standard_normal((starts, k, d)) * rng.choice([0.05, 0.7, 1.5], (starts, k, 1))).reshape(
        starts, k * d
    )
    value = lambda x: loss(x.reshape(k, d), a, A)  # noqa: E731
    gradient, hessian = jax.jit(jax.vmap(jax.grad(value))), jax.jit(jax.vmap(jax.hessian(value)))
    damping = np.ones(starts)
    g = np.asarray(gradient(x))
    for _ in range(300):
        H = np.asarray(hessian(x))
        normal = H @ H + damping[:, None, None] * np.eye(k * d)
        trial = x - np.linalg.solve(normal, H @ g[..., None])[..., 0]
        new = np.asarray(gradient(trial))
        better = np.sum(new**2, axis=1) < np.sum(g**2, axis=1)
        x, g = np.where(better[:, None], trial, x), np.where(better[:, None], new, g)
        damping = np.where(better, damping * 0.3, damping * 4).clip(1e-9, 1e9)
    return np.array([value(point) for point in x[np.linalg.norm(g, axis=1) < 1e-9]])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "readouts"),
    [
        ([2.0, -1.0], [1.0]),
        ([2.0, 1.0, -1.5], [1.0, 1.0]),
        ([2.0, 1.2, 0.5], [1.0, 0.5]),
        ([2.0, 1.0, -1.5], [1.0, -2.0, 1.0]),
        ([2.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
        ([2.0, 1.0, 0.4, -1.5], [1.0, 1.0, -1.0]),
    ],
)
def test_root_finding_from_1500_starts_finds_the_predicted_levels_and_no_other(values, readouts):
    a = np.array(readouts)
    with jax.enable_x64(True):
        found = _roots(np.diag(values), a, starts=1500, seed=0)
    levels = np.unique(found.round(6))
    levels = levels[np.append(True, np.diff(levels) > 1e-5)]
    predicted = np.unique([round(p.loss, 6) for p in critical_points(np.diag(values), readouts=a)])
    assert levels.size == predicted.size
    assert np.abs(levels - predicted).max() < 1e-5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: critical_points([[1.0, 2.0], [0.0, 1.0]], k=1), "symmetric"),
        (lambda: critical_points(np.ones((2, 3)), k=1), "symmetric"),
        (lambda: critical_points(np.eye(2)), "neither"),
        (lambda: critical_points(np.eye(2), k=0), "k >= 1"),
        (lambda: critical_points(np.eye(2), k=3, readouts=[1.0]), "3 and 1"),
        (lambda: critical_points(np.eye(2), readouts=[1.0, 0.0]), "non-zero read-outs"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
