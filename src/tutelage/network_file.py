"""Networks in npz files."""

from __future__ import annotations

import os

import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base.errors import InputError
from tutelage.base.files import atomic_write
from tutelage.base.npz import read_arrays
from tutelage.base.types import ArrayLike
from tutelage.network import LAYERS, Network

_FORMAT_VERSION = 2
"""2: with biases and several outputs, which version 1 did not know and would have dropped."""


def save_network(network: Network, path: str | os.PathLike) -> None:
    """Write ``W``, ``a``, the biases it has and the activation to an npz file, atomically (temporary name, rename)."""
    with atomic_write(path, "wb", "save_network") as stream:
        np.savez(stream, **network.layers, activation=network.activation.spec, version=_FORMAT_VERSION)


def load_network(path: str | os.PathLike, activation: Activation | str | None = None) -> Network:
    """Read a network from an npz file: ``W`` and ``a``, biases ``b`` and ``c`` if there, ``activation`` unless given here.

    An array of any other name is refused: one that is ignored would make another function of the file. A file never
    has a module imported: an activation of your own must be imported or registered
    (:func:`tutelage.register_activation`) before, or given here.
    """
    who = f"load_network({str(path)!r})"
    arrays = read_arrays(path, who, "W and a")
    missing = [key for key in ("W", "a") if key not in arrays]
    if missing:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise InputError(f"{who}: expected arrays W and a, missing {', '.join(missing)} (found {found})")
    unknown = sorted(set(arrays) - {*LAYERS, "activation", "version"})
    if unknown:
        raise InputError(
            f"{who}: expected the arrays {', '.join(LAYERS)}, activation and version, got {', '.join(unknown)} too; "
            "rename or remove what is not part of the network"
        )
    _require_known_version(arrays.get("version", _FORMAT_VERSION), who)
    if activation is None:
        if "activation" not in arrays:
            raise InputError(
                f"{who}: the file names no activation; pass one (--activation on the command line)"
            )
        activation = _stored_activation(str(arrays["activation"]), who)
    return Network(activation=activation, **{name: arrays[name] for name in LAYERS if name in arrays})


def _stored_activation(text: str, who: str) -> Activation:
    """What a file names must be known to this process already: reading it runs no code of its author's."""
    try:
        return as_activation(text)
    except InputError as error:
        raise InputError(f"{who}: {error}; or pass one: load_network(path, activation)") from None


def _require_known_version(version: ArrayLike, who: str) -> None:
    try:
        number = int(np.asarray(version))
    except (TypeError, ValueError):
        raise InputError(
            f"{who}: expected a whole number as version, got {version!r}; leave it out or write the file again"
        ) from None
    if number > _FORMAT_VERSION:
        raise InputError(f"{who}: format version {number} is newer than {_FORMAT_VERSION}; upgrade tutelage")
