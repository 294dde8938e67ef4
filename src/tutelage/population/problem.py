"""Problem: the population loss of a student before its teacher, with gradient and Hessian."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.base import check
from tutelage.base.compiled import COMPILATION
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.base.rows import lengths
from tutelage.base.types import Trainable
from tutelage.base.value import Shown, Value
from tutelage.inputs import GaussianInputs
from tutelage.layout import layer_names
from tutelage.network import LAYERS, Network, require_network
from tutelage.population import loss_and_gradient
from tutelage.population.assemble import functional_part, outer_hessian
from tutelage.population.congruent import CongruentHessian
from tutelage.population.hessian_blocks import PairHessian
from tutelage.population.loss_and_gradient import Rule
from tutelage.population.objective import OnlineLoss, PopulationLoss, nodes_for, step_between
from tutelage.population.pairs import Layers
from tutelage.population.short import lengthened
from tutelage.problem import NetworkProblem

Form = TypeVar("Form")

_EPS = float(np.finfo(float).eps)


@dataclasses.dataclass(frozen=True)
class LossValue(Value):
    """A loss with the bound of its round-off and quadrature error, and the form that gave it."""

    value: float
    error: float
    method: str


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Problem(NetworkProblem, Shown):
    r"""A student before a teacher: :math:`\varepsilon(\theta) = \tfrac12 E_x|f_\theta - f_*|^2` (science 1.2, 9, 9b, 19).

    Biases and several outputs as the networks have them; a student may have biases that its teacher lacks.

    Parameters
    ----------
    teacher : Network
    inputs : GaussianInputs
        The input law; standard normal by default.
    trainable : str or sequence of str, optional
        Layers that are trained, of W, b, a and c: all that the student has, by default. Gradient and Hessian have the
        parameters of these alone.
    label_noise : float
        v, the variance of independent noise on every label: ``loss`` is then ε + v/2 an output; gradient, Hessian and the
        losses that runs record are those of ε, and batches of simulated SGD carry the noise (science C1).

    Raises
    ------
    InputError
        Not a network, not an input law, sizes that do not match. On use: weights so large or small that the loss or its
        gradient is no float64 number.

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
        require_network(self.teacher, "Problem")
        if not isinstance(self.inputs, GaussianInputs):
            raise InputError(
                f"Problem: expected GaussianInputs(mean, covariance) as inputs, got {self.inputs!r}; "
                "leave them out for standard normal ones"
            )
        check.same_length(
            self.inputs.d or self.teacher.d, self.teacher.d, "Problem", "the dimension of the input law and d"
        )
        object.__setattr__(self, "trainable", layer_names(self.trainable, LAYERS, "Problem"))

    @property
    def optimum(self) -> Network:
        """The teacher."""
        return self.teacher

    def loss(self, student: Network) -> float:
        """ε + v/2 an output at the student: ε never negative, free of cancellation near the teacher."""
        return self.loss_with_error(student).value + 0.5 * self.label_noise * self.teacher.n_outputs

    @float64
    def loss_with_error(self, student: Network) -> LossValue:
        """ε with its error bound, by whichever form is the more accurate here.

        The expanded form ½ cᵀκc has the floor 1e-16 × (its own absolute sum); the path form
        (``population.formulas``) has none but a quadrature error, estimated by changing the number of nodes.
        Negative round-off is returned as zero, with the floor as error.
        """
        layers = self._pair(student)
        expanded, scale = _form(loss_and_gradient.loss_terms, self.teacher.activation, layers)
        self._require_numbers(np.asarray([expanded, scale]), student)
        floor = 4 * _EPS * float(scale)
        best = LossValue(max(float(expanded), 0.0), floor, "expanded")
        if float(expanded) > 1e13 * floor or self.teacher.activation.kinks:
            return best
        form, step = loss_and_gradient.path_loss, self._step(student)
        coarse, fine = (
            float(_form(form, self.teacher.activation, layers, rule, step)) for rule in (_COARSE, _FINE)
        )
        error = abs(fine - coarse) + 16 * _EPS * abs(fine)
        return LossValue(max(fine, 0.0), error, "path") if error < floor else best

    @float64
    def gradient(self, student: Network) -> np.ndarray:
        """∇ε with respect to the trainable parameters, shape (P,) when all layers are ([C25] (1)-(2))."""
        layers = self._pair(student)
        near = self.loss_with_error(student).method == "path"
        form = loss_and_gradient.path_gradient if near else loss_and_gradient.gradient
        rest = (_FINE, self._step(student)) if near else ()
        layered = _form(form, self.teacher.activation, layers, *rest)
        found = {name: np.asarray(x) for name, x in layered.items()}
        gradient = np.asarray(self.layout(student).flatten(self.inputs.pulled_back(found)))
        self._require_numbers(gradient, student)
        return gradient

    def hessian(self, student: Network) -> PairHessian | CongruentHessian:
        """∇²ε as a structured operator, its ``outer`` and ``functional`` parts separately available ([C25] (3)-(5))."""
        require_network(student, "Problem")
        at_optimum = student is self.teacher or _same(student, self.teacher)
        self._checked(student, lengthened_too=at_optimum and self.inputs.is_standard)
        layout, standard = self.layout(student), self._standard(student)
        inside = layout
        if standard is not student:
            means = ("b",) if self.inputs.mean is not None and "W" in layout.trained else ()
            inside = standard.layout.only(
                [*layout.trained, *(name for name in means if name not in layout.trained)]
            )
        part = None if at_optimum else functional_part(standard, self._standard(self.teacher))
        hessian = outer_hessian(standard, inside, part)
        return hessian if standard is student else CongruentHessian(hessian, self.inputs, student, layout)

    @float64
    def objective(self, students: Sequence[Network], batch: int | None = None) -> PopulationLoss | OnlineLoss:
        """The population loss; with a batch, gradients of that many fresh inputs (online SGD)."""
        for student in students:
            self._checked(student)
        standard = self._standard(self.teacher)
        frozen, here, teacher = jax.tree.map(
            jnp.asarray, (self.frozen(students), standard.layers, self.teacher.layers)
        )
        raw = None if self.inputs.is_standard else teacher
        n_nodes = max(nodes_for(self._standard(student), standard) for student in students)
        population = PopulationLoss(
            self.layout(students[0]), frozen, here, raw, self.inputs, self.teacher.activation, n_nodes
        )
        noise = jnp.sqrt(jnp.asarray(self.label_noise)) if self.label_noise else None
        return population if batch is None else OnlineLoss(population, teacher, batch, noise)

    def _standard(self, network: Network) -> Network:
        """The same network as one of standard normal inputs; itself where they are."""
        if self.inputs.is_standard:
            return network
        return network.with_layers(self.inputs.standardised(network.layers))

    def _pair(self, student: Network) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Layers of student and teacher before standard normal inputs."""
        self._checked(student)
        return self._standard(student).layers, self._standard(self.teacher).layers

    def _step(self, student: Network) -> dict[str, np.ndarray] | None:
        """From the teacher to the student before standard normal inputs: made of their difference, whose digits it keeps."""
        if self.inputs.is_standard or student.k != self.teacher.k:
            return None
        step = step_between(student.layers, self.teacher.layers, self.inputs)
        return {name: np.asarray(layer) for name, layer in step.items()}

    def _checked(self, student: Network, lengthened_too: bool = False) -> None:
        require_network(student, "Problem")
        if student.activation != self.teacher.activation:
            raise InputError(
                f"Problem: expected the teacher's activation {self.teacher.activation.spec}, "
                f"got {student.activation.spec}; student and teacher share σ"
            )
        check.same_length(student.d, self.teacher.d, "Problem", "input dimensions of student and teacher")
        outputs = (student.n_outputs, self.teacher.n_outputs)
        check.same_length(*outputs, "Problem", "the numbers of outputs of student and teacher")
        for network in (student, self.teacher):
            known = lengthened(network)[0] if lengthened_too else network
            self.teacher.activation.require_rows(known.W, "Problem")

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
        inputs = "" if self.inputs.is_standard else f", inputs={self.inputs!r}"
        return f"Problem({self.teacher!r}{inputs}{trained})"


def hessian_at_optimum(network: Network) -> PairHessian:
    r"""The Hessian of a student at its teacher, :math:`H = E[\nabla f\,\nabla f^T]` ([C25] (3)-(5) in expectation).

    Under standard normal inputs; under others ``Problem(network, inputs).hessian(network)``.

    Parameters
    ----------
    network : Network
        The teacher, which is also the student.

    Returns
    -------
    PairHessian
        A structured lineax operator of size P; parameters in the order W row-major, b, a row-major, c.

    Raises
    ------
    NoHessianError
        A zero neuron under a kinked activation, unless a bias holds it off the kinks.

    Examples
    --------
    >>> from tutelage import Network, hessian_at_optimum
    >>> hessian_at_optimum(Network([[2.0]], [3.0], "linear")).dense()
    array([[9., 6.],
           [6., 4.]])
    """
    hessian = Problem(network).hessian(network)
    assert isinstance(hessian, PairHessian), "of standard normal inputs"
    return hessian


def _sizes(network: Network) -> tuple[float, float]:
    return float(lengths(network.W).max()), float(np.abs(network.a).max())


def _same(first: Network, second: Network) -> bool:
    """Whether the weights are: no bias is a bias of zeros."""
    return first.W.shape == second.W.shape and all(
        np.array_equal(x, other.layers.get(name, 0 * x))
        for one, other in ((first, second), (second, first))
        for name, x in one.layers.items()
    )


_FINE = loss_and_gradient.segment_rule(6)
_COARSE = loss_and_gradient.segment_rule(
    4, length=6
)  # one compilation for both: a third less at first, half more later
_compiled = functools.cache(functools.partial(jax.jit, static_argnums=0, compiler_options=COMPILATION))


def _form(
    form: Callable[..., Form], activation: Activation, layers: tuple[Layers, Layers], rule: Rule | None = None,
    step: Layers | None = None,
) -> Form:  # fmt: skip
    """A form of student and teacher: in NumPy where that has it before JAX has compiled it."""
    rest = () if rule is None else (rule, step)
    if loss_and_gradient.is_plain(activation, *layers, n_nodes=len(_FINE[0]) if rest else 1):
        with np.errstate(all="ignore"):  # what is beyond float64 is refused by the caller
            return form(activation, *layers, *rest)
    return _compiled(form)(activation, *layers, *rest)


def population_problem(source: Problem | Network, who: str) -> Problem:
    """The problem itself, or that of a teacher under standard normal inputs; anything else is refused."""
    problem = Problem(source) if isinstance(source, Network) else source
    if not isinstance(problem, Problem):
        raise InputError(f"{who}: expected a population Problem or a Network, got {type(problem).__name__}")
    return problem
