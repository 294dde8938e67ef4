"""Networks out of PyTorch compute what the module computes, or are refused with what to do."""

import numpy as np
import pytest

import tutelage
from tutelage import Network, load_network
from tutelage.base.errors import InputError


def state(k=3, d=2, m=1, first="0", second="2", biases=True):
    rng = np.random.default_rng(0)
    arrays = {f"{first}.weight": rng.standard_normal((k, d))}
    if biases:
        arrays[f"{first}.bias"] = rng.standard_normal(k)
    arrays[f"{second}.weight"] = rng.standard_normal((m, k))
    if biases:
        arrays[f"{second}.bias"] = rng.standard_normal(m)
    return arrays


def by_hand(arrays, x):
    W, b, a, c = arrays.values()
    return a @ np.tanh(W @ x + b) + c


@pytest.mark.parametrize(("first", "second"), [("0", "2"), ("fc1", "fc2"), ("net.hidden", "net.out")])
@pytest.mark.parametrize("m", [1, 2])
def test_a_state_dict_saved_as_npz_is_a_network_with_its_biases(tmp_path, first, second, m):
    arrays, x = state(first=first, second=second, m=m), np.array([0.3, -1.2])
    np.savez(tmp_path / "state.npz", **arrays)
    network = load_network(tmp_path / "state.npz", "tanh")
    assert np.allclose(network(x), np.squeeze(by_hand(arrays, x)), rtol=1e-14)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s | {"1.running_mean": np.ones(3)}, "1.running_mean"),
        (lambda s: s | {"4.weight": np.ones((1, 1))}, "two layers, got 3"),
        (lambda s: s | {"1.bias": np.ones(3)}, "1.bias without"),
        (lambda s: s | {"0.weight": s["0.weight"].T.copy()}, "first looks transposed"),
        (lambda s: s | {"2.weight": s["2.weight"].T.copy()}, "second looks transposed"),
        (lambda s: {"2.weight": s["2.weight"], "0.weight": s["0.weight"]}, "swapped"),
        (lambda s: s | {"0.weight": np.ones((3, 2, 1))}, "linear ones"),
    ],
)
def test_what_is_not_two_layers_is_refused_by_name(tmp_path, change, words):
    np.savez(tmp_path / "state.npz", **change(state()))
    with pytest.raises(InputError, match=words):
        load_network(tmp_path / "state.npz", "tanh")


def test_the_activation_must_be_named_somewhere(tmp_path):
    np.savez(tmp_path / "state.npz", **state())
    with pytest.raises(InputError, match="names no activation"):
        load_network(tmp_path / "state.npz")


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def test_a_file_of_torch_save_is_read_and_one_of_a_module_is_not(tmp_path, torch):
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    torch.save(module.state_dict(), tmp_path / "state.pt")
    network = load_network(tmp_path / "state.pt", "tanh")
    assert np.array_equal(network.theta, Network.from_torch(module).theta)
    torch.save(module, tmp_path / "module.pt")
    with pytest.raises(InputError, match="save module"):
        load_network(tmp_path / "module.pt", "tanh")
    (tmp_path / "text.pt").write_text("no archive")
    with pytest.raises(InputError, match="could not read it"):
        load_network(tmp_path / "text.pt", "tanh")


def activations(torch):
    nn = torch.nn
    return [
        nn.Tanh(), nn.ReLU(), nn.LeakyReLU(0.2), nn.GELU(), nn.Sigmoid(), nn.SiLU(), nn.Softplus(), nn.Identity()
    ]  # fmt: skip


def test_every_activation_that_both_have_gives_the_same_outputs(torch):
    for activation in activations(torch):
        module = torch.nn.Sequential(torch.nn.Linear(3, 4), activation, torch.nn.Linear(4, 2))
        network = Network.from_torch(module)
        x = np.random.default_rng(1).standard_normal((6, 3))
        theirs = module.double()(torch.tensor(x)).detach().numpy()
        assert np.allclose(network(x), theirs, rtol=1e-7, atol=1e-9), activation


def test_what_the_module_computes_is_checked(torch):
    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)

        def forward(self, x):
            return 2 * self.out(torch.tanh(self.hidden(x)))

    with pytest.raises(InputError, match="name it"):
        Network.from_torch(Scaled())
    with pytest.raises(InputError, match="outputs differ"):
        Network.from_torch(Scaled(), "tanh")
    elu = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ELU(), torch.nn.Linear(3, 1))
    with pytest.raises(InputError, match="found ELU"):
        Network.from_torch(elu)
    deep = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(3)))
    with pytest.raises(InputError, match="ModelProblem"):
        Network.from_torch(deep)


def test_a_module_is_left_as_it_was(torch):
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).train()
    Network.from_torch(module)
    assert module.training and all(p.dtype == torch.float32 for p in module.parameters())


def test_a_module_has_a_spectrum_and_a_rank_in_two_lines(torch):
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 2, bias=False), torch.nn.Tanh(), torch.nn.Linear(2, 1, bias=False)
    )
    found = tutelage.spectrum(Network.from_torch(module))
    assert found.n_params == 8 and found.trace() > 0
