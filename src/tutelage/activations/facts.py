"""Facts an activation may declare of itself, where a mere number does not say it."""

from __future__ import annotations

import dataclasses
from typing import Literal

from tutelage.base import check
from tutelage.base.errors import InputError

Parity = Literal["even", "odd"] | None

Independence = Literal["linear", "affine"] | None
r"""Which neurons are linearly independent functions, other than equal ones and those that the reflection relates.

``"linear"``: the functions :math:`\sigma(w\cdot x)` and :math:`x_j\sigma'(w\cdot x)` of different :math:`w\ne0`, together
with polynomials of degree one. It suffices that :math:`\sigma` is analytic and has infinitely many non-zero Taylor
coefficients of either parity, or of one where the reflection leaves only that one free. ``"affine"``: also
:math:`\sigma(w\cdot x+b)` of different (w, b), which [F96] proves for sigmoidal functions; sin, cos and exp do not have it.
"""


@dataclasses.dataclass(frozen=True)
class Reflection:
    r""":math:`\sigma(-u) = s\,\sigma(u) + c_0 + c_1u` with s = 1 or -1.

    Odd functions have s = -1 and even ones s = 1 without lower terms; the sigmoid has 1 - sigma(u), GELU sigma(u) - u.
    Applied twice, it shows that c_0 belongs to s = -1 and c_1 to s = 1.

    Raises
    ------
    InputError
        Any other sign, or a lower term that cannot stand beside it.
    """

    sign: int
    constant: float = 0.0
    linear: float = 0.0

    def __post_init__(self) -> None:
        for name in ("sign", "constant", "linear"):
            check.number(getattr(self, name), "Reflection", name)
        if self.sign not in (1, -1) or (self.constant if self.sign == 1 else self.linear):
            raise InputError(
                f"Reflection: expected sign -1 with a constant or sign 1 with a linear term, got {self}; "
                "no function has another one"
            )

    @property
    def parity(self) -> Parity:
        """``"odd"`` or ``"even"`` where there are no lower terms."""
        if self.constant or self.linear:
            return None
        return "even" if self.sign == 1 else "odd"


ODD, EVEN = Reflection(-1), Reflection(1)
