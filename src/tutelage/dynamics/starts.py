"""Where a run begins: the teacher plus noise, or random weights."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base import check
from tutelage.base.value import Shown
from tutelage.network import Network, require_network
from tutelage.teachers import layer_rng
from tutelage.weights import Normal, WeightLaw

# Teachers draw their layers from the keys (realization, 0) and (realization, 1); a start with the teacher's
# seed must not be the teacher.
_LARGEST_NOISE = 1e75  # losses of degree four in it are still numbers
_NOISE_STREAM, _FIRST_LAYER, _READ_OUT, _HIDDEN_BIAS, _OUTPUT_BIAS = 2, 3, 4, 7, 8


@dataclasses.dataclass(frozen=True)
class NoisyTeacher(Shown):
    r"""The teacher plus independent normal noise: :math:`\delta_0 \sim N(0, s^2 I)`, the start of [C25] (7).

    Parameters
    ----------
    noise : float
        s, the standard deviation of every trainable parameter.
    coupled : bool
        Starts of different sizes begin with the same numbers, as before streams were keyed by size.
    """

    noise: float
    coupled: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        check.number(self.noise, "NoisyTeacher", "noise", above=0.0, maximum=_LARGEST_NOISE)
        check.flag(self.coupled, "NoisyTeacher", "coupled")

    def displacement(self, n_params: int, seed: int, run: int = 0) -> np.ndarray:
        r""":math:`\delta_0`, shape (n_params,): the same for one seed and run on any machine, in any
        order."""
        shape = () if self.coupled else (n_params,)
        return self.noise * layer_rng(seed, run, _NOISE_STREAM, shape).standard_normal(n_params)


@dataclasses.dataclass(frozen=True)
class RandomStart(Shown):
    """Random weights: the law of the paper's teachers, of the teacher's width unless ``k`` is given.

    ``coupled`` starts of different sizes begin with the same numbers, as before streams were keyed by size.
    """

    k: int | None = None
    weights: WeightLaw = Normal()  # noqa: RUF009  (a frozen value)
    coupled: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.k is not None:
            check.integer(self.k, "RandomStart", "k")
        check.instance(self.weights, WeightLaw, "RandomStart", "weights")
        check.flag(self.coupled, "RandomStart", "coupled")

    def sample(self, teacher: Network, seed: int, run: int = 0) -> Network:
        """A student with the teacher's activation, inputs, outputs and kinds of layers, independent of the teacher."""
        require_network(teacher, "RandomStart")
        k = teacher.k if self.k is None else self.k
        shape = () if self.coupled else (teacher.d, k)
        keys = (_FIRST_LAYER, _READ_OUT, _HIDDEN_BIAS, _OUTPUT_BIAS)
        first, read_out, hidden, out = (layer_rng(seed, run, key, shape) for key in keys)
        W = self.weights.sample(first, (k, teacher.d), teacher.d)
        m = (teacher.n_outputs,)
        a = self.weights.sample(read_out, (*m, k), k)
        b = None if teacher.b is None else self.weights.sample(hidden, (k,), teacher.d)
        c = None if teacher.c is None else self.weights.sample(out, m, k)
        return Network(W, a, teacher.activation, b, c)


def isotropic_scale(start: object, who: str) -> float | None:
    """The noise s of an isotropic start, None for a given displacement."""
    if isinstance(start, NoisyTeacher):
        return start.noise
    if isinstance(start, (int, float)) and not isinstance(start, bool):
        return check.number(start, who, "size of the start", above=0.0, maximum=_LARGEST_NOISE)
    return None
