"""Problem: the population loss of a student before its teacher, with gradient and Hessian."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.precision import float64
from tutelage.base.rows import lengths
from tutelage.base.types import Array, Trainable
from tutelage.base.value import Shown, Value
from tutelage.inputs import GaussianInputs
from tutelage.layout import layer_names
from tutelage.network import LAYERS, Network, require_plain
from tutelage.population import formulas
from tutelage.population.hessian import functional_part, outer_hessian
from tutelage.population.objective import OnlineLoss, PopulationLoss, nodes_for
from tutelage.population.pair_hessian import PairHessian
from tutelage.problem import NetworkProblem

_EPS = float(np.finfo(float).eps)


@dataclasses.dataclass(frozen=True)
class LossValue(Value):
    """A loss with the bound of its round-off and quadrature error, and the form that gave it."""

    value: float
    error: float
    method: str


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Problem(NetworkProblem, Shown):
    r"""A student before a teacher: :math:`\varepsilon(\theta) = \tfrac12 E_x(f_\theta - f_*)^2` (science 1.2).

    Parameters
    ----------
    teacher : Network
    inputs : GaussianInputs
        The input law; standard normal by default.
    trainable : str or sequence of str, optional
        Layers that are trained, of W, b, a and c: all that the student has, by default. Gradient and Hessian have the
        parameters of these alone.
    label_noise : float
        v, the variance of independent noise on the labels: ``loss`` is then ε + v/2; gradient, Hessian and the losses that
        runs record are those of ε, and batches of simulated SGD carry the noise (science C1).

    Raises
    ------
    NotAvailableError
        Biases, several outputs, or inputs that are not standard normal.
    InputError
        On use: weights so large or small that the loss or its gradient is no float64 number.

    Examples
    --------
    >>> from tutelage import Problem, sample_teacher
    >>> teacher = sample_teacher("erf", d=4, k=3, seed=0)
    >>> Problem(teacher).loss(teacher)
    0.0
    """

    teacher: Network
    inputs: GaussianInputs = dataclasses.field(default_factory=GaussianInputs)
    trainable: Trainable = None
    label_noise: float = 0.0

    def __post_init__(self) -> None:
        check.number(self.label_noise, "Problem", "label_noise", minimum=0.0)
        if not isinstance(self.teacher, Network):
            raise InputError(f"Problem: expected a Network as teacher, got {type(self.teacher).__name__}")
        if not isinstance(self.inputs, GaussianInputs):
            raise InputError(
                f"Problem: expected GaussianInputs(mean, covariance) as inputs, got {self.inputs!r}; "
                "leave them out for standard normal ones"
            )
        check.same_length(
            self.inputs.d or self.teacher.d, self.teacher.d, "Problem", "the dimension of the input law and d"
        )
        if not self.inputs.is_standard:
            raise NotAvailableError(
                f"Problem: expected standard normal inputs, got {self.inputs!r}; its formulas hold for N(0, I) alone"
            )
        object.__setattr__(self, "trainable", layer_names(self.trainable, LAYERS, "Problem"))
        require_plain(self.teacher, "Problem")

    @property
    def optimum(self) -> Network:
        """The teacher."""
        return self.teacher

    def loss(self, student: Network) -> float:
        """ε + v/2 at the student: ε never negative, free of cancellation near the teacher."""
        return self.loss_with_error(student).value + 0.5 * self.label_noise

    @float64
    def loss_with_error(self, student: Network) -> LossValue:
        """ε with its error bound, by whichever form is the more accurate here.

        The expanded form ½ cᵀκc has the floor 1e-16 × (its own absolute sum); the path form
        (``population.formulas``) has none but a quadrature error, estimated by changing the number of nodes.
        Negative round-off is returned as zero, with the floor as error.
        """
        arrays = self._arrays(student)
        expanded, scale = _expanded(self.teacher.activation, *arrays)
        self._require_numbers(np.asarray([expanded, scale]), student)
        floor = 4 * _EPS * float(scale)
        best = LossValue(max(float(expanded), 0.0), floor, "expanded")
        if float(expanded) > 1e13 * floor or self.teacher.activation.kinks:
            return best
        coarse, fine = (
            float(_path_loss(self.teacher.activation, *arrays, rule)) for rule in (_COARSE, _FINE)
        )
        error = abs(fine - coarse) + 16 * _EPS * abs(fine)
        return LossValue(max(fine, 0.0), error, "path") if error < floor else best

    @float64
    def gradient(self, student: Network) -> np.ndarray:
        """∇ε with respect to the trainable parameters, shape (P,) when both layers are ([C25] (1)-(2))."""
        arrays = self._arrays(student)
        near = self.loss_with_error(student).method == "path"
        form, rule = (_path_gradient, (_FINE,)) if near else (_gradient, ())
        W, a = form(self.teacher.activation, *arrays, *rule)
        found = np.asarray(self.layout(student).flatten({"W": np.asarray(W), "a": np.asarray(a)}))
        self._require_numbers(found, student)
        return found

    def hessian(self, student: Network) -> PairHessian:
        """∇²ε as a structured operator, its ``outer`` and ``functional`` parts separately available ([C25] (3)-(5))."""
        self._arrays(student)
        outer = outer_hessian(student, self.layout(student))
        if student is self.teacher or _same(student, self.teacher):
            return outer
        return dataclasses.replace(outer, part=functional_part(student, self.teacher))

    @float64
    def objective(self, students: Sequence[Network], batch: int | None = None) -> PopulationLoss | OnlineLoss:
        """The population loss; with a batch, gradients of that many fresh inputs (online SGD)."""
        for student in students:
            self._arrays(student)
        arrays = jax.tree.map(jnp.asarray, (self.frozen(students), self.teacher.W, self.teacher.a))
        n_nodes = max(nodes_for(student, self.teacher) for student in students)
        population = PopulationLoss(
            self.layout(students[0]), *arrays, activation=self.teacher.activation, n_nodes=n_nodes
        )
        noise = jnp.sqrt(jnp.asarray(self.label_noise)) if self.label_noise else None
        return population if batch is None else OnlineLoss(population, self.inputs, batch, noise)

    def _arrays(self, student: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        require_plain(student, "Problem")
        if student.activation != self.teacher.activation:
            raise InputError(
                f"Problem: expected the teacher's activation {self.teacher.activation.spec}, "
                f"got {student.activation.spec}; student and teacher share σ"
            )
        check.same_length(student.d, self.teacher.d, "Problem", "input dimensions of student and teacher")
        for network in (student, self.teacher):
            self.teacher.activation.require_rows(network.W, "Problem")
        return student.W, student.a, self.teacher.W, self.teacher.a

    def _require_numbers(self, values: np.ndarray, student: Network) -> None:
        """Neurons of a length that is allowed may still have read-outs, or an exponential, beyond float64."""
        if not np.isfinite(values).all():
            networks = (student, self.teacher)
            norms, readouts = (max(size) for size in zip(*map(_sizes, networks), strict=True))
            raise InputError(
                f"Problem: expected a loss that is a float64 number, got one beyond it for neurons of norms up to "
                f"{norms:.3g} and read-outs up to {readouts:.3g}; rescale the weights"
            )

    def __repr__(self) -> str:
        trained = "" if self.trainable is None else f", trainable={self.trainable}"
        return f"Problem({self.teacher!r}{trained})"


def hessian_at_optimum(network: Network) -> PairHessian:
    r"""The Hessian of a student at its teacher, :math:`H = E[\nabla f\,\nabla f^T]` ([C25] (3)-(5) in expectation).

    Parameters
    ----------
    network : Network
        The teacher, which is also the student.

    Returns
    -------
    PairHessian
        A structured lineax operator of size P = k d + k; parameters in the order W row-major, then a.

    Raises
    ------
    NoHessianError
        A zero neuron under a kinked activation.
    NotAvailableError
        Biases or several outputs.

    Examples
    --------
    >>> from tutelage import Network, hessian_at_optimum
    >>> hessian_at_optimum(Network([[2.0]], [3.0], "linear")).dense()
    array([[9., 6.],
           [6., 4.]])
    """
    return Problem(network).hessian(network)


def _sizes(network: Network) -> tuple[float, float]:
    return float(lengths(network.W).max()), float(np.abs(network.a).max())


def _same(first: Network, second: Network) -> bool:
    return first.W.shape == second.W.shape and all(
        np.array_equal(first.layers[name], second.layers[name]) for name in LAYERS if name in first.layers
    )


@functools.partial(jax.jit, static_argnums=0)
def _expanded(
    activation: Activation, W: Array, a: Array, W_star: Array, a_star: Array
) -> tuple[Array, Array]:
    Z, c = formulas.stack(W, a, W_star, a_star)
    terms = c[:, None] * moments.dual_matrix(activation, Z, Z) * c
    return 0.5 * terms.sum(), 0.5 * abs(terms).sum()


_gradient = jax.jit(formulas.gradient, static_argnums=0)
_FINE = formulas.segment_rule(6)
_COARSE = formulas.segment_rule(
    4, length=6
)  # one compilation for both: a third less at first, half more later
_path_loss = jax.jit(formulas.path_loss, static_argnums=0)
_path_gradient = jax.jit(formulas.path_gradient, static_argnums=0)
