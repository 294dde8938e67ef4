"""Where a run begins: the teacher plus noise, or random weights."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base import check
from tutelage.base.value import Shown
from tutelage.network import Network, require_plain
from tutelage.weights import Normal, WeightLaw

# Teachers draw their layers from the keys (realization, 0) and (realization, 1); a start with the teacher's
# seed must not be the teacher.
_LARGEST_NOISE = 1e75  # losses of degree four in it are still numbers
_NOISE_STREAM, _FIRST_LAYER, _READ_OUT = 2, 3, 4


def _stream(seed: int, run: int, key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(run, key)))


@dataclasses.dataclass(frozen=True)
class NoisyTeacher(Shown):
    r"""The teacher plus independent normal noise: :math:`\delta_0 \sim N(0, s^2 I)`, the start of [C25] (7).

    Parameters
    ----------
    noise : float
        s, the standard deviation of every trainable parameter.
    """

    noise: float

    def __post_init__(self) -> None:
        check.number(self.noise, "NoisyTeacher", "noise", above=0.0, maximum=_LARGEST_NOISE)

    def displacement(self, n_params: int, seed: int, run: int = 0) -> np.ndarray:
        r""":math:`\delta_0`, shape (n_params,): the same for one seed and run on any machine, in any
        order."""
        return self.noise * _stream(seed, run, _NOISE_STREAM).standard_normal(n_params)


@dataclasses.dataclass(frozen=True)
class RandomStart(Shown):
    """Random weights: the law of the paper's teachers, of the teacher's width unless ``k`` is given."""

    k: int | None = None
    weights: WeightLaw = Normal()  # noqa: RUF009  (a frozen value)

    def __post_init__(self) -> None:
        if self.k is not None:
            check.integer(self.k, "RandomStart", "k")
        check.instance(self.weights, WeightLaw, "RandomStart", "weights")

    def sample(self, teacher: Network, seed: int, run: int = 0) -> Network:
        """A student with the teacher's activation and input dimension, independent of the teacher."""
        require_plain(teacher, "RandomStart")
        k = teacher.k if self.k is None else self.k
        W = self.weights.sample(_stream(seed, run, _FIRST_LAYER), (k, teacher.d), teacher.d)
        a = self.weights.sample(_stream(seed, run, _READ_OUT), (k,), k)
        return Network(W, a, teacher.activation)


def isotropic_scale(start: object, who: str) -> float | None:
    """The noise s of an isotropic start, None for a given displacement."""
    if isinstance(start, NoisyTeacher):
        return start.noise
    if isinstance(start, (int, float)) and not isinstance(start, bool):
        return check.number(start, who, "size of the start", above=0.0, maximum=_LARGEST_NOISE)
    return None
