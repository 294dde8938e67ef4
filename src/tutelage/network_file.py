"""Networks in files: npz, and what torch.save writes."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base.errors import InputError
from tutelage.base.files import atomic_write
from tutelage.base.npz import read_arrays
from tutelage.base.types import ArrayLike
from tutelage.network import LAYERS, Network, require_network
from tutelage.network_torch import is_state, layers_of_state, require_state, saved_state

_FORMAT_VERSION = 2
"""2: with biases and several outputs, which version 1 did not know and would have dropped."""


def save_network(network: Network, path: str | os.PathLike) -> None:
    """Write ``W``, ``a``, the biases it has and the activation to an npz file, atomically (temporary name, rename)."""
    require_network(network, "save_network")
    with atomic_write(path, "wb", "save_network") as stream:
        np.savez(stream, **network.layers, activation=network.activation.spec, version=_FORMAT_VERSION)


def load_network(path: str | os.PathLike, activation: Activation | str | None = None) -> Network:
    """Read a network from an npz file: ``W`` and ``a``, biases ``b`` and ``c`` if there, ``activation`` unless given here.

    A PyTorch ``state_dict`` of two linear layers does too (``0.weight``, ``0.bias``, ``2.weight``, ``2.bias`` or any other
    names of theirs), as npz or as ``torch.save`` writes it (``.pt``, ``.pth``; needs torch). An array of any other name is
    refused: one that is ignored would make another function of the file. A file never has a module imported: an activation
    of your own must be imported or registered (:func:`tutelage.register_activation`) before, or given here.
    """
    who = f"load_network({os.fspath(path)!r})"  # a TypeError for a number, which open would take for a file of ours
    if os.fspath(path).endswith((".pt", ".pth")):
        arrays = saved_state(path, who)
        require_state(list(arrays), who)
    else:
        arrays = read_arrays(path, who, "W and a", lambda names: _require_names(names, who))
    _require_known_version(arrays.get("version", _FORMAT_VERSION), who)
    if activation is None:
        if "activation" not in arrays:
            raise InputError(
                f"{who}: the file names no activation; pass one (--activation on the command line)"
            )
        activation = _stored_activation(str(arrays["activation"]), who)
    layers = layers_of_state(arrays, who) if is_state(list(arrays)) else arrays
    return Network(activation=activation, **{name: layers[name] for name in LAYERS if name in layers})


def _require_names(names: Sequence[str], who: str) -> None:
    if is_state(names):
        return require_state(names, who)
    missing = [key for key in ("W", "a") if key not in names]
    if missing:
        found = ", ".join(sorted(names)) or "nothing"
        raise InputError(f"{who}: expected arrays W and a, missing {', '.join(missing)} (found {found})")
    unknown = sorted(set(names) - {*LAYERS, "activation", "version"})
    if unknown:
        raise InputError(
            f"{who}: expected the arrays {', '.join(LAYERS)}, activation and version, got {', '.join(unknown)} too; "
            "rename or remove what is not part of the network"
        )


def _stored_activation(text: str, who: str) -> Activation:
    """What a file names must be known to this process already: reading it runs no code of its author's."""
    try:
        return as_activation(text)
    except InputError as error:
        raise InputError(f"{who}: {error}; or pass one: load_network(path, activation)") from None


def _require_known_version(version: ArrayLike, who: str) -> None:
    try:
        number = int(np.asarray(version))
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"{who}: expected a whole number as version, got {version!r}; leave it out or write the file again"
        ) from None
    if number > _FORMAT_VERSION:
        raise InputError(f"{who}: format version {number} is newer than {_FORMAT_VERSION}; upgrade tutelage")
