"""A torch module has the Hessian of the same function in JAX; what has none is refused by name."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tutelage
from tutelage import InputError, MissingExtraError, ModelProblem, NotAvailableError

# torch.func loads scripted derivatives at its first use of forward mode.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

RNG = np.random.default_rng(0)
N, D, K, C = 17, 3, 4, 2
X, Y, LABELS = RNG.standard_normal((N, D)), RNG.standard_normal((N, C)), RNG.integers(0, C, N)


@pytest.fixture(scope="module")
def torch():
    found = pytest.importorskip("torch")
    found.set_num_threads(1)  # threads that wait for each other cost more than these products
    return found


@pytest.fixture(scope="module")
def module(torch):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(D, K), torch.nn.Tanh(), torch.nn.Linear(K, C)).double()


def in_jax(module, y, loss, **kwargs):
    params = {name: p.detach().numpy() for name, p in module.named_parameters()}

    def apply(p, X):
        return jnp.tanh(X @ p["0.weight"].T + p["0.bias"]) @ p["2.weight"].T + p["2.bias"]

    return ModelProblem(apply, params, X, y, loss, **kwargs)


def in_order(problem, matrix, names):
    """Rows and columns in the order of the module's names."""
    slices = problem.layout().slices
    order = np.concatenate([np.arange(slices[n].start, slices[n].stop) for n in names])
    return matrix[np.ix_(order, order)]


def own(library):
    return lambda f, y: library.sqrt(1 + ((f - y) ** 2).sum())


@pytest.mark.parametrize("name", ["half_square", "cross_entropy", "own"])
@pytest.mark.parametrize("chunk", [None, 5])
def test_torch_and_jax_agree(torch, module, name, chunk):
    y = LABELS if name == "cross_entropy" else Y
    ours = ModelProblem.from_torch(
        module, X, torch.as_tensor(y), own(torch) if name == "own" else name, chunk=chunk
    )
    twin = in_jax(module, y, own(jnp) if name == "own" else name)
    assert ours.loss() == pytest.approx(twin.loss(), rel=1e-13)
    names = list(ours.layout().slices)
    whole, other = ours.hessian(), twin.hessian()
    for mine, theirs in ((whole, other), (whole.outer, other.outer), (whole.functional, other.functional)):
        np.testing.assert_allclose(mine.dense(), in_order(twin, theirs.dense(), names), atol=1e-10)
        assert mine.semidefinite == theirs.semidefinite
    np.testing.assert_allclose(ours.ntk().dense(), twin.ntk().dense(), atol=1e-12)
    gradient = twin.hessian().unravel(twin.gradient())
    np.testing.assert_allclose(
        ours.gradient(), np.concatenate([gradient[n].ravel() for n in names]), atol=1e-13
    )


def test_blocks_frozen_parameters_and_other_ones(torch, module):
    problem = ModelProblem.from_torch(module, X, Y)
    hidden = problem.hessian(only="0")
    assert hidden.size == K * D + K
    np.testing.assert_allclose(
        hidden.dense(), problem.hessian().dense()[: hidden.size, : hidden.size], atol=1e-14
    )
    back = hidden.unravel(np.ones(hidden.size))
    assert back["0.weight"].shape == (K, D) and not back["2.weight"].any()
    state = {name: 2 * value for name, value in module.state_dict().items()}
    there = problem.at(state)
    np.testing.assert_allclose(there.theta(), 2 * problem.theta())
    np.testing.assert_allclose(
        problem.hessian(state).matvec(problem.theta()), there.hessian().matvec(problem.theta())
    )
    with pytest.raises(InputError, match="of shape"):
        problem.at({**state, "0.bias": torch.zeros(1)})
    with pytest.raises(InputError, match=r"no '0\.weight'"):
        problem.at({"2.bias": state["2.bias"]})


def test_spectra_and_diagnosis_of_a_module(torch, module):
    problem = ModelProblem.from_torch(module, torch.as_tensor(X), torch.as_tensor(Y))
    values = np.linalg.eigvalsh(problem.hessian().dense())
    found = tutelage.spectrum(problem, "lanczos", count=1)
    assert found.values[-1] == pytest.approx(values[-1], rel=1e-12)
    assert tutelage.diagnose(problem).largest == pytest.approx(values[-1], rel=1e-9)
    assert problem.sampling_error(lambda p: p.loss(), batches=5).error > 0


