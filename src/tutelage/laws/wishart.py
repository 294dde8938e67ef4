"""The mean eigenvalue density of a real Wishart matrix, exact at any size."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import scipy.linalg
import scipy.special

from tutelage.base import check
from tutelage.laws.base import Law, moment_order
from tutelage.laws.chi_square import log_gamma_density
from tutelage.laws.table import Table, tabulate

_TABLE = 1e-12
_BEYOND = 9.0  # Davidson-Szarek: singular values leave [sqrt n - sqrt m - t, ... + t] with probability <= exp(-t^2/2)
_CHUNK = 2**22  # entries of the table of Laguerre functions at once: 32 MB


@dataclasses.dataclass(frozen=True)
class Wishart(Law):
    r"""One eigenvalue, picked at random, of :math:`\mathrm{scale}\,G G^T`, G (size, dof) standard normal.

    This is the law that Marchenko-Pastur (ratio size/dof, scale * dof) approximates. With m = min(size, dof) non-zero
    eigenvalues, a = \|dof - size\|, Laguerre functions
    :math:`\psi_j = \sqrt{j!/\Gamma(j+a+1)}\,x^{a/2}e^{-x/2}L_j^{(a)}` and
    :math:`\beta_j = \tfrac12\sqrt{(j+1)(j+1+a)}`, the eigenvalues have joint density
    :math:`\prod_i x_i^{(a-1)/2}e^{-x_i/2}\prod_{i<j}|x_i-x_j|`, and de Bruijn's integral (1955) gives

    .. math:: \rho(x) = \sum_{ij} \varphi_i(x)\,(A^{-1})_{ji}\,\eta_j(x),\qquad A_{ij} = \int \varphi_i\,\eta_j

    for any basis :math:`\varphi` of the m functions, :math:`\eta(x) = \frac12\int\mathrm{sign}(x-y)\varphi(y)dy`. The
    basis :math:`\varphi_j = (\sqrt x\,\psi_j)' = x^{-1/2}(\beta_j\psi_{j+1} - \beta_{j-1}\psi_{j-1})`, j = 0 ... m-2,
    with :math:`\varphi_* = x^{-1/2}\psi_0` in front has :math:`\eta_j = \sqrt x\,\psi_j` and makes A antisymmetric and
    TRIDIAGONAL, :math:`A_{*0} = 1, A_{j,j+1} = \beta_j`; odd m puts one more row :math:`A_{e*} = -\int\varphi_*`,
    :math:`\varphi_e = 0, \eta_e = 1` in front. So x costs O(m), without cancellation. (A derivation; the usual
    closed forms are Laguerre's unitary kernel plus a correction of rank one, other for odd and for even m.)

    Parameters
    ----------
    size, dof : int
        Rows and columns of G. With size > dof there is an atom 1 - dof/size at 0.
    scale : float
        Factor, > 0. Mean ``scale * dof``, variance ``scale**2 * dof * (size + 1)``.

    Examples
    --------
    >>> from tutelage.laws import ChiSquare
    >>> bool(np.isclose(Wishart(1, 5).pdf(3.0), ChiSquare(5).pdf(3.0), rtol=1e-13))
    True
    """

    size: int
    dof: int
    scale: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", check.integer(self.size, "Wishart", "size"))
        object.__setattr__(self, "dof", check.integer(self.dof, "Wishart", "dof"))
        object.__setattr__(self, "scale", check.number(self.scale, "Wishart", "scale", above=0))

    @property
    def share(self) -> float:
        return min(self.size, self.dof) / self.size

    def support(self) -> tuple[float, float]:
        return 0.0, np.inf

    def breakpoints(self) -> tuple[float, ...]:
        short, long = sorted(np.sqrt([self.size, self.dof]))
        low, high = max(long - short - _BEYOND, 0.0), long + short + _BEYOND
        return self.scale * low**2, self.scale * high**2

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return (np.zeros(1), np.array([1 - self.share])) if self.share < 1 else super().atoms()

    def density(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=np.float64) / self.scale
        m, a = min(self.size, self.dof), abs(self.dof - self.size)
        low, high = (end / self.scale for end in self.breakpoints())
        value = np.zeros(x.shape)
        inside = (x >= low) & (x <= high) & (x > 0)
        parts = np.array_split(x[inside], max(1, int(inside.sum()) * (m + 1) // _CHUNK))
        value[inside] = np.concatenate([_eigenvalue_density(part, m, a) for part in parts])
        if low == 0.0 and a <= 1:
            value[x == 0] = np.inf if a == 0 else _eigenvalue_density(np.array([1e-200]), m, a)[0]
        return value / (self.size * self.scale)

    @functools.cached_property
    def _table(self) -> Table:
        """The distribution function over sqrt(x): there the density is smooth even where it is like x^(-1/2) at 0."""
        low, high = np.sqrt(self.breakpoints())
        tolerance = _TABLE / (high - low)
        return tabulate(lambda u: 2 * u * self.density(u * u), (low, high), tolerance).integral()

    @property
    def error(self) -> float:
        return self._table.error + 1e-14

    def distribution(self, x: np.ndarray) -> np.ndarray:
        root = np.sqrt(np.maximum(x, 0))
        return np.where(root <= self._table.edges[0], 0.0, self._table(root))

    def moment(self, order: int) -> float:
        """Closed to order 4 (Letac and Massam 2004); above, the integral of the density."""
        order = moment_order(order, self)
        p, n = float(self.size), float(self.dof)
        if order > 4:
            return self.measure().moment(order)
        cubic = p**2 + n**2 + 3 * p * n + 3 * (p + n) + 4
        quartic = p**3 + n**3 + 6 * p * n * (p + n) + 6 * (p**2 + n**2) + 17 * p * n + 21 * (p + n) + 20
        return self.scale**order * (1.0, n, n * (p + n + 1), n * cubic, n * quartic)[order]

    def var(self) -> float:
        return self.scale**2 * self.dof * (self.size + 1.0)


def _eigenvalue_density(x: np.ndarray, m: int, a: int) -> np.ndarray:
    """Density of the m eigenvalues at x (n,) > 0, of integral m: the formula of :class:`Wishart`, scale 1."""
    root = np.sqrt(x)
    beta = np.sqrt(np.arange(1.0, m + 1) * (np.arange(1.0, m + 1) + a)) / 2
    psi = _laguerre_functions(x, m, beta, a)
    norm = np.sqrt(2 * scipy.special.beta((a + 1) / 2, 0.5))  # integral of phi_*
    slope = beta[: m - 1, None] * psi[1:m]
    slope[1:] -= beta[: m - 2, None] * psi[: max(m - 2, 0)]
    phi = np.concatenate([psi[:1], slope]) / root
    eta = np.concatenate(
        [norm * (scipy.special.gammainc((a + 1) / 2, x / 2) - 0.5)[None], root * psi[: m - 1]]
    )
    couplings = np.concatenate([[1.0], beta])[: m - 1]
    if m % 2:
        phi = np.concatenate([np.zeros((1, x.size)), phi])
        eta = np.concatenate([np.ones((1, x.size)), eta])
        couplings = np.concatenate([[-norm], couplings])
    bands = np.zeros((3, couplings.size + 1))
    bands[0, 1:], bands[2, :-1] = -couplings, couplings  # the transpose of A
    return (phi * scipy.linalg.solve_banded((1, 1), bands, eta)).sum(axis=0)


def _laguerre_functions(x: np.ndarray, m: int, beta: np.ndarray, a: int) -> np.ndarray:
    """psi_0 ... psi_{m-1} at x (n,), shape (m, n), by the three-term recursion.

    psi_0 may underflow where psi_m is of order one, so the recursion runs on psi_j / psi_0, rescaled as it grows.
    """
    logarithm = log_gamma_density(a + 1.0, x) / 2
    psi = np.empty((m, x.size))
    before, here = np.zeros_like(x), np.ones_like(x)
    for j in range(m):
        psi[j] = here * np.exp(logarithm)
        behind = beta[j - 1] * before if j else 0.0
        before, here = here, ((j + (1 + a - x) / 2) * here - behind) / beta[j]
        large = np.abs(here) > 1e100
        before[large], here[large] = before[large] * 1e-100, here[large] * 1e-100
        logarithm[large] += 100 * np.log(10)
    return psi
