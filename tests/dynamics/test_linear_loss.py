"""The linear network averaged over read-outs in closed form: against samples, the law of its spectrum and its start."""

import numpy as np
import pytest

from tutelage import Network, sample_teacher
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.dynamics import linear_loss, predict_loss, spectral_measure
from tutelage.laws import LinearNetwork, linear_eigenvalues

TIMES = np.array([0.0, 0.1, 1.0, 4.0])


@pytest.mark.parametrize(("d", "k"), [(4, 7), (6, 3)])
def test_the_average_over_read_outs_of_one_network_is_that_of_samples(d, k):
    teacher = sample_teacher("linear", d=d, k=k, seed=1)
    rows = np.random.default_rng(0).standard_normal((4000, k)) / np.sqrt(k)
    squares = np.sum(rows**2, axis=1)
    eigenvalues = squares[:, None] + np.linalg.eigvalsh(teacher.W.T @ teacher.W)
    losses = np.stack([0.005 * (eigenvalues * np.exp(-2 * eigenvalues * t)).sum(axis=1) for t in TIMES])
    # The spectrum of one of these networks is the one the library finds.
    one = predict_loss(spectral_measure(Network(teacher.W, rows[0], "linear"), 0.1), TIMES).loss
    np.testing.assert_allclose(losses[:, 0], one, rtol=1e-10)
    found = linear_loss(teacher, 0.1, TIMES).loss
    assert np.all(np.abs(found - losses.mean(axis=1)) < 4 * losses.std(axis=1) / np.sqrt(4000))


@pytest.mark.parametrize(("d", "k"), [(4, 7), (6, 3), (5, 5)])
def test_the_average_over_all_weights_is_that_of_teachers(d, k):
    rng = np.random.default_rng(2)
    W = rng.standard_normal((4000, k, d)) / np.sqrt(d)
    squares = np.sum(rng.standard_normal((4000, k)) ** 2, axis=1) / k
    eigenvalues = squares[:, None] + np.linalg.eigvalsh(W.transpose(0, 2, 1) @ W)
    losses = np.stack([0.5 * (eigenvalues * np.exp(-2 * eigenvalues * t)).sum(axis=1) for t in TIMES])
    found = linear_loss((d, k), 1.0, TIMES).loss
    assert np.all(np.abs(found - losses.mean(axis=1)) < 4 * losses.std(axis=1) / np.sqrt(4000))
    # Mean eigenvalue 1 + k/d, d of them (science 4.4).
    assert found[0] == pytest.approx(0.5 * d * (1 + k / d), rel=1e-10)


def test_the_average_tends_to_the_limit_law_as_the_network_grows():
    def distance(d, k):
        # The law keeps the read-outs' chi-square and replaces the Wishart spectrum by Marchenko-Pastur.
        law = LinearNetwork(d, k)
        nodes = law.ppf((np.arange(20000) + 0.5) / 20000)
        limit = np.array([0.5 * d * np.mean(nodes * np.exp(-2 * nodes * t)) for t in TIMES[1:]])
        return np.abs(linear_loss((d, k), 1.0, TIMES[1:]).loss / limit - 1)

    assert np.all(distance(60, 120) < 0.5 * distance(15, 30))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((sample_teacher("erf", 3, 2), 1.0, [1.0]), "linear network"),
        (((3, 0), 1.0, [1.0]), "k >= 1"),
        (((3,), 1.0, [1.0]), "sizes"),
        (((3, 2), 0.0, [1.0]), "noise > 0"),
        (((3, 2), 1.0, [-1.0]), "times >= 0"),
    ],
)
def test_bad_input_says_what_was_expected(arguments, message):
    with pytest.raises(InputError, match=message):
        linear_loss(*arguments)


@pytest.mark.parametrize(("d", "k", "m"), [(4, 7, 3), (6, 3, 5), (3, 4, 8)])
def test_several_outputs_are_averaged_over_as_their_samples_are(d, k, m):
    teacher = sample_teacher("linear", d, k, seed=1, outputs=m)
    A = np.random.default_rng(0).standard_normal((4000, m, k)) / np.sqrt(k)
    eigenvalues = linear_eigenvalues(np.broadcast_to(teacher.W, (4000, k, d)), A)
    losses = np.stack([0.005 * (eigenvalues * np.exp(-2 * eigenvalues * t)).sum(axis=1) for t in TIMES])
    one = Network(teacher.W, A[0], "linear")
    np.testing.assert_allclose(losses[:, 0], predict_loss(spectral_measure(one, 0.1), TIMES).loss, rtol=1e-10)
    found = linear_loss(teacher, 0.1, TIMES).loss
    assert np.all(np.abs(found - losses.mean(axis=1)) < 4 * losses.std(axis=1) / np.sqrt(4000))
    start = linear_loss((d, k, m), 1.0, [0.0]).loss[0]
    assert start == pytest.approx(
        0.5 * (d * m + m * k), rel=1e-10
    )  # d tr AAᵀ + m tr WᵀW, on average d m + m k


def test_biases_are_refused():
    with pytest.raises(NotAvailableError, match="without biases"):
        linear_loss(sample_teacher("linear", 3, 2, biases="normal"), 0.1, TIMES)
