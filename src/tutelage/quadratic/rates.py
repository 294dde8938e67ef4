r"""How fast the population flow converges: 1/t² with its constant, or exponentially with its rate (science 7.6)."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.quadratic.losses import population_slope
from tutelage.quadratic.symmetric import from_vector, to_vector
from tutelage.quadratic.teacher import Teacher, teacher_matrix


def late_time_constant(d: int, teacher_width: int, student_width: int | None = None) -> float:
    r"""The limit of t²E(t) for m_* < d: :math:`(D - m_*)(m_*+2)/(32 (D+2))`, D = min(d, student width) (science 7.6).

    Derivation: along the kernel of A_* the flow leaves eigenvalues u/t; with D − m_* of them and Δ_rr = −s I on the range
    (s = ½ tr Δ slaved to zero slope there), :math:`-1 = -4(u + s t)` and :math:`2 s = (D-m_*)u/t - m_* s` give
    :math:`u = (m_*+2)/(4(D+2))` and the constant. It does not depend on the teacher's weights.

    Examples
    --------
    >>> late_time_constant(8, 2)
    0.075
    """
    who = "late_time_constant"
    d, r = check.integer(d, who, "d"), check.integer(teacher_width, who, "teacher_width")
    D = d if student_width is None else min(d, check.integer(student_width, who, "student_width"))
    if r >= D:
        raise InputError(
            f"{who}: expected teacher_width < min(d, student_width) = {D}, got {r}; "
            "the flow is exponential there: see exponential_rate"
        )
    return (D - r) * (r + 2) / (32.0 * (D + 2))


def exponential_rate(teacher: Teacher) -> float:
    r"""The decay rate of E for a teacher of full rank: 4λ, λ the smallest eigenvalue of Δ ↦ A_*G(Δ) + G(Δ)A_* (science 7.6).

    Examples
    --------
    For A_* = I the traceless directions decay slowest, λ = 2:

    >>> round(exponential_rate([[1.0, 0.0], [0.0, 1.0]]), 12)
    8.0
    """
    A = teacher_matrix(teacher, "exponential_rate")
    if np.linalg.eigvalsh(A)[0] <= 1e-12 * max(np.trace(A), np.finfo(float).tiny):
        raise InputError(
            "exponential_rate: expected a teacher of full rank (m_star >= d), got a singular one; "
            "its flow is algebraic: see late_time_constant"
        )
    d = len(A)
    G = population_slope(from_vector(np.eye(d * (d + 1) // 2), d))
    operator = to_vector(A @ G + G @ A)
    # A product of two positive operators: its eigenvalues are real although the matrix is not symmetric.
    return 4.0 * float(np.min(np.linalg.eigvals(operator).real))


@dataclasses.dataclass(frozen=True)
class LateDecay(Value):
    """What a run shows at its end: ``exponent`` = −d log E/d log t, ``constant`` = t²E, ``rate`` = −d log E/dt."""

    exponent: float
    constant: float
    rate: float


def late_decay(times: ArrayLike, loss: ArrayLike) -> LateDecay:
    """Read the decay off the last two recorded times."""
    times = check.float_array(times, "late_decay", "times", ndim=1)
    loss = check.float_array(loss, "late_decay", "loss", ndim=1)
    check.same_length(len(times), len(loss), "late_decay", "times and loss")
    if len(times) < 2 or loss[-1] <= 0 or loss[-2] <= 0 or times[-2] <= 0:
        raise InputError(
            "late_decay: expected two positive times with positive losses at the end; record more times"
        )
    drop = np.log(loss[-2] / loss[-1])
    return LateDecay(
        exponent=float(drop / np.log(times[-1] / times[-2])),
        constant=float(times[-1] ** 2 * loss[-1]),
        rate=float(drop / (times[-1] - times[-2])),
    )
