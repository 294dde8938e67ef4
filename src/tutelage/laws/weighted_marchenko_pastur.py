"""The bulk of quadratic networks: Marchenko-Pastur weighted by squared read-outs, and its self-convolution."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import scipy.special

from tutelage.base import check
from tutelage.laws.base import Law, moment_order
from tutelage.laws.conditional import Nonzero
from tutelage.laws.convolution import Convolution
from tutelage.laws.free import free_moments
from tutelage.laws.mixture import Mixture
from tutelage.laws.table import Table, tabulate

_TABLE = 1e-11
_REACH = 80.0  # P(chi^2_1 > 80) = 4e-19: a read-out of that weight pulls one eigenvalue to about 80 + ratio


@dataclasses.dataclass(frozen=True)
class WeightedMarchenkoPastur(Law):
    r"""Limit law of the eigenvalues of :math:`k\,W^T \mathrm{diag}(a)^2 W`, ratio k/d: MP :math:`\boxtimes\ \chi^2_1`.

    The Stieltjes transform :math:`m(z) = \int \rho(x)/(x - z)\,dx` solves (science 8b;
    Marchenko and Pastur 1967)

    .. math:: m = \frac{1}{-z + r\,E[t/(1 + t m)]},\quad t\sim\chi^2_1,\qquad
        E\frac{1}{1 + tm} = \sqrt{\tfrac{\pi}{2m}}\;e^{1/2m}\,\mathrm{erfc}\frac{1}{\sqrt{2m}},

    and :math:`\rho(x) = \mathrm{Im}\,m(x + i0)/\pi`. The equation is followed by Newton steps from a large Im z
    down to the real line, and the density tabulated over :math:`x^{1/3}`. At 0 it grows like :math:`x^{-1/2}` for
    ratio < 1 (beside an atom 1 - ratio) and like :math:`x^{-2/3}` for ratio 1; for ratio > 1 it starts at a positive
    edge. The right tail is chi-square's.

    Parameters
    ----------
    ratio : float
        k/d, > 0. Mean ``ratio``; all free cumulants are :math:`r\,E t^n = r\,(2n-1)!!`.

    Examples
    --------
    >>> law = WeightedMarchenkoPastur(0.5)
    >>> law.mean(), law.var(), law.atoms()[1].tolist()
    (0.5, 1.5, [0.5])
    """

    ratio: float

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "ratio", check.number(self.ratio, "WeightedMarchenkoPastur", "ratio", above=0)
        )

    def var(self) -> float:
        """The second free cumulant, 3 ratio."""
        return 3 * self.ratio

    @functools.cached_property
    def edge(self) -> float:
        """Left end of the continuous part: z(m) where z'(m) = 0, m > 0; 0 for ratio <= 1."""
        if self.ratio <= 1:
            return 0.0
        low, high = -20.0, 20.0  # log m; z(m) = (r (1 - E) - 1)/m has one maximum
        grid = np.linspace(low, high, 4001)
        for _ in range(4):
            best = int(np.argmax(self._inverse(np.exp(grid)).real))
            grid = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)], 201)
        return max(float(self._inverse(np.exp(grid)).real.max()), 0.0)

    def support(self) -> tuple[float, float]:
        return (0.0 if self.ratio < 1 else self.edge), np.inf

    def _ends(self) -> tuple[float, float]:
        return self.edge, (np.sqrt(_REACH) + 1.5 * np.sqrt(self.ratio)) ** 2 + self.ratio

    def breakpoints(self) -> tuple[float, ...]:
        """The ends, and for ratio >> 1 the shoulder where the semicircle-like bulk meets the tail almost at an edge."""
        low, high = self._ends()
        table = self._densities[0]
        cuts, widths = table.edges, np.diff(table.edges)
        right = np.arange(widths.size) > np.argmax(table.coefficients[:, 0])
        if self.ratio < 1 or not right.any() or widths[right].min() > (cuts[-1] - cuts[0]) / 256:
            return low, high
        narrowest = np.flatnonzero(right)[np.argmin(widths[right])]
        return low, float(cuts[narrowest : narrowest + 2].mean() ** 3), high

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return (np.zeros(1), np.array([1 - self.ratio])) if self.ratio < 1 else super().atoms()

    def _inverse(self, m: np.ndarray) -> np.ndarray:
        """z(m)."""
        return self.ratio * _weighted_mean(m) - 1 / m

    def stieltjes(self, z: np.ndarray) -> np.ndarray:
        """m(z) for Im z >= 0, by continuation in Im z; the limit from above on the real line."""
        z = np.asarray(z, dtype=np.complex128)
        # Heights fall to the rounding of z itself, however small: near 0 an atom makes m grow like 1/z.
        start = 30.0 + np.abs(z)
        fall = np.maximum(np.abs(z) * 1e-13, 1e-300) / start
        m = -1 / (z + 1j * start)
        for share in np.linspace(0, 1, 48) ** 0.8:
            for _ in range(3):
                m = _newton_step(m, z + 1j * start * fall**share, self.ratio)
        for _ in range(8):
            m = _newton_step(m, z, self.ratio)
        return m

    @functools.cached_property
    def _densities(self) -> tuple[Table, Table]:
        """rho(u^3) 3 u^2 over u = x^(1/3), of mass one, and its integral."""

        def density(u: np.ndarray) -> np.ndarray:
            # x Im m = ratio Im(m g), and near an atom Im m has no digit beside its real part.
            m = self.stieltjes(u**3)
            part = self.ratio / self.share * (m * _weighted_mean(m)).imag
            return 3 * np.maximum(part, 0) / (np.pi * u)

        table = tabulate(density, tuple(np.cbrt(self._ends())), _TABLE)
        return table, table.integral()

    @property
    def share(self) -> float:
        return min(1.0, self.ratio)

    @property
    def error(self) -> float:
        return self.share * self._densities[1].error

    def density(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=np.float64)
        low, high = self._ends()
        u = np.cbrt(np.clip(x, low, high))
        with np.errstate(divide="ignore", invalid="ignore"):
            value = self.share * np.maximum(self._densities[0](u), 0) / (3 * u**2)
        value = np.where(x == 0.0, np.inf if self.ratio <= 1 else 0.0, value)
        return np.where((x < low) | (x > high), 0.0, value)

    def distribution(self, x: np.ndarray) -> np.ndarray:
        u = np.cbrt(np.maximum(x, 0))
        table = self._densities[1]
        return self.share * np.where(u <= table.edges[0], 0.0, table(u))

    def moment(self, order: int) -> float:
        r"""From the free cumulants: :math:`m_n = \sum_s \kappa_s [z^{n-s}] M(z)^s`, M the series of moments."""
        order = moment_order(order, self)
        cumulants = [self.ratio * scipy.special.factorial2(2 * s - 1) for s in range(1, order + 1)]
        return float(free_moments(cumulants)[order])


