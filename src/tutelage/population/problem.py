"""Problem: the population loss of a student before its teacher, with gradient and Hessian."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import numpy as np

from tutelage import moments
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.network import Network
from tutelage.operators import HessianOperator, PairHessian
from tutelage.population import formulas
from tutelage.population.hessian import functional_part, outer_hessian
from tutelage.population.inputs import StandardNormal

_EPS = float(np.finfo(float).eps)


@dataclasses.dataclass(frozen=True)
class LossValue:
    """A loss with the bound of its round-off and quadrature error, and the form that gave it."""

    value: float
    error: float
    method: str


@dataclasses.dataclass(frozen=True, eq=False)
class Problem:
    r"""A student before a teacher: :math:`\varepsilon(\theta) = \tfrac12 E_x(f_\theta - f_*)^2` (SCIENCE.md section 1).

    Parameters
    ----------
    teacher : Network
    inputs : StandardNormal
        The input law.
    trainable : tuple of "W", "a"
        Layers that are trained; gradient and Hessian have the parameters of these alone, W first.

    Examples
    --------
    >>> from tutelage import Problem, sample_teacher
    >>> teacher = sample_teacher("erf", d=4, k=3, seed=0)
    >>> Problem(teacher).loss(teacher)
    0.0
    """

    teacher: Network
    inputs: StandardNormal = dataclasses.field(default_factory=StandardNormal)
    trainable: tuple[str, ...] = ("W", "a")

    def __post_init__(self) -> None:
        if not isinstance(self.teacher, Network):
            raise InputError(f"Problem: expected a Network as teacher, got {type(self.teacher).__name__}")
        if not isinstance(self.inputs, StandardNormal):
            raise InputError(
                f"Problem: expected StandardNormal() inputs, got {self.inputs!r}; other laws come later"
            )
        names = (self.trainable,) if isinstance(self.trainable, str) else tuple(self.trainable)
        for name in names:
            check.choice(name, "Problem", "trainable layer", ("W", "a"))
        if not names or len(set(names)) != len(names):
            raise InputError(f"Problem: expected 'W', 'a' or both as trainable, each once, got {names}")
        object.__setattr__(self, "trainable", tuple(sorted(names)))  # "W" sorts before "a"

    def loss(self, student: Network) -> float:
        """ε at the student: never negative, free of cancellation near the teacher."""
        return self.loss_with_error(student).value

    @float64
    def loss_with_error(self, student: Network) -> LossValue:
        """ε with its error bound, by whichever form is the more accurate here.

        The expanded form ½ cᵀκc has the floor 1e-16 × (its own absolute sum); the path form
        (``population.formulas``) has none but a quadrature error, estimated by changing the number of nodes.
        Negative round-off is returned as zero, with the floor as error.
        """
        arrays = self._arrays(student)
        expanded, scale = _expanded(self.teacher.activation, *arrays)
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
        kept = dict(zip(("W", "a"), form(self.teacher.activation, *arrays, *rule), strict=True))
        return np.concatenate([np.ravel(kept[name]) for name in self.trainable])

    def hessian(self, student: Network) -> HessianOperator:
        """∇²ε as a structured operator, its ``outer`` and ``functional`` parts separately available ([C25] (3)-(5))."""
        self._arrays(student)
        outer = outer_hessian(student, self.trainable)
        same = student.W.shape == self.teacher.W.shape
        if same and np.array_equal(student.W, self.teacher.W) and np.array_equal(student.a, self.teacher.a):
            return outer
        part = functional_part(student, self.teacher)
        return PairHessian(outer.W, outer.a, outer.tables, outer.plane, part, outer.trainable)

    def _arrays(self, student: Network) -> tuple[Any, ...]:
        if not isinstance(student, Network):
            raise InputError(f"Problem: expected a Network as student, got {type(student).__name__}")
        if student.activation != self.teacher.activation:
            raise InputError(
                f"Problem: expected the teacher's activation {self.teacher.activation.spec}, "
                f"got {student.activation.spec}; student and teacher share σ"
            )
        check.same_length(student.d, self.teacher.d, "Problem", "input dimensions of student and teacher")
        return student.W, student.a, self.teacher.W, self.teacher.a

    def __repr__(self) -> str:
        return f"Problem({self.teacher!r}, trainable={self.trainable})"


@functools.partial(jax.jit, static_argnums=0)
def _expanded(activation: Any, W: Any, a: Any, W_star: Any, a_star: Any) -> tuple[Any, Any]:
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