def test_a_loader_is_read_once_and_the_module_is_left_alone(torch, module):
    before = {name: p.clone() for name, p in module.state_dict().items()}
    data = torch.utils.data.TensorDataset(torch.as_tensor(X), torch.as_tensor(Y))
    loader = torch.utils.data.DataLoader(data, batch_size=4, shuffle=True)
    problem = ModelProblem.from_torch(module.float(), loader)
    assert problem.n_samples == N
    exact = ModelProblem.from_torch(module, X, Y)
    assert problem.loss() == pytest.approx(exact.loss(), rel=1e-12) == problem.loss()
    module.double()
    assert all(torch.allclose(p, before[name]) for name, p in module.state_dict().items())


def test_float32_says_how_far_it_is_off(torch, module):
    found = tutelage.spectrum(ModelProblem.from_torch(module, X, Y, dtype="float32"))
    exact = tutelage.spectrum(ModelProblem.from_torch(module, X, Y))
    assert 1e-10 < np.abs(found.eigenvalues - exact.eigenvalues).max() < found.errors.max() < 1e-3


def test_attention_has_second_derivatives_here(torch):
    class Attends(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = torch.nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x):
            return self.attention(x, x, x, need_weights=False)[0].mean(dim=1)

    torch.manual_seed(1)
    tokens = RNG.standard_normal((5, 3, 4))
    problem = ModelProblem.from_torch(Attends().eval(), tokens, RNG.standard_normal((5, 4)))
    matrix = problem.hessian().matmat(np.eye(problem.n_params))
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    theta, step = problem.theta(), RNG.standard_normal(problem.n_params)
    change = [problem.gradient(problem.with_theta(None, theta + s * 1e-5 * step)) for s in (1, -1)]
    np.testing.assert_allclose(matrix @ step, (change[0] - change[1]) / 2e-5, atol=1e-7)


def test_bad_modules_are_told_what_to_do(torch, module):
    nn = torch.nn

    def refused(match, module, X=X, y=Y, loss="half_square", kind=InputError, **kwargs):
        with pytest.raises(kind, match=match):
            ModelProblem.from_torch(module, X, y, loss, **kwargs)

    noisy = nn.Sequential(nn.Linear(D, C), nn.Dropout(0.5))
    refused("Dropout '1' in training mode.*eval\\(\\)", noisy)
    refused("BatchNorm1d '1' in training mode", nn.Sequential(nn.Linear(D, C), nn.BatchNorm1d(C)))
    assert ModelProblem.from_torch(noisy.eval(), X, Y).n_params == D * C + C
    refused("one real number", module, loss=lambda f, y: (f - y) ** 2)
    refused("y of the shape of the outputs", module, y=Y[:, 0])
    refused("finite X", module, X=X * np.nan)
    refused("module\\(X\\) failed", module, X=X[:, :2])
    refused("did you mean '2'|no parameters", module, only="3")
    refused("none in Tanh", nn.Tanh())
    refused("require a gradient", nn.Linear(D, C).requires_grad_(False))

    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            return g

    class Fused(nn.Linear):
        def forward(self, x):
            return Once.apply(super().forward(x))

    refused("second derivatives", Fused(D, C))

    class Unheeding(nn.Linear):
        def forward(self, x):
            return nn.functional.dropout(super().forward(x), 0.5)

    class Centred(nn.Linear):
        def forward(self, x):
            return super().forward(x) - super().forward(x).mean(0)

    for seen_by_others in (Unheeding(D, 50), Centred(D, C)):
        refused("the same alone and in a batch", seen_by_others.eval(), y=np.zeros((len(X), 50)))


def test_training_is_torchs(torch, module):
    with pytest.raises(NotAvailableError, match=r"torch\.optim"):
        tutelage.simulate(ModelProblem.from_torch(module, X, Y), np.ones(K * D + K + K * C + C), times=[1.0])


def test_without_torch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "tutelage.model.torch_engine", raising=False)
    with pytest.raises(MissingExtraError, match=r"tutelage\[torch\]"):
        ModelProblem.from_torch(jax.nn.relu, X, Y)
