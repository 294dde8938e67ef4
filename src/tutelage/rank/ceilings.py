r"""Proven upper bounds on the rank HERE: the span of the tangent functions of a given network.

The rank of the Hessian at the optimum is the dimension of
:math:`T = \mathrm{span}\{x_j\,\sigma'(w_i\cdot x) : a_i\ne0\} \cup \{\sigma(w_i\cdot x)\}`.
Every bound follows from relations that hold exactly: parallel neurons share powers, silent ones (a_i = 0)
contribute one function, directions outside the rows of W multiply :math:`\sigma'` alone, and a special
network never exceeds the generic count of its size.
"""

from __future__ import annotations

import dataclasses
import functools
from fractions import Fraction

from tutelage.activations import Activation
from tutelage.architecture import Architecture
from tutelage.base.errors import NoHessianError
from tutelage.network import Network
from tutelage.rank.formulas import Count, closed_count, forms, power_count
from tutelage.rank.neurons import Arrangement, Neuron, fraction_rank
from tutelage.rank.values import vanishing_at_zero


def analytic_count(activation: Activation, arrangement: Arrangement, d: int) -> Count | None:
    r"""The exact rank where the activation declares its neurons independent; None where it does not.

    Neurons with the same :math:`w`, up to sign where :math:`\sigma` has a reflection, form one class. A class
    with an active member spans d + 1 functions, another one. Classes are independent: along a generic ray t x
    the functions :math:`(p\,\beta + \alpha)\,t_p\,(w\cdot x)^p` with distinct :math:`|w\cdot x|` and
    infinitely many :math:`t_p\ne0` vanish together only if every coefficient does ([F96] for tanh and erf).
    Opposite members differ by the lower terms of the reflection: a constant, or a linear function.
    """
    reflection = activation.reflection
    no_value, no_slope = vanishing_at_zero(activation) if arrangement.zeros else (True, True)
    if activation.independence is None or no_value is None or no_slope is None:
        return None
    count, constant, linear_full, linear_few = 0, False, False, []
    for direction, line in arrangement.lines.items():
        classes: dict[Fraction, list[Neuron]] = {}
        for neuron in line:
            classes.setdefault(abs(neuron.scale) if reflection else neuron.scale, []).append(neuron)
        for members in classes.values():
            count += d + 1 if any(n.active for n in members) else 1
            signs = {n.scale > 0: any(m.active and m.scale == n.scale for m in members) for n in members}
            if reflection is None or len(signs) == 1:
                continue
            constant |= bool(reflection.constant)
            if reflection.linear:
                linear_full |= all(signs.values())
                linear_few.append([Fraction(n) for n in direction])
    for neuron in arrangement.zeros:
        constant |= not no_value
        linear_full |= neuron.active and not no_slope
    linear = d if linear_full else fraction_rank(linear_few)
    return Count(count + constant + linear, "classes of equivalent neurons [F96]")


def polynomial_ceiling(activation: Activation, arrangement: Arrangement, d: int, k: int) -> Count:
    """The smallest of the proven bounds for a polynomial activation."""
    taylor = activation.taylor(activation.degree or 0) or ()
    coefficients = {p: c for p, c in enumerate(taylor) if c}
    bounds = _bounds(activation, coefficients, arrangement, d, k)
    silent = [n for n in (*arrangement.neurons, *arrangement.zeros) if not n.active]
    if silent:
        # Without the silent neurons W has fewer rows and a smaller rank; each of them adds one function at
        # most.
        least = min(_bounds(activation, coefficients, arrangement.active_part(), d, k), key=_value)
        bounds.append(Count(least.value + len(silent), "silent neurons add one function each"))
    return min(bounds, key=_value)


def _value(count: Count) -> int:
    return count.value


def _bounds(
    activation: Activation, coefficients: dict[int, Fraction], arrangement: Arrangement, d: int, k: int
) -> list[Count]:
    problem = _Polynomial(coefficients, arrangement)
    rho = arrangement.rank
    outside = (d - rho) * problem.slopes() if d > rho else 0
    inside = min(problem.by_line(rho), problem.by_degree(rho), problem.by_formula(activation, rho))
    return [
        Count(d * k + k, "P"),
        Count(problem.by_line(d), "parallel, silent and zero neurons"),
        Count(outside + inside, "rank and lines of W"),
    ]


