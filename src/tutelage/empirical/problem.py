"""Problem on data: loss, gradient and Hessian of given samples, the twin of the population problem."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations.derivatives import derivative_tables
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.base.types import ArrayLike, Trainable
from tutelage.base.value import Shown
from tutelage.empirical.hessian import EmpiricalHessian
from tutelage.empirical.objective import DataLoss, MinibatchLoss
from tutelage.inputs import Seed
from tutelage.layout import layer_names
from tutelage.network import LAYERS, Network, require_network
from tutelage.problem import NetworkProblem

_CHUNK_BYTES = 3e7
"""One chunk of pre-activations: large enough for full-rate products, small enough for the cache of one core."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Problem(NetworkProblem, Shown):
    r"""Mean square loss of data, :math:`\varepsilon = \frac{1}{2n}\sum_\nu |f_\theta(x_\nu) - y_\nu|^2` ([C25] section 2).

    Parameters
    ----------
    X : array_like (n, d)
    y : array_like (n,), or (n, m) for m outputs
    trainable : str or sequence of str, optional
        Layers that are trained, of W, b, a and c: all that the student has, by default.
    teacher : Network, optional
        Whose labels these are, if one of zero loss is known.

    Examples
    --------
    >>> from tutelage import Network, empirical
    >>> problem = empirical.Problem([[1.0], [2.0]], [0.0, 0.0])
    >>> problem.loss(Network([[1.0]], [1.0], "linear"))
    1.25
    """

    X: np.ndarray
    y: np.ndarray
    trainable: Trainable = None
    teacher: Network | None = None

    def __init__(
        self, X: ArrayLike, y: ArrayLike, trainable: Trainable = None, teacher: Network | None = None
    ):
        who = "empirical.Problem"
        inputs, labels = check.float_array(X, who, "X", ndim=2), check.float_array(y, who, "y")
        if labels.ndim not in (1, 2) or not labels.size:
            raise InputError(f"{who}: expected y of shape (n,) or (n, m), got {labels.shape}")
        labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
        check.same_length(len(inputs), len(labels), who, "the numbers of rows of X and y")
        names = layer_names(trainable, LAYERS, who)
        for field, value in (("X", inputs), ("y", labels), ("trainable", names), ("teacher", teacher)):
            object.__setattr__(self, field, value)

    @classmethod
    def from_teacher(
        cls,
        teacher: Network,
        X: ArrayLike,
        trainable: Trainable = None,
        *,
        label_noise: float = 0.0,
        seed: Seed = 0,
    ) -> Problem:
        """Data labelled by a teacher, which is its optimum unless normal noise of variance ``label_noise`` is added."""
        require_network(teacher, "empirical.Problem")
        inputs = check.float_array(X, "empirical.Problem", "X", ndim=2)
        variance = check.number(label_noise, "empirical.Problem", "label_noise", minimum=0.0)
        labels = teacher(inputs)
        if not variance:
            return cls(inputs, labels, trainable, teacher)
        noise = np.random.default_rng(seed).standard_normal(labels.shape)
        return cls(inputs, labels + np.sqrt(variance) * noise, trainable)

    @property
    def optimum(self) -> Network | None:
        """The teacher that labelled the data without noise, if there is one."""
        return self.teacher

    @property
    def n_samples(self) -> int:
        """n."""
        return len(self.y)

    def residual(self, student: Network) -> np.ndarray:
        """f(x) − y, of the shape of y."""
        self._check(student)
        return student(self.X) - self.y

    def loss(self, student: Network) -> float:
        """½ mean (f − y)²; a sum of squares, so free of cancellation."""
        return float(0.5 * np.sum(self.residual(student) ** 2) / self.n_samples)

    def gradient(self, student: Network) -> np.ndarray:
        """∇ε with respect to the trainable parameters ([C25] (1)-(2))."""
        residual = self.residual(student).reshape(self.n_samples, -1) / self.n_samples
        A = student.a.reshape(-1, student.k)
        total = {name: np.zeros_like(layer) for name, layer in student.layers.items()}
        size = self._chunk(student)
        for start in range(0, self.n_samples, size):
            x, r = self.X[start : start + size], residual[start : start + size]
            u = x @ student.W.T + (0.0 if student.b is None else student.b)
            value, slope, _ = derivative_tables(student.activation, u)
            to_u = (r @ A) * slope
            more = {"W": to_u.T @ x, "b": to_u.sum(0), "a": r.T @ value, "c": r.sum(0)}
            total = {name: layer + more[name].reshape(layer.shape) for name, layer in total.items()}
        return self.layout(student).flatten(total)

    def hessian(self, student: Network) -> EmpiricalHessian:
        """∇²ε with its residual terms; ``outer`` and ``functional`` separately ([C25] (3)-(5))."""
        residual = self.residual(student).reshape(self.n_samples, -1)
        size = min(self._chunk(student), self.n_samples)
        n_chunks = -(-self.n_samples // size)
        padding = n_chunks * size - self.n_samples
        X = np.pad(self.X, ((0, padding), (0, 0))).reshape(n_chunks, size, -1)
        weight = np.pad(np.full(self.n_samples, 1 / self.n_samples), (0, padding)).reshape(n_chunks, size)
        residual = np.pad(residual, ((0, padding), (0, 0))).reshape(n_chunks, size, -1)
        parts = ("outer", "functional") if np.any(residual) else ("outer",)
        return EmpiricalHessian(student, X, residual, weight, self.layout(student), parts)

    @float64
    def objective(self, students: Sequence[Network], batch: int | None = None) -> DataLoss | MinibatchLoss:
        """The loss of all samples; with a batch, gradients of that many drawn with replacement."""
        for student in students:
            self._check(student)
        first = students[0]
        X, y, frozen = jax.tree.map(jnp.asarray, (self.X, self.y, self.frozen(students)))
        data = DataLoss(self.layout(first), frozen, X, y, first.activation)
        if batch is None:
            return data
        if batch > self.n_samples:
            raise InputError(
                f"objective: expected a batch of at most the n = {self.n_samples} samples, got {batch}; "
                "leave it out for the full gradient"
            )
        return MinibatchLoss(data, batch)

    def _chunk(self, student: Network) -> int:
        return max(64, int(_CHUNK_BYTES / (8 * max(student.k, student.d))))

    def _check(self, student: Network) -> None:
        require_network(student, "empirical.Problem")
        outputs = (student.n_outputs, 1 if self.y.ndim == 1 else self.y.shape[1])
        check.same_length(*outputs, "empirical.Problem", "the outputs of the student and the columns of y")
        check.same_length(
            student.d, self.X.shape[1], "empirical.Problem", "d of the student and the columns of X"
        )

    def __repr__(self) -> str:
        trained = "" if self.trainable is None else f", trainable={self.trainable}"
        return f"empirical.Problem(n={self.n_samples}, d={self.X.shape[1]}{trained})"
