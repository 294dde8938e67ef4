"""Closed counts of effective parameters; each function says when it applies. Source: science 5."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

from tutelage.activations import Activation
from tutelage.architecture import Architecture
from tutelage.base import check
from tutelage.rank.values import two_slopes


@dataclasses.dataclass(frozen=True)
class Count:
    """A number of effective parameters, where it comes from, and whether a theorem stands behind it."""

    value: int
    name: str
    theorem: bool = True


def forms(d: int, n: int) -> int:
    """Dimension of the homogeneous polynomials of degree n in d variables, C(d+n-1, n)."""
    return math.comb(d + n - 1, n)


def polynomial_bound(d: int, n: int) -> int:
    """C(d+n, n) - 1: polynomials of degree n in d variables without constant ([C25] section 4.2).

    >>> polynomial_bound(2, 3)
    9
    """
    d, n = check.integer(d, "polynomial_bound", "d"), check.integer(n, "polynomial_bound", "n")
    return math.comb(d + n, n) - 1


def linear_count(d: int) -> int:
    """N_eff = d for the two-layer linear network of scalar output."""
    return check.integer(d, "linear_count", "d")


def quadratic_count(d: int, k: int) -> int:
    """[C25] (14), for u + alpha u^2 with alpha != 0 and no biases.

    N_eff = d(d+3)/2 - theta(d-k) [ (d-k) + (d-k)(d-k+1)/2 ].

    >>> quadratic_count(10, 5), quadratic_count(10, 20)
    (45, 65)
    """
    d, k = check.integer(d, "quadratic_count", "d"), check.integer(k, "quadratic_count", "k")
    missing = max(d - k, 0)
    return d * (d + 3) // 2 - missing - missing * (missing + 1) // 2


def power_count(d: int, k: int, n: int) -> int:
    """Pure u^n without biases: dimension of the sums of k n-th powers of linear forms.

    min(k d, C(d+n-1, n)), one less at the exceptions; for n = 2 the symmetric matrices of rank min(k, d).

    >>> power_count(5, 7, 3), power_count(3, 5, 4), power_count(6, 2, 2)
    (34, 14, 11)
    """
    d, k, n = (check.integer(v, "power_count", name) for v, name in ((d, "d"), (k, "k"), (n, "n")))
    if n == 1:
        return d
    if n == 2:
        m = min(k, d)
        return m * d - m * (m - 1) // 2
    exceptional = (n, d, k) in {(3, 5, 7), (4, 3, 5), (4, 4, 9), (4, 5, 14)}
    return min(k * d, forms(d, n)) - exceptional


def odd_cubic_count(d: int, k: int) -> int:
    """u + c u^3 (c != 0) without biases: min(P, kd + min(k,d), C(d+2,3) + d), except (5,7): 39.

    >>> odd_cubic_count(5, 7), odd_cubic_count(3, 2)
    (39, 8)
    """
    d, k = check.integer(d, "odd_cubic_count", "d"), check.integer(k, "odd_cubic_count", "k")
    if (d, k) == (5, 7):
        return 39
    return min(k * (d + 1), k * d + min(k, d), forms(d, 3) + d)


def biased_cubic_count(d: int, k: int) -> int:
    """A cubic with hidden biases that no shift makes a pure cube: min(P, AH_3(d+1, k+1)), P = k(d+2).

    >>> biased_cubic_count(4, 6), biased_cubic_count(5, 8)
    (34, 54)
    """
    d, k = check.integer(d, "biased_cubic_count", "d"), check.integer(k, "biased_cubic_count", "k")
    return min(k * (d + 2), power_count(d + 1, k + 1, 3))


def several_quadratic_count(d: int, k: int, m: int, pure: bool = False) -> int:
    """u + alpha u^2, or u^2 alone, with m >= 2 outputs and no biases (science 19; observed on grids, not proven).

    min(k (d + m), m F, and k (m + F - k) if k < min(m, F)), F the dimension of the forms and linear functions; u^2 has
    k fewer parameters and its Segre-Veronese exceptions.

    >>> several_quadratic_count(3, 5, 4), several_quadratic_count(4, 5, 3, pure=True)
    (34, 29)
    """
    forms_ = d * (d + 1) // 2 if pure else d * (d + 3) // 2
    bounds = [k * (d + m - pure), m * forms_]
    if k < min(m, forms_):
        bounds.append(k * (m + forms_ - k))
    j = (d - 2) // 2
    segre = pure and ((m == 3 and d == 2 * j + 2 and k == 3 * j + 2 and j >= 1) or (d, k, m) == (4, 6, 5))
    return min(bounds) - (segre or (not pure and (d, k, m) == (3, 5, 4)))


def deep_linear_count(widths: tuple[int, ...], biases: tuple[bool, ...]) -> int:
    """Deep linear networks ([Si21]): matrices of rank r = min(widths), r(d + o - r), and reachable offsets.

    An offset from the last biased hidden layer lies in the column space (dimension s, the smallest width from
    there on) of the layers above it: o free numbers if s > r, else r; an output bias gives o.

    >>> deep_linear_count((6, 3, 4, 1), (False, False, False))
    6
    """
    d, out, r = widths[0], widths[-1], min(widths)
    count = r * (d + out - r)
    if biases[-1]:
        return count + out
    hidden = [layer + 1 for layer, bias in enumerate(biases[:-1]) if bias]
    if not hidden:
        return count
    return count + (out if min(widths[hidden[-1] :]) > r else r)


def closed_count(architecture: Architecture) -> Count | None:
    """The generic count where a closed one is known, else None."""
    if any(s.kinks for s in architecture.activations):
        return _kinked(architecture)
    if any(s.degree is None for s in architecture.activations):
        return _analytic(architecture)
    if all(s.degree == 1 and not _coefficients(s).get(0) for s in architecture.activations):
        return Count(
            deep_linear_count(architecture.widths, architecture.biases), "matrices of bounded rank [Si21]"
        )
    if len(architecture.widths) != 3:
        return None
    (d, k, m), (hidden, out) = architecture.widths, architecture.biases
    if m > 1:
        powers = set(_coefficients(architecture.activations[0]))
        if hidden or out or powers not in ({1, 2}, {2}):
            return None
        return Count(several_quadratic_count(d, k, m, pure=powers == {2}), "several outputs", theorem=False)
    return _two_layer(_coefficients(architecture.activations[0]), d, k, hidden, out)


def _two_layer(c: dict[int, Fraction], d: int, k: int, hidden: bool, out: bool) -> Count | None:
    n, powers = max(c, default=0), set(c)
    everything = math.comb(d + n, n)
    if n == 0:
        return Count(int(bool(c) or out), "a constant")
    if powers == {n} and n >= 2:
        # With hidden biases the neurons are linear forms in (x, 1): one more variable. A free constant adds
        # one until everything is reached.
        count = power_count(d + 1 if hidden else d, k, n)
        return Count(min(count + 1, everything) if out else count, "sums of powers (Alexander-Hirschowitz)")
    if powers == {1, 2}:
        name = "(14)" if not (hidden or out) else "(14) + 1"
        return Count(quadratic_count(d, k) + (hidden or out), name)
    if powers == {1, 3} and not hidden:
        return Count(odd_cubic_count(d, k) + out, "u + u^3", theorem=False)
    if n == 3 and 0 not in c and hidden and not out and _depressed_slope(c):
        return Count(biased_cubic_count(d, k), "cubic with biases (Alexander-Hirschowitz)", theorem=False)
    return None


def _depressed_slope(c: dict[int, Fraction]) -> Fraction:
    """c_1 - c_2^2 / (3 c_3): zero when a shift turns the cubic into a pure cube."""
    return c.get(1, Fraction(0)) - c.get(2, Fraction(0)) ** 2 / (3 * c[3])


def _kinked(architecture: Architecture) -> Count | None:
    """P - k for two layers of ReLU, leaky ReLU or |u|: each neuron has its own kink, k rescalings are lost.

    Without biases and for d = 1 all kinks sit at 0 and the count depends on the signs of the weights.
    """
    (d, k, *rest), activation = architecture.widths, architecture.activations[0]
    slopes = two_slopes(activation)
    if rest != [1] or slopes is None or slopes[0] == slopes[1] or (d == 1 and not architecture.biases[0]):
        return None
    return Count(architecture.n_params - k, "P minus the rescaling symmetries")


def _analytic(architecture: Architecture) -> Count | None:
    """[F96]: two layers of an activation whose different neurons are independent are generically of full rank.

    With biases those of the neurons sigma(w.x + b) must be: exp(u + b) = exp(b) exp(u) shows that this asks for more.
    """
    if len(architecture.widths) != 3:
        return None
    independence = architecture.activations[0].independence
    if independence is None or (architecture.biases[0] and independence != "affine"):
        return None
    return Count(architecture.n_params, "irreducible networks [F96]")


def _coefficients(activation: Activation) -> dict[int, Fraction]:
    """Non-zero coefficients of a polynomial activation by power."""
    assert activation.degree is not None
    taylor = activation.taylor(activation.degree) or ()
    return {p: c for p, c in enumerate(taylor) if c}


def upper_bound(architecture: Architecture) -> Count:
    """The smallest structural bound: P, polynomials of the right degrees, rescaling of homogeneous layers.

    Two layers: only the degrees present count, C(d+p-1, p) each. Deeper: C(d+n, n) with n the product of the
    degrees. A layer u^p (or ReLU) can be rescaled neuron by neuron: one parameter less for each hidden unit;
    so can exp with biases, exp(u + b) = exp(b) exp(u), neuron by neuron.
    """
    p = architecture.n_params
    bounds = [Count(p, "P")]
    d, out = architecture.widths[0], architecture.widths[-1]
    layers = zip(architecture.widths[1:-1], architecture.activations, architecture.biases, strict=False)
    lost = sum(
        width
        for width, s, bias in layers
        if s.homogeneity is not None or (bias and s.translation is not None)
    )
    if lost:
        bounds.append(Count(p - lost, "P minus the rescaling symmetries"))
    degrees = [s.degree for s in architecture.activations]
    if all(n is not None for n in degrees):
        n = math.prod(n for n in degrees if n is not None)
        powers = reachable_powers(architecture)
        full = set(range(n + 1)) - ({0} if 0 not in powers else set())
        name = f"C(d+{n}, {n})" + (" - 1" if 0 not in powers else "")
        bounds.append(
            Count(out * sum(forms(d, q) for q in powers), name if powers == full else "monomials present")
        )
    return min(bounds, key=lambda bound: bound.value)


def reachable_powers(architecture: Architecture) -> set[int]:
    """Degrees of the monomials in x that the outputs of a polynomial network can contain."""
    powers = {1}
    for activation, bias in zip(architecture.activations, architecture.biases[:-1], strict=True):
        inner = powers | ({0} if bias else set())
        sums: set[int] = {0}
        reached: set[int] = set()
        coefficients = _coefficients(activation)
        for exponent in range(max(coefficients, default=-1) + 1):
            if exponent in coefficients:
                reached |= sums
            sums = {s + q for s in sums for q in inner}
        powers = reached
    return powers | ({0} if architecture.biases[-1] else set())