def quadratic_bulk(ratio: float) -> Law:
    r"""Limit law of :math:`k\lambda/4\alpha^2` over the non-zero bulk of a quadratic network, ratio = k/d.

    Eigenvalues are :math:`4\alpha^2(s_i^2 + s_j^2)`, s the singular values of diag(a) W (science 8b): the classical
    self-convolution of :class:`WeightedMarchenkoPastur`, given that the sum is not 0 when ratio < 1.

    Examples
    --------
    >>> round(quadratic_bulk(1.0).mean(), 12)
    2.0
    """
    law = WeightedMarchenkoPastur(ratio)
    if ratio >= 1:
        return Convolution(law, law)
    one = Nonzero(law)
    both = ratio / (2 - ratio)  # r^2 of r^2 + 2 r (1 - r) ordered pairs
    return Mixture((one, Convolution(one, one)), (1 - both, both))


def _weighted_mean(m: np.ndarray) -> np.ndarray:
    r""":math:`g = E\,t/(1 + tm)`, t chi-square of one degree of freedom; E 1/(1 + tm) is 1 - m g.

    That is :math:`\sqrt{\pi/2}\,w\,\mathrm{erfcx}(w/\sqrt2), w = m^{-1/2}`, and g loses the digits of m from it: small m
    are summed by the asymptotic series, :math:`\sum_n(-1)^n(2n+1)!!\,m^n`, or Stieltjes's continued fraction where it
    converges fast, for positive real parts.
    """
    m = np.asarray(m, dtype=np.complex128)
    size, g = np.abs(m), np.empty_like(m)
    tiny = size < 0.012
    fraction = ~tiny & (size < 0.1) & (m.real > 0)
    g[tiny], g[fraction] = _asymptotic(m[tiny]), _fraction(m[fraction])
    rest = ~tiny & ~fraction
    w = 1 / np.sqrt(m[rest])
    # erfcx(x) = wofz(ix)
    g[rest] = (1 - np.sqrt(np.pi / 2) * w * scipy.special.wofz(1j * w / np.sqrt(2))) / m[rest]
    return g


def _asymptotic(m: np.ndarray) -> np.ndarray:
    total = np.ones_like(m)
    for n in range(40, 0, -1):
        total = 1 - (2 * n + 1) * m * total
    return total


def _fraction(m: np.ndarray) -> np.ndarray:
    total = np.ones_like(m)
    for n in range(30, 0, -1):
        total = 1 + (2 * n + 1) * m / (1 + 2 * n * m / total)
    return 1 / total


def _newton_step(m: np.ndarray, z: np.ndarray, ratio: float) -> np.ndarray:
    """One step for z(m) = z in log m, which keeps m off 0; a step that leaves the upper half plane is halved into it."""
    g = _weighted_mean(m)
    value = ratio * g - 1 / m
    # d g/d log m, from d E[1/(1 + tm)]/d log m = -(1 - m g - g)/2
    slope = 1 / m + ratio * ((1 - g - m * g) / (2 * m) - g)
    step = (z - value) / slope
    step = step * np.minimum(1, 1 / np.maximum(np.abs(step), 1e-300))
    new = m * np.exp(step)
    outside = new.imag < 0
    return np.where(outside, new.real + 0.5j * np.maximum(m.imag, 0), new)
