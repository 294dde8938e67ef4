"""Random teachers: their weights, drawn from streams that depend on seed, realization, layer and size alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.network import Network, with_same_shapes
from tutelage.weights import Normal, Weights, as_bias_law, as_weight_law

_WHO = "sample_teacher"

_BIASES = (5, 6)
"""Streams of b and c: 0 and 1 are those of the weights, 2 to 4 those of starts."""


def layer_rng(seed: int, realization: int, layer: int, shape: tuple[int, ...] = ()) -> np.random.Generator:
    """The random stream of one layer of one realization: the same on any machine, in any order.

    Streams of different ``shape`` are independent; without one, arrays of different sizes begin with the same numbers.
    """
    seed, realization = (
        check.seed(seed, "layer_rng"),
        check.integer(realization, "layer_rng", "realization", minimum=0),
    )
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(realization, layer, *shape)))


def sample_teacher(
    activation: Activation | str,
    d: int,
    k: int,
    seed: int = 0,
    weights: Weights = Normal(),  # noqa: B008  (a frozen value)
    realization: int = 0,
    biases: Weights | None = None,
    outputs: int = 1,
    *,
    coupled: bool = False,
) -> Network:
    """A random teacher: entries of W have variance 1/d, of a 1/k ([C25] section 1.1).

    Teachers of different seeds, realizations or sizes (d, k) are independent; those that differ in activation, weight
    law or number of outputs only are made from the same random numbers.

    Parameters
    ----------
    activation : Activation or str
    d, k : int
        Input dimension and hidden width.
    seed : int
        Entropy of a NumPy SeedSequence; layer l of realization r uses the spawn key (r, l, d, k).
    weights : WeightLaw, str or frozen scipy.stats distribution
        Scaled to variance 1/fan-in where the variance exists, else by quartiles (:class:`WeightLaw`).
    realization : int
        Index of the teacher; each has its own stream.
    biases : as ``weights``, optional
        Hidden biases of variance 1/d and output biases of variance 1/k, scaled like the weights beside them; without
        any by default, or with ``"none"``.
    outputs : int
        m; W and one output's read-out do not depend on it.
    coupled : bool
        Leave d and k out of the spawn key, (r, l), as tutelage did before streams were keyed by size: teachers of
        different sizes then begin with the same numbers, which correlates them (the smallest eigenvalues of linear
        teachers at d = k = 70 and 100 by more than 0.9), so that errors over sizes are not independent.
    """
    realization = check.integer(realization, _WHO, "realization", minimum=0)
    return draw_teachers(activation, d, k, seed, weights, [realization], biases, outputs, coupled=coupled)[0]


def draw_teachers(
    activation: Activation | str, d: int, k: int, seed: int, weights: Weights, realizations: Iterable[int],
    biases: Weights | None, outputs: int, *, coupled: bool = False,
) -> list[Network]:  # fmt: skip
    """:func:`sample_teacher` of each of these realizations, whose arguments are checked once."""
    activation, law, own = as_activation(activation), as_weight_law(weights), as_bias_law(biases)
    d, k, seed = check.integer(d, _WHO, "d"), check.integer(k, _WHO, "k"), check.seed(seed, _WHO)
    outputs = check.integer(outputs, _WHO, "outputs")
    n_params = d * k + k * outputs
    check.fits_in_memory(
        16.0 * n_params, _WHO, f"a network of P = {n_params} parameters",
        f"k = {int(0.9 * check.available_bytes() / 16 / (d + outputs))} at this d", "choose a smaller d or k",
    )  # fmt: skip
    shape = () if check.flag(coupled, _WHO, "coupled") else (d, k)
    read_out = (k,) if outputs == 1 else (outputs, k)
    drawn = {"W": (law, 0, (k, d), d), "a": (law, 1, read_out, k)}
    if own is not None:
        drawn |= {"b": (own, _BIASES[0], (k,), d), "c": (own, _BIASES[1], read_out[:-1], k)}
    found: list[Network] = []
    for realization in realizations:
        layers = {
            name: np.asarray(law.sample(layer_rng(seed, realization, stream, shape), size, fan_in))
            for name, (law, stream, size, fan_in) in drawn.items()
        }
        found.append(
            with_same_shapes(found[0], layers) if found else Network(activation=activation, **layers)
        )
    return found


def sample_teachers(
    activation: Activation | str,
    d: int,
    k: int,
    count: int,
    seed: int = 0,
    weights: Weights = Normal(),  # noqa: B008  (a frozen value)
    biases: Weights | None = None,
    outputs: int = 1,
) -> list[Network]:
    """``count`` random teachers: those of :func:`sample_teacher` with realization 0 ... count - 1.

    Parameters
    ----------
    count : int
        How many; the first ones do not depend on it.
    activation, d, k, seed, weights, biases, outputs
        As in :func:`sample_teacher`.

    Returns
    -------
    list of Network

    Raises
    ------
    InputError, AllocationError
        What :func:`sample_teacher` of one of them raises; a count below 1.

    Examples
    --------
    >>> [teacher.k for teacher in sample_teachers("erf", d=3, k=2, count=3)]
    [2, 2, 2]
    """
    count = check.integer(count, "sample_teachers", "count")
    return draw_teachers(activation, d, k, seed, weights, range(count), biases, outputs)
