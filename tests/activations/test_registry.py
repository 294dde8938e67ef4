"""Written forms of a user's own classes: registered, imported, installed; a file never has anything imported."""

import dataclasses
import importlib.metadata
import sys
from pathlib import Path

import numpy as np
import pytest

import tutelage
from tutelage import Network, load_network, parse_activation, register_activation, save_network
from tutelage.activations import ACTIVATIONS, Erf, LeakyRelu, Sin
from tutelage.activations.registry import importable_spec
from tutelage.base.errors import InputError
from tutelage.rank import Certificate

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def clean_registry():
    """Every test starts from the built-in names, without the user's module."""
    before = dict(ACTIVATIONS)
    yield
    ACTIVATIONS.clear()
    ACTIVATIONS.update(before)
    sys.modules.pop("own_waves", None)


@dataclasses.dataclass(frozen=True)
class Swell(Sin):
    name = "swell"
    height: float = 1.0


def write(path, activation):
    np.savez(path, W=np.eye(2), a=np.ones(2), activation=activation)
    return path


def test_a_registered_class_is_known_by_its_name_everywhere(tmp_path):
    assert register_activation(Swell) is Swell is ACTIVATIONS["swell"]
    assert parse_activation("swell:height=2") == Swell(2.0) and Swell(2.0).spec == "swell:height=2.0"
    save_network(Network(np.eye(2), [1, 2], "swell"), tmp_path / "n.npz")
    assert load_network(tmp_path / "n.npz").activation == Swell(1.0)
    register_activation(Swell)  # again: nothing happens


def test_a_class_of_an_imported_module_needs_no_registration(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    import own_waves

    wave = own_waves.Wave((0.25, 3.0), 5)
    assert wave.spec == "own_waves:Wave:phases=0.25,3.0,count=5"
    found = parse_activation(wave.spec)
    assert found == wave and type(found.count) is int
    assert load_network(write(tmp_path / "n.npz", "own_waves:Wave")).activation == own_waves.Wave()


@pytest.mark.parametrize("read", ["network", "certificate", "name"])
def test_a_file_never_has_a_module_imported(read, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    certificate = Certificate("generic", (2, 2, 1), ("own_waves:Wave",), (False, False), (7,), (1,), 0, 9)
    calls = {
        "network": lambda: load_network(write(tmp_path / "n.npz", "own_waves:Wave")),
        "certificate": lambda: Certificate.from_json(certificate.to_json()).architecture,
        "name": lambda: Network(np.eye(2), np.ones(2), "own_waves:Wave"),
    }
    with pytest.raises(InputError, match=r"'own_waves' .* is not imported.*--activation own_waves:Wave"):
        calls[read]()
    assert "own_waves" not in sys.modules


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("os:system", "no activation 'system' in 'os'"),
        ("tutelage:Erf", "no activation 'Erf' in 'tutelage'"),  # a lazy attribute would import
        ("tutelage.activations:Activation.register", "no activation"),
        ("builtins:dict", "no activation 'dict'"),
        ("os:system:x=1", "no activation"),
        ("erf:Erf", "expected key=value"),
        ("own waves:Wave", "unknown name"),
    ],
)
def test_names_that_are_no_activations(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_network(write(tmp_path / "n.npz", text))
    with pytest.raises(InputError, match=r"load_network\(path, activation\)"):
        load_network(write(tmp_path / "n.npz", text))
    assert load_network(write(tmp_path / "n.npz", text), "erf").activation == Erf()


def test_an_installed_package_announces_its_activations(monkeypatch):
    class Entry:
        name = "installed_swell"

        def load(self):
            return Swell

    def entry_points(*, group, name):
        assert group == "tutelage.activations"
        return [Entry()] if name == Entry.name else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    assert parse_activation("installed_swell:height=3") == Swell(3.0)
    with pytest.raises(InputError, match="unknown name 'swel'"):
        parse_activation("swel")


def test_what_cannot_be_registered_says_why():
    class Plain:
        name = "plain"

    @dataclasses.dataclass(frozen=True)
    class Nameless(tutelage.Activation):
        def __call__(self, u):
            return u

        def dual(self, m_u, m_v, q_uu, q_uv, q_vv):
            return q_uv

    @dataclasses.dataclass(frozen=True)
    class Thief(Sin):
        name = "erf"

    for wrong, message in (
        (Plain, "derived from Activation"),
        (Sin(), "derived from Activation"),
        (Nameless, "a word as name of .*Nameless"),
        (Thief, "'erf' is the name of Erf"),
    ):
        with pytest.raises(InputError, match=message):
            register_activation(wrong)
    with pytest.raises(InputError, match="at the top of the module"):
        parse_activation(Thief().spec)  # a class inside a function can be found by nobody
    assert register_activation(Thief, "thief") and parse_activation(Thief().spec) == Thief()


def test_the_form_for_other_processes_names_the_module():
    register_activation(Swell)
    assert importable_spec(Swell(2.0)) == f"{__name__}:Swell:height=2.0"
    assert importable_spec(Erf()) == "erf:scale=1.0"


def test_numpy_numbers_are_written_as_numbers():
    assert parse_activation(LeakyRelu(np.float64(0.3)).spec) == LeakyRelu(0.3)
    assert register_activation(Swell) and Swell(np.float32(0.5)).spec == "swell:height=0.5"