@dataclasses.dataclass(frozen=True)
class _Polynomial:
    coefficients: dict[int, Fraction]
    arrangement: Arrangement

    @property
    def _positive(self) -> list[int]:
        return [p for p in self.coefficients if p]

    @property
    def _has_constant(self) -> bool:
        return 0 in self.coefficients

    @property
    def _zero_slope(self) -> bool:
        """Whether a neuron at w = 0 adds the linear functions."""
        return 1 in self.coefficients and any(n.active for n in self.arrangement.zeros)

    def _slope_rows(self, line: tuple[Neuron, ...]) -> list[list[Fraction]]:
        c = self.coefficients
        return [[p * c[p] * n.scale ** (p - 1) for p in self._positive] for n in line if n.active]

    def by_line(self, d: int) -> int:
        """Sum of the exact ranks of the lines: powers (v.x)^(p-1) x_j across v and along v."""
        linear = d if self._zero_slope else 0
        if not d:
            return linear + self._has_constant
        without, including = linear, linear + (self._has_constant and bool(self.arrangement.zeros))
        for across, along, with_constant in self._lines:
            without += (d - 1) * across + along
            # The constant counts once in all, or within each line that reaches it, whichever is less.
            including += (d - 1) * across + with_constant
        return min(without + self._has_constant, including)

    @functools.cached_property
    def _lines(self) -> list[tuple[int, int, int]]:
        """Ranks of each line: of its slopes, with its values, and with the constant."""
        found, c0 = [], self.coefficients.get(0, Fraction(0))
        for line in self.arrangement.lines.values():
            across = self._slope_rows(line)
            values = [[self.coefficients[p] * n.scale**p for p in self._positive] for n in line]
            both = [[*row, Fraction(0)] for row in across] + [[*v, c0] for v in values]
            found.append((fraction_rank(across), fraction_rank(across + values), fraction_rank(both)))
        return found

    def slopes(self) -> int:
        """A bound on the dimension of span{sigma'(w_i.x), a_i != 0}; exact for degree <= 2."""
        arrangement = self.arrangement
        by_line = sum(across for across, _, _ in self._lines)
        by_line += self._zero_slope
        by_power = 0
        for p in self._positive:
            lines = arrangement.active_lines
            if p == 1:
                by_power += bool(lines) or self._zero_slope
            elif p == 2:
                by_power += arrangement.active_rank
            else:
                by_power += min(lines, forms(arrangement.active_rank, p - 1))
        bound = min(by_line, by_power)
        return min(bound, self._affine_rank()) if max(self.coefficients, default=0) == 2 else bound

    def _affine_rank(self) -> int:
        c = self.coefficients
        rows = [
            [c.get(1, Fraction(0)), *(2 * c[2] * n.scale * v for v in direction)]
            for direction, line in self.arrangement.lines.items()
            for n in line
            if n.active
        ]
        if self._zero_slope:
            width = len(next(iter(self.arrangement.lines), ()))
            rows.append([c[1], *([Fraction(0)] * width)])
        return fraction_rank(rows)

    def by_degree(self, rho: int) -> int:
        """Sum over degrees of the forms reachable by the active lines, and one for each silent line."""
        active = self.arrangement.active_lines
        silent = len(self.arrangement.lines) - active
        total = int(self._has_constant)
        for p in self._positive:
            if p == 1:
                total += rho if active or self._zero_slope else min(silent, rho)
            elif p == 2 and active:
                total += min(power_count(rho, self.arrangement.active_rank, 2) + silent, forms(rho, 2))
            elif active:
                # Special directions never exceed the generic count of as many (rank is lower semicontinuous).
                total += min(power_count(rho, active, p) + silent, forms(rho, p))
            else:
                total += min(silent, forms(rho, p))
        return total

    def by_formula(self, activation: Activation, rho: int) -> int:
        """The proven generic count with one neuron for each distinct row (at most |powers| a line)."""
        large = 10**12
        if not rho or self._zero_slope:
            return large
        powers = len(self._positive)
        active = silent = 0
        for line in self.arrangement.lines.values():
            scales = {n.scale for n in line if n.active}
            active += min(len(scales), powers)
            silent += len({n.scale for n in line} - scales)
        bounds = [large]
        for neurons, extra in ((active, silent), (active + silent, 0)):
            # Rows on one line beyond one per power add nothing; silent ones are counted as they are.
            if neurons:
                formula = closed_count(Architecture((rho, neurons, 1), activation))
                if formula is not None and formula.theorem:
                    bounds.append(
                        formula.value + extra + (self._has_constant and bool(self.arrangement.zeros))
                    )
        return min(bounds)


def kinked_count(network: Network, slopes: tuple[float, float], arrangement: Arrangement) -> Count:
    r"""The exact rank for :math:`\sigma(u) = pu` ahead of the kink and qu behind it (ReLU: 1 and 0); no zero neuron.

    On a line with normal n the functions are combinations of :math:`x\,1[n\cdot x>0]` and x. Those of
    different lines are independent modulo linear functions (each has its own kink), so :math:`T =
    \{r_i\otimes v\}`, r_i the rational row (kink of its line, linear part).
    """
    if arrangement.zeros:
        raise NoHessianError(
            f"hessian_rank: expected non-zero neurons under {network.activation.spec!r}, got "
            f"w_{arrangement.zeros[0].index} = 0; it has no Hessian there: remove the neuron"
        )
    n_lines = len(arrangement.lines)
    ahead, behind = map(Fraction, slopes)
    active, silent = [], []
    for column, (direction, line) in enumerate(arrangement.lines.items()):
        for neuron in line:
            row = [Fraction(0)] * (n_lines + 1)
            row[column] = ahead - behind if neuron.scale > 0 else behind - ahead
            row[-1] = behind if neuron.scale > 0 else ahead
            (active if neuron.active else silent).append((row, direction))
    base = _distinct([row for row, _ in active])
    rank = fraction_rank(base)
    # Silent neurons add r (x) w: independent of the others only outside the span of the active rows.
    extra = 0
    if silent:
        tensor = [_outer(row, w) for row, w in silent]
        full = [_outer(row, unit) for row in base for unit in _units(network.d)]
        extra = fraction_rank(full + tensor) - network.d * rank
    return Count(network.d * rank + extra, "kinks by line")


def _distinct(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    return [list(row) for row in {tuple(row) for row in rows}]


def _outer(row: list[Fraction], vector: tuple[int, ...]) -> list[Fraction]:
    return [r * v for r in row for v in vector]


def _units(d: int) -> list[tuple[int, ...]]:
    return [tuple(int(i == j) for j in range(d)) for i in range(d)]
