"""Minima of the population loss, found from random starts: how deep, how often, how flat."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.progress import AskedProgress, as_progress
from tutelage.base.value import Value, html_of_tuple
from tutelage.landscape.search import descend, polish
from tutelage.network import Network
from tutelage.quadratic.chunks import Arrays, in_chunks
from tutelage.quadratic.probability import wilson_interval
from tutelage.teachers import layer_rng

_CODE = tuple(
    f"tutelage.{room}"
    for room in ("landscape", "base.lbfgs", "population", "moments", "activations", "network")
)
# Layers 0 and 1 of a realization are weights and read-outs of sampled teachers, 2 inputs: a start must be none of them.
_START_STREAM = 3
# Two losses are one level when they differ by less: equal minima agree to 1e-14, levels of ReLU networks differ by 1e-2.
_SAME_LEVEL = 1e-9
# Norm of a gradient that counts as zero, relative to the largest eigenvalue of the Hessian. Newton's method leaves 1e-15 at
# the strict minima of ReLU networks (k = 16) and up to 6e-13 at the flat ones of wide u² networks.
_SETTLED = 1e-12


class Level(NamedTuple):
    """Minima of one loss: how many runs ended there, and of one of them the eigenvalues (P,) with their ``error``."""

    loss: float
    count: int
    eigenvalues: np.ndarray
    error: float

    _repr_html_ = html_of_tuple


@dataclasses.dataclass(frozen=True, eq=False)
class Minima(Value):
    """Where runs from random starts ended.

    Attributes
    ----------
    weights : ndarray, shape (n, k, d)
    loss, gradient : ndarray, shape (n,)
        ε and the norm of its gradient in W there.
    eigenvalues : ndarray, shape (n, P)
        Of the Hessian in W, ascending.
    error : ndarray, shape (n,)
        Bound on the rounding of each run's eigenvalues.
    """

    weights: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray
    eigenvalues: np.ndarray
    error: np.ndarray

    @property
    def settled(self) -> np.ndarray:
        """Runs whose gradient vanishes to rounding, (n,)."""
        return self.gradient <= _SETTLED * np.maximum(self.eigenvalues[:, -1], 1.0)

    @property
    def is_minimum(self) -> np.ndarray:
        """Settled runs without an eigenvalue below zero; flat directions are allowed, (n,).

        Along those the Hessian is what the gradient left tilts it by (weights are of order one), so that both the rounding
        and the gradient count as the error of a zero.
        """
        return self.settled & (self.eigenvalues[:, 0] >= -(self.error + self.gradient))

    @property
    def is_spurious(self) -> np.ndarray:
        """Minima above the loss zero of the teacher, (n,)."""
        return self.is_minimum & (self.loss > _SAME_LEVEL)

    @property
    def spurious_fraction(self) -> float:
        """Share of all runs that ended in a spurious minimum."""
        return float(np.mean(self.is_spurious))

    @property
    def spurious_interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the fraction."""
        low, high = wilson_interval(int(self.is_spurious.sum()), self.loss.size)
        return float(low), float(high)

    def levels(self) -> list[Level]:
        """The distinct losses of the minima, ascending."""
        runs = np.flatnonzero(self.is_minimum)
        runs = runs[np.argsort(self.loss[runs], kind="stable")]
        cuts = np.flatnonzero(np.diff(self.loss[runs]) > _SAME_LEVEL) + 1
        return [
            Level(float(self.loss[g[0]]), g.size, self.eigenvalues[g[0]], float(self.error[g[0]]))
            for g in np.split(runs, cuts)
            if g.size
        ]

    def __repr__(self) -> str:
        return (
            f"Minima({self.loss.size} runs: {int(self.is_minimum.sum())} minima on {len(self.levels())} levels, "
            f"{int(self.is_spurious.sum())} spurious)"
        )


def find_minima(
    teacher: Network,
    starts: int = 100,
    readouts: ArrayLike | None = None,
    seed: int = 0,
    store: Any = None,
    progress: AskedProgress = None,
) -> Minima:
    r"""Train W from N(0, 1/d) starts before a teacher, read-outs frozen, and certify where the runs end.

    L-BFGS on :math:`\tfrac12 E(f - f_*)^2` for all starts at once, then Newton's method until the gradient is rounding
    (below 1e-12 of the largest eigenvalue), then all eigenvalues of the Hessian with the bound of their rounding.

    Parameters
    ----------
    teacher : Network
        Without biases, one output; inputs are standard normal.
    starts : int
        Random starts.
    readouts : array_like, shape (k,), optional
        Those of the student, whose width they set; the teacher's by default.
    seed : int
        Start i is the same whatever their number.
    store : tutelage.store.Store, optional
        Chunks of 50 starts are kept there: an interrupted search resumes, a longer one extends.
    progress : callable or True, optional
        Called with the fraction done; True draws a bar.

    Raises
    ------
    InputError
        The teacher is no network, or a read-out is zero.

    Notes
    -----
    Spurious minima of ReLU networks before an orthonormal teacher: Safran and Shamir (2018), [AF20]; science 15.2.

    Examples
    --------
    >>> import numpy as np
    >>> teacher = Network(np.eye(6), np.ones(6), "relu")
    >>> find_minima(teacher, starts=4)
    Minima(4 runs: 4 minima on 1 levels, 0 spurious)
    """
    progress = as_progress(progress, "find_minima")
    who = "find_minima"
    if not isinstance(teacher, Network):
        raise InputError(f"{who}: expected a Network as teacher, got {type(teacher).__name__}")
    starts, seed = check.integer(starts, who, "starts", maximum=10**6), check.seed(seed, who)
    a = teacher.a if readouts is None else check.float_array(readouts, who, "readouts", ndim=1)
    if np.any(a == 0):
        raise InputError(
            f"{who}: expected non-zero read-outs, got a zero; such a neuron has no gradient: leave it out"
        )

    def compute(block: range) -> Arrays:
        shape = (a.size, teacher.d)
        draws = [layer_rng(seed, i, _START_STREAM, shape).standard_normal(shape) for i in block]
        return polish(teacher, a, descend(teacher, a, np.array(draws) / np.sqrt(teacher.d)))

    parameters = {
        "W": teacher.W, "a": teacher.a, "activation": teacher.activation.spec, "readouts": a, "seed": seed,
    }  # fmt: skip
    return Minima(**in_chunks(compute, starts, "landscape-minima", parameters, store, progress, _CODE))
