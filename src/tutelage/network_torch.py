"""Two-layer networks out of PyTorch: a live module, a ``state_dict`` saved as npz, a file of ``torch.save``."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.activations import Activation
from tutelage.base.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import torch

_PART = re.compile(r"(?:(?P<layer>.+)\.)?(?P<kind>weight|bias)")
_AGREE = 1e-9
"""Relative difference of outputs above which a network is not the module it was read from."""


def is_state(names: Sequence[str]) -> bool:
    """Whether arrays of these names are a torch ``state_dict``: ``0.weight``, ``0.bias``, ``fc2.weight``, …"""
    return any(name.endswith(".weight") for name in names)


def require_state(names: Sequence[str], who: str) -> None:
    """Refuse by name what is no weight or bias, and what are not the weights of two layers."""
    found = {name: _PART.fullmatch(name) for name in names if name not in ("activation", "version")}
    if unknown := sorted(name for name, match in found.items() if match is None):
        raise InputError(
            f"{who}: expected weights and biases of two linear layers, got {', '.join(unknown)} too; a network of other "
            "layers is a tutelage.ModelProblem"
        )
    layers = list(
        dict.fromkeys(match["layer"] for match in found.values() if match and match["kind"] == "weight")
    )
    if len(layers) != 2:
        raise InputError(
            f"{who}: expected the weights of two layers, got {len(layers)} ({', '.join(map(str, layers))}); a deeper "
            "network is a tutelage.ModelProblem"
        )
    if lost := sorted(name for name, match in found.items() if match and match["layer"] not in layers):
        raise InputError(f"{who}: expected a bias to have weights beside it, got {', '.join(lost)} without")


def layers_of_state(state: Mapping[str, np.ndarray], who: str) -> dict[str, np.ndarray]:
    """``W``, ``a`` and the biases of a ``state_dict`` that :func:`require_state` accepts, in the order of its layers.

    Raises
    ------
    InputError
        Two layers that do not fit together, with the one that looks transposed.
    """
    first, second = (name.removesuffix("weight") for name in state if name.endswith("weight"))
    W, a = state[first + "weight"], state[second + "weight"]
    if W.ndim != 2 or a.ndim != 2:
        raise InputError(
            f"{who}: expected weights of shapes (k, d) and (m, k), got {W.shape} and {a.shape}; layers other than linear "
            "ones are a tutelage.ModelProblem"
        )
    if W.shape[0] != a.shape[1]:
        raise InputError(
            f"{who}: expected weights of shapes (k, d) and (m, k), got {W.shape} and {a.shape}; {_advice(W, a)}"
        )
    layers = {"W": W, "a": a}
    if first + "bias" in state:
        layers["b"] = state[first + "bias"]
    if second + "bias" in state:
        bias = state[second + "bias"]
        layers["c"] = bias.reshape(()) if a.shape[0] == 1 and bias.size == 1 else bias
    return layers


def _advice(W: np.ndarray, a: np.ndarray) -> str:
    if W.shape[0] == a.shape[0]:
        return f"the second looks transposed: store its transpose, of shape {a.shape[::-1]}"
    if W.shape[1] == a.shape[1]:
        return f"the first looks transposed: store its transpose, of shape {W.shape[::-1]}"
    if W.shape[1] == a.shape[0]:
        return "they look swapped: the layer that sees the inputs comes first"
    return "they are not two layers of one network"


def saved_state(path: str | os.PathLike, who: str) -> dict[str, np.ndarray]:
    """The ``state_dict`` in a file of ``torch.save``, read with ``weights_only=True``: no code of the file runs.

    Raises
    ------
    MissingExtraError
        Without torch.
    InputError
        A file that holds something else than tensors by name.
    """
    torch = _torch(who)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what it meets: pickle, zip and runtime errors
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"{who}: expected a state_dict saved by torch.save, could not read it ({reason}); save "
            "module.state_dict(), not the module"
        ) from None
    if not isinstance(found, Mapping) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise InputError(
            f"{who}: expected a state_dict (tensors by name), got {type(found).__name__}; save module.state_dict()"
        )
    return {str(name): _array(value) for name, value in found.items()}


def layers_of_module(
    module: torch.nn.Module, activation: Activation | str | None, who: str
) -> tuple[dict[str, np.ndarray], Activation | str]:
    """``W``, ``a``, the biases and the activation of a module of two linear layers."""
    torch = _torch(who)
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"{who}: expected a torch module, got {type(module).__name__}")
    state = {name: _array(value) for name, value in module.state_dict().items()}
    require_state(list(state), who)
    leaves = [m for m in module.modules() if not list(m.children())]
    # What does nothing when the module is not trained is not part of the function.
    others = [m for m in leaves if not isinstance(m, (torch.nn.Linear, torch.nn.Flatten, torch.nn.Dropout))]
    return layers_of_state(state, who), _activation_of(
        others, torch, who
    ) if activation is None else activation


def require_same_function(
    module: torch.nn.Module, function: Callable[[np.ndarray], np.ndarray], d: int, who: str
) -> None:
    """Refuse a module that computes something else, whatever its layers are called."""
    torch = _torch(who)
    twin = copy.deepcopy(module).double().cpu().eval()
    X = np.random.default_rng(0).standard_normal((5, d))
    with torch.no_grad():
        theirs = twin(torch.tensor(X)).numpy().reshape(5, -1)
    ours = np.asarray(function(X)).reshape(5, -1)
    if theirs.shape != ours.shape or np.abs(theirs - ours).max() > _AGREE * max(np.abs(theirs).max(), 1e-300):
        raise InputError(
            f"{who}: expected a module that computes a σ(W x + b) + c, got one whose outputs differ from that; use "
            "tutelage.ModelProblem.from_torch, or name its activation"
        )


def _activation_of(modules: Sequence[torch.nn.Module], torch: Any, who: str) -> str:
    spec = _written(modules[0], torch.nn) if len(modules) == 1 else None
    if spec is None:
        names = ", ".join(type(m).__name__ for m in modules) or "none that is a module"
        raise InputError(
            f"{who}: expected one activation that tutelage knows between two linear layers, found {names}; name it: "
            "Network.from_torch(module, activation='tanh'), or use tutelage.ModelProblem.from_torch"
        )
    return spec


def _written(module: torch.nn.Module, nn: Any) -> str | None:
    """The written form of an activation module."""
    plain: dict[type, str] = {
        nn.Identity: "linear", nn.Tanh: "tanh", nn.ReLU: "relu", nn.Sigmoid: "sigmoid", nn.SiLU: "silu",
    }  # fmt: skip
    special: dict[type, Callable[[Any], str | None]] = {
        nn.LeakyReLU: lambda m: f"leaky_relu:slope={m.negative_slope!r}",
        nn.GELU: lambda m: "gelu" if m.approximate == "none" else None,
        nn.Softplus: lambda m: "softplus" if m.beta == 1 else None,
    }
    kind = type(module)
    return plain[kind] if kind in plain else special[kind](module) if kind in special else None


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def _torch(who: str) -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError(
            f"{who}: expected torch, which is not installed; install tutelage[torch]"
        ) from error
    return torch
