"""A user's model: derivatives equal those written out, whatever the chunks, the pytree and the loss."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import tutelage
from tutelage import InputError, ModelProblem, NotAvailableError, empirical, hessian_of, spectrum
from tutelage.model.chunks import Room, plan_chunks

RNG = np.random.default_rng(0)
N, D, K, C = 23, 3, 4, 2
X = RNG.standard_normal((N, D))
Y = RNG.standard_normal((N, C))
LABELS = RNG.integers(0, C, N)
PARAMS = {
    "hidden": {"W": RNG.standard_normal((K, D)), "b": RNG.standard_normal(K)},
    "out": RNG.standard_normal((C, K)),
}


def apply(p, X):
    return jnp.tanh(X @ p["hidden"]["W"].T + p["hidden"]["b"]) @ p["out"].T


def huber(output, target):
    return jnp.sum(jnp.sqrt(1 + (output - target) ** 2))


def mean_loss(name, params):
    f = apply(params, X)
    if name == "half_square":
        return 0.5 * jnp.mean(jnp.sum((f - Y) ** 2, axis=1))
    if name == "cross_entropy":
        return -jnp.mean(jax.nn.log_softmax(f)[jnp.arange(N), LABELS])
    return jnp.mean(jax.vmap(huber)(f, Y))


LOSSES = {"half_square": ("half_square", Y), "cross_entropy": ("cross_entropy", LABELS), "huber": (huber, Y)}


def written_out(name):
    with jax.enable_x64(True):
        theta, restore = ravel_pytree(jax.tree.map(jnp.asarray, PARAMS))

        def f(theta):
            return mean_loss(name, restore(theta))

        return float(f(theta)), np.asarray(jax.grad(f)(theta)), np.asarray(jax.hessian(f)(theta))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("chunk", [None, 1, 5])
def test_loss_gradient_and_hessian_are_those_written_out(name, chunk):
    loss, y = LOSSES[name]
    problem = ModelProblem(apply, PARAMS, X, y, loss, chunk=chunk)
    value, gradient, hessian = written_out(name)
    assert problem.loss() == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(problem.gradient(), gradient, atol=1e-14)
    np.testing.assert_allclose(problem.hessian().dense(), hessian, atol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_the_two_parts_add_up_and_the_outer_one_is_a_square(name):
    loss, y = LOSSES[name]
    whole = ModelProblem(apply, PARAMS, X, y, loss, chunk=5).hessian()
    outer = whole.outer
    by_columns = outer.matmat(np.eye(outer.size))
    np.testing.assert_allclose(by_columns + whole.functional.dense(), whole.dense(), atol=1e-13)
    np.testing.assert_allclose(outer.dense(), by_columns, atol=1e-13)
    assert outer.trace() == pytest.approx(np.trace(by_columns), rel=1e-12)
    assert outer.semidefinite == (name != "huber") and not whole.semidefinite
    assert np.linalg.eigvalsh(by_columns)[0] > -1e-13  # huber is convex too, which tutelage cannot know


def test_kernel_and_outer_part_share_their_eigenvalues():
    problem = ModelProblem(apply, PARAMS, X[:6], Y[:6], chunk=4)
    kernel = problem.ntk()
    assert kernel.size == 6 * C and kernel.semidefinite
    found = np.linalg.eigvalsh(kernel.dense())[-12:]
    expected = spectrum(problem.hessian().outer, "dense").eigenvalues[-12:]
    np.testing.assert_allclose(found, expected, atol=1e-13)
    few = spectrum(problem.fisher())
    assert few.method == "function_space"
    np.testing.assert_allclose(few.eigenvalues[-12:], expected, atol=1e-13)


def test_the_problem_of_a_two_layer_network_is_the_empirical_one():
    network = tutelage.sample_teacher("tanh", d=D, k=K, seed=1)
    labels = Y[:, 0]

    def f(p, X):
        return jnp.tanh(X @ p["W"].T) @ p["a"]

    problem = ModelProblem(f, {"W": network.W, "a": network.a}, X, labels)
    known = empirical.Problem(X, labels)
    assert problem.loss() == pytest.approx(known.loss(network), rel=1e-13)
    np.testing.assert_allclose(problem.hessian().dense(), known.hessian(network).dense(), atol=1e-13)


def test_frozen_parameters_leave_a_block():
    problem = ModelProblem(apply, PARAMS, X, Y)
    whole, hidden = problem.hessian(), problem.hessian(only="hidden")
    n = hidden.size
    assert n == K * D + K
    np.testing.assert_allclose(hidden.dense(), whole.dense()[:n, :n], atol=1e-14)
    frozen = ModelProblem(apply, PARAMS, X, Y, only=["out"])
    np.testing.assert_allclose(frozen.hessian().dense(), whole.blocks()["out", "out"], atol=1e-14)
    column = frozen.hessian().unravel(np.ones(C * K))
    assert column["out"].all() and not column["hidden"]["W"].any()


def test_elsewhere_nothing_is_compiled_again():
    traced = []

    def f(p, X):
        traced.append(1)
        return apply(p, X)

    problem = ModelProblem(f, PARAMS, X, Y)
    problem.hessian().matvec(np.ones(problem.n_params))
    seen = len(traced)
    doubled = jax.tree.map(lambda leaf: 2 * leaf, PARAMS)
    there = problem.at(doubled)
    image = there.hessian().matvec(np.ones(problem.n_params))
    assert len(traced) == seen
    np.testing.assert_allclose(image, problem.hessian(doubled).matvec(np.ones(problem.n_params)))
    np.testing.assert_allclose(there.theta(), 2 * problem.theta())
    assert there.loss() != problem.loss()


def test_eigenvectors_come_back_as_the_users_pytree():
    operator = hessian_of(ModelProblem(apply, PARAMS, X, Y))
    system = tutelage.eigensystem(operator)
    top = operator.unravel(system.vectors()[:, -1])
    moved = jax.tree.map(lambda leaf, change: leaf + 1e-3 * change, PARAMS, top)
    problem = ModelProblem(apply, PARAMS, X, Y)
    change = (
        problem.loss(moved)
        + problem.loss(jax.tree.map(lambda leaf, change: leaf - 1e-3 * change, PARAMS, top))
        - 2 * problem.loss()
    )
    assert change / 1e-6 == pytest.approx(system.values[-1], rel=1e-4)


def test_batches_are_the_arrays_they_are_cut_from():
    batches = [(X[:10], Y[:10]), (X[10:], Y[10:])]
    assert ModelProblem(apply, PARAMS, batches).loss() == ModelProblem(apply, PARAMS, X, Y).loss()
    assert ModelProblem(apply, PARAMS, iter(batches)).n_samples == N


def test_probabilities_are_labels_that_are_not_sure():
    hot = np.eye(C)[LABELS]
    sure = ModelProblem(apply, PARAMS, X, LABELS, "cross_entropy")
    assert ModelProblem(apply, PARAMS, X, hot, "cross_entropy").loss() == pytest.approx(
        sure.loss(), rel=1e-14
    )


def test_an_equinox_module_is_a_pytree_like_any_other():
    module = eqx.nn.MLP(D, C, K, 1, activation=jax.nn.tanh, key=jax.random.key(0))
    problem = ModelProblem(lambda m, X: jax.vmap(m)(X), module, X, Y)
    assert problem.n_params == D * K + K + K * C + C
    assert list(problem.layout().slices) == [
        f"layers.{i}.{name}" for i in (0, 1) for name in ("weight", "bias")
    ]
    same = {
        "hidden": {"W": module.layers[0].weight, "b": module.layers[0].bias},
        "out": module.layers[1].weight,
    }

    def f(p, X):
        return apply(p, X) + jnp.asarray(module.layers[1].bias, jnp.float64)

    assert problem.loss() == pytest.approx(ModelProblem(f, same, X, Y).loss(), rel=1e-13)
    back = problem.hessian().unravel(problem.theta())
    np.testing.assert_allclose(jax.vmap(back)(jnp.asarray(X)), jax.vmap(module)(jnp.asarray(X)), rtol=1e-5)


def test_float32_is_kept_and_its_errors_say_so():
    single = jax.tree.map(lambda leaf: leaf.astype(np.float32), PARAMS)
    problem = ModelProblem(apply, single, X, Y, dtype="float32")
    assert problem.params["out"].dtype == np.float32
    found, exact = spectrum(problem), spectrum(ModelProblem(apply, PARAMS, X, Y))
    off = np.abs(found.eigenvalues - exact.eigenvalues)
    assert 1e-9 < off.max() < found.errors.max() < 1e-3


def test_runs_descend_the_loss_of_a_model():
    def linear(p, X):
        return X @ p["w"]

    optimum = {"w": np.array([1.0, -2.0, 0.5])}
    problem = ModelProblem(linear, optimum, X, X @ optimum["w"])
    start = np.array([0.3, 0.1, -0.2])
    times = [0.1, 1.0, 5.0]
    measure = tutelage.spectral_measure(problem.hessian().outer, start)
    predicted = tutelage.predict_loss(measure, times)
    trained = tutelage.simulate(problem, start, times=times)
    np.testing.assert_allclose(trained.loss, predicted.loss, rtol=1e-5)
    noisy = tutelage.simulate(problem, start, "gd:learning_rate=0.1", steps=[0, 5], batch=N, seed=3)
    assert noisy.loss[0] == pytest.approx(0.5 * start @ problem.hessian().dense() @ start)
    assert 0 < noisy.loss[1] < noisy.loss[0]


def refused(match, *args, kind=InputError, **kwargs):
    with pytest.raises(kind, match=match):
        ModelProblem(*args, **kwargs)


def test_bad_input_is_told_what_to_do():
    refused(
        "one real number of one sample's output and target", apply, PARAMS, X, Y, lambda f, y: (f - y) ** 2
    )
    refused(
        "expected params of floats, got out of type int", apply, PARAMS | {"out": np.ones((C, K), int)}, X, Y
    )
    refused("params out, got 1 NaN", apply, PARAMS | {"out": np.full((1, 1), np.nan)}, X, Y)
    refused("finite X, got 1 NaN", apply, PARAMS, np.where(X[0, 0] == X, np.nan, X), Y)
    refused("finite y, got 1 NaN", apply, PARAMS, X, np.where(Y[0, 0] == Y, np.nan, Y))
    refused("as many rows in X as in y", apply, PARAMS, X[1:], Y)
    refused("y of the shape of the outputs, .*; let the model", apply, PARAMS, X, Y[:, 0])
    refused("y.reshape\\(23, 1\\)", lambda p, X: apply(p, X)[:, :1], PARAMS, X, Y[:, 0])
    refused("labels from 0 to 1, got 0 to 2", apply, PARAMS, X, np.arange(N) % 3, "cross_entropy")
    refused("did you mean 'cross_entropy'", apply, PARAMS, X, LABELS, "crossentropy")
    refused("did you mean 'hidden'", apply, PARAMS, X, Y, only="hiden")
    refused("jax.vmap", lambda p, x: jnp.tanh(p["hidden"]["W"] @ x) @ p["out"].T, PARAMS, X, Y)
    refused("gives? outputs|to give outputs", lambda p, X: jnp.sum(apply(p, X)), PARAMS, X, Y)
    refused("do not depend on its batch", lambda p, X: apply(p, X) - apply(p, X).mean(0), PARAMS, X, Y)
    refused("outputs in float64, got float32", lambda p, X: apply(p, X).astype(jnp.float32), PARAMS, X, Y)
    refused("batches \\(X, y\\)", apply, PARAMS, X)
    refused("a function apply", PARAMS, PARAMS, X, Y)
    refused("JAX cannot trace", apply, PARAMS, X, Y, lambda f, y: np.sum(np.asarray(f)))


def test_a_chunk_that_does_not_fit_is_refused_with_the_largest_that_does(monkeypatch):
    monkeypatch.setattr("tutelage.base.check.available_bytes", lambda: 100_000)
    refused(
        "largest feasible: chunk = \\d+",
        apply,
        PARAMS,
        np.repeat(X, 500, 0),
        np.repeat(Y, 500, 0),
        chunk=10_000,
    )
    assert ModelProblem(apply, PARAMS, np.repeat(X, 500, 0), np.repeat(Y, 500, 0)).chunks.size < 500


def test_memory_of_samples_is_seen_behind_that_of_many_parameters(monkeypatch):
    """Eight samples cost less than the parameters: the slope between 8 and 16 says nothing of 2000."""
    wide, n = {"W": np.full((200, 200), 0.01), "a": np.ones((1, 200))}, 2000

    def apply(p, X):
        return jnp.tanh(X @ p["W"].T) @ p["a"].T

    X, y = np.zeros((n, 200)), np.zeros((n, 1))
    monkeypatch.setattr("tutelage.base.check.available_bytes", lambda: 5_000_000)
    refused("largest feasible: chunk = \\d+", apply, wide, X, y, chunk=n)
    assert ModelProblem(apply, wide, X, y).chunks.size < n


@pytest.mark.parametrize("samples", [1.0, 1e3, 1e6])
def test_chunks_fill_the_room_they_are_given(samples):
    """Bytes of c samples that hide behind the parameters at first: equal chunks below the room, batches within theirs."""
    parameters, n = 3e4, 10_001
    room = Room(product=1e6, batch=8e6)
    chunks = plan_chunks(lambda c: max(parameters, samples * c), n, None, "test", n // 2, room)
    one = max(parameters, samples) + samples * (chunks.size - 1)
    assert chunks.size == 1 or samples * chunks.size <= room.product
    assert -(-n // chunks.size) * chunks.size - n < -(-n // chunks.size)  # padding below one sample a chunk
    assert chunks.columns == 4 or chunks.columns * one <= room.batch
    assert chunks.columns == 64 or (chunks.columns + 1) * one > room.batch


def test_a_loss_of_ones_own_has_no_fisher_information():
    with pytest.raises(NotAvailableError, match="half_square or cross_entropy"):
        ModelProblem(apply, PARAMS, X, Y, huber).fisher()


def test_other_parameters_must_fit():
    problem = ModelProblem(apply, PARAMS, X, Y)
    with pytest.raises(InputError, match="expected out of shape"):
        problem.at(PARAMS | {"out": np.ones((C, K + 1))})
    with pytest.raises(InputError, match="in the tree of the problem"):
        problem.loss({"out": PARAMS["out"]})


def test_sampling_errors_are_those_of_fresh_data():
    """Of a mean the jackknife is the standard error of its batches; of many data sets it holds the truth."""
    params, rng = {"w": np.ones(2)}, np.random.default_rng(5)

    def linear(p, X):
        return X @ p["w"]

    inside = 0
    for _ in range(40):
        data = rng.standard_normal((200, 2))
        problem = ModelProblem(linear, params, data, np.zeros(200))
        found = problem.sampling_error(lambda p: p.hessian().outer.trace())
        low, high = found.interval(0.95)
        inside += low < 2.0 < high  # E|x|²
        assert found.value == pytest.approx(np.mean(np.sum(data**2, axis=1)))
    assert 34 <= inside <= 40


def test_two_batches_are_needed():
    problem = ModelProblem(apply, PARAMS, X, Y)
    with pytest.raises(InputError, match="at most n"):
        problem.sampling_error(lambda p: p.loss(), batches=N + 1)
