"""Random teachers: their weights, drawn from streams that depend on seed, realization, layer and size alone."""

from __future__ import annotations

import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.network import Network
from tutelage.weights import Normal, Weights, as_bias_law, as_weight_law

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
    activation = as_activation(activation)
    d = check.integer(d, "sample_teacher", "d")
    k = check.integer(k, "sample_teacher", "k")
    seed = check.seed(seed, "sample_teacher")
    realization = check.integer(realization, "sample_teacher", "realization", minimum=0)
    law = as_weight_law(weights)
    outputs = check.integer(outputs, "sample_teacher", "outputs")
    n_params = d * k + k * outputs
    check.fits_in_memory(
        16.0 * n_params, "sample_teacher", f"a network of P = {n_params} parameters",
        f"k = {int(0.9 * check.available_bytes() / 16 / (d + outputs))} at this d", "choose a smaller d or k",
    )  # fmt: skip
    shape = () if check.flag(coupled, "sample_teacher", "coupled") else (d, k)
    W = law.sample(layer_rng(seed, realization, 0, shape), (k, d), d)
    a = law.sample(layer_rng(seed, realization, 1, shape), (outputs, k), k)
    own = as_bias_law(biases)
    if own is None:
        return Network(W, a, activation)
    b = own.sample(layer_rng(seed, realization, _BIASES[0], shape), (k,), d)
    c = own.sample(layer_rng(seed, realization, _BIASES[1], shape), (outputs,), k)
    return Network(W, a, activation, b, c)


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
    activation, law = as_activation(activation), as_weight_law(weights)
    return [
        sample_teacher(activation, d, k, seed, law, realization, biases, outputs)
        for realization in range(count)
    ]
