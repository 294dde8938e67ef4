"""Problem on data: loss, gradient and Hessian of given samples, the twin of the population problem."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.empirical.derivatives import derivative_tables
from tutelage.empirical.hessian import EmpiricalHessian
from tutelage.network import Network

_CHUNK_BYTES = 3e7
"""One chunk of pre-activations: large enough for full-rate products, small enough for the cache of one core."""


@dataclasses.dataclass(frozen=True, eq=False)
class Problem:
    r"""Mean square loss of data, :math:`\varepsilon = \frac{1}{2n}\sum_\nu (f_\theta(x_\nu) - y_\nu)^2` ([C25] section 2).

    Parameters
    ----------
    X : array_like (n, d)
    y : array_like (n,)
    trainable : tuple of "W", "a"

    Examples
    --------
    >>> from tutelage import Network, empirical
    >>> problem = empirical.Problem([[1.0], [2.0]], [0.0, 0.0])
    >>> problem.loss(Network([[1.0]], [1.0], "linear"))
    1.25
    """

    X: Any
    y: Any
    trainable: tuple[str, ...] = ("W", "a")

    def __post_init__(self) -> None:
        X = check.float_array(self.X, "empirical.Problem", "X", ndim=2)
        y = check.float_array(self.y, "empirical.Problem", "y", ndim=1)
        check.same_length(len(X), len(y), "empirical.Problem", "the numbers of rows of X and y")
        names = (self.trainable,) if isinstance(self.trainable, str) else tuple(self.trainable)
        for name in names:
            check.choice(name, "empirical.Problem", "trainable layer", ("W", "a"))
        if not names or len(set(names)) != len(names):
            raise InputError(
                f"empirical.Problem: expected 'W', 'a' or both as trainable, each once, got {names}"
            )
        for field, value in (("X", X), ("y", y), ("trainable", tuple(sorted(names)))):
            object.__setattr__(self, field, value)

    @classmethod
    def from_teacher(cls, teacher: Network, X: Any, trainable: tuple[str, ...] = ("W", "a")) -> Problem:
        """Data labelled by a teacher without noise."""
        X = check.float_array(X, "empirical.Problem", "X", ndim=2)
        return cls(X, teacher(X), trainable)

    @property
    def n_samples(self) -> int:
        """n."""
        return len(self.y)

    def residual(self, student: Network) -> np.ndarray:
        """f(x) − y, shape (n,)."""
        self._check(student)
        return student(self.X) - self.y

    def loss(self, student: Network) -> float:
        """½ mean (f − y)²; a sum of squares, so free of cancellation."""
        return float(0.5 * np.mean(self.residual(student) ** 2))

    def gradient(self, student: Network) -> np.ndarray:
        """∇ε with respect to the trainable parameters ([C25] (1)-(2))."""
        residual = self.residual(student)
        total_W, total_a = np.zeros_like(student.W), np.zeros_like(student.a)
        size = self._chunk(student)
        for start in range(0, self.n_samples, size):
            x, r = self.X[start : start + size], residual[start : start + size] / self.n_samples
            value, slope, _ = derivative_tables(student.activation, x @ student.W.T)
            total_W += student.a[:, None] * ((slope * r[:, None]).T @ x)
            total_a += value.T @ r
        kept = {"W": total_W, "a": total_a}
        return np.concatenate([np.ravel(kept[name]) for name in self.trainable])

    def hessian(self, student: Network) -> EmpiricalHessian:
        """∇²ε with its residual terms; ``outer`` and ``functional`` separately ([C25] (3)-(5))."""
        residual = self.residual(student)
        size = min(self._chunk(student), self.n_samples)
        n_chunks = -(-self.n_samples // size)
        padding = n_chunks * size - self.n_samples
        X = np.pad(self.X, ((0, padding), (0, 0))).reshape(n_chunks, size, -1)
        weight = np.pad(np.full(self.n_samples, 1 / self.n_samples), (0, padding)).reshape(n_chunks, size)
        residual = np.pad(residual, (0, padding)).reshape(n_chunks, size)
        return EmpiricalHessian(
            student.W,
            student.a,
            X,
            residual,
            weight,
            student.activation,
            self.trainable,
            True,
            bool(np.any(residual)),
        )

    def _chunk(self, student: Network) -> int:
        return max(64, int(_CHUNK_BYTES / (8 * max(student.k, student.d))))

    def _check(self, student: Network) -> None:
        if not isinstance(student, Network):
            raise InputError(
                f"empirical.Problem: expected a Network as student, got {type(student).__name__}"
            )
        check.same_length(
            student.d, self.X.shape[1], "empirical.Problem", "d of the student and the columns of X"
        )

    def __repr__(self) -> str:
        return f"empirical.Problem(n={self.n_samples}, d={self.X.shape[1]}, trainable={self.trainable})"
