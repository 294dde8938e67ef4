r"""Second moments of SGD from a problem: its gradients at the optimum and their fourth moments.

By the rotation symmetry outside the rows of W, S enters through its block inside their span (rank r) and through R, the
k × k mean over the m = d − r directions outside. The mean over x is then one over r Gaussians: exact by Gauss-Hermite
for polynomials, by the trapezoidal rule for smooth activations (science C2). Where that is too many, R keeps its closed fourth
moments (science 10c) and the gradients inside are taken for Gaussian, or all are; of one output, where the Hessian says
all of Gaussian gradients.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import scipy.linalg

from tutelage import empirical
from tutelage.activations.derivatives import derivative_tables
from tutelage.base.errors import NotAvailableError
from tutelage.base.rows import row_space
from tutelage.dynamics.four_points import slope_products
from tutelage.dynamics.sgd_second_moments import (
    DenseMoments,
    GaussianMoments,
    SecondMoments,
    pair_coordinates,
    pair_rows,
)
from tutelage.dynamics.start_measure import eigensystem_of, without_null_round_off
from tutelage.dynamics.starts import NoisyTeacher
from tutelage.layout import Layout
from tutelage.network import Network
from tutelage.operators import SymmetricOperator
from tutelage.population import Problem
from tutelage.population.pairs import outputs
from tutelage.problem import AbstractProblem
from tutelage.spectra import spectrum

_FLAT = 1e-11
"""Eigenvalues of a block of H below this share of its largest are flat: no noise enters them at this order."""

_WORK = 2e10
"""Multiplications that the fourth moments may take: a few seconds on one core."""

_LARGEST = 1200
"""Coordinates of a dense map: its eigenproblem takes under a second."""

_STEP, _REACH = 0.3, 7.5
"""Trapezoidal rule for four slopes of erf(u), |w| = 1: error exp(−2π²/9h²) = 3e-11 and the same beyond ±7.5. Gauss-Hermite
nodes are too far apart for such bumps: sixty of them leave 1e-5."""

_CHUNK = 4096
"""Rows whose pairs are formed at once."""

Chunks: TypeAlias = list[tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Weights (n,), gradients inside (n, outputs, p) and their coefficients outside (n, outputs, q), where they multiply x."""

Split: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""A displacement (P,) to its part inside (p,) and outside (q, m)."""


def second_moments(problem: AbstractProblem, optimum: object) -> SecondMoments:
    """The map of a problem at its optimum, by the sharpest way that is affordable.

    Raises
    ------
    NotAvailableError
        Several outputs whose fourth moments are no quadrature here.
    """
    # Biases and other inputs: what the formulas below do not know goes by the Gaussian one.
    plain = isinstance(optimum, Network) and {*optimum.layers} == {"W", "a"}
    several = isinstance(optimum, Network) and optimum.n_outputs > 1
    known = plain and (not isinstance(problem, Problem) or problem.inputs.is_standard)
    linear = known and not several and isinstance(problem, Problem) and problem.teacher.activation.degree == 1
    found = None
    if known and isinstance(problem, Problem) and not linear:
        found = _by_quadrature(problem) or (None if several else _by_four_points(problem))
    elif known and isinstance(problem, empirical.Problem) and isinstance(optimum, Network):
        found = _of_samples(problem, optimum)
    if several and found is None:
        raise NotAvailableError(
            f"second moments: expected, of several outputs, no biases, no kinks, standard normal inputs or samples, and "
            f"neurons few enough for a quadrature (k (rank W + outputs) up to 48), got {optimum!r}; simulate serves any network"
        )
    return found or _gaussian(problem.hessian(optimum), linear)


def _gaussian(operator: SymmetricOperator, exact: bool) -> GaussianMoments:
    found = spectrum(operator)
    clean = without_null_round_off(found)
    kept = clean > 10.0 * found.errors
    values, counts = clean[kept], found.multiplicities[kept].astype(np.float64)

    def start(start: NoisyTeacher | np.ndarray) -> np.ndarray:
        if isinstance(start, NoisyTeacher):
            return start.noise**2 * np.sqrt(counts)
        system = eigensystem_of(operator, "predict_sgd")
        inside = system.values > 0.5 * values[0]
        # Found by another method, in other groups: each goes to the nearest.
        nearest = np.abs(system.values[inside, None] - values).argmin(axis=1)
        energies = np.bincount(nearest, system.project(start)[inside], values.size)
        return energies / np.sqrt(counts)

    order = "" if exact else "gradients taken for Gaussian: some percent"
    return GaussianMoments(
        "Gaussian gradients", order, float(counts @ values), float(values[-1]), start, values, counts
    )


def _by_quadrature(problem: Problem) -> DenseMoments | None:
    """All of S that matters, where the mean over the span of the neurons is affordable."""
    teacher = problem.teacher
    if teacher.activation.kinks:
        return None
    coordinates, frame = row_space(teacher.W)
    r, layout = frame.shape[0], problem.layout(teacher)
    nodes, weights = _one_direction(teacher)
    p = teacher.k * (r * ("W" in layout.trained) + teacher.n_outputs * ("a" in layout.trained))
    if not _affordable(nodes.size**r, p, teacher.n_outputs):
        return None
    outside = teacher.d - r if "W" in layout.trained else 0
    split = _splitter(layout, teacher, frame)
    chunks = list(_over_the_span(teacher, coordinates, layout, (nodes, weights), outside))
    return _dense(chunks, outside, split, "quadrature of the gradients")


def _by_four_points(problem: Problem) -> DenseMoments | None:
    r"""R by :math:`K = (m + 2)\,a_ia_ja_pa_q E[\sigma'_i\sigma'_j\sigma'_p\sigma'_q]`, which leads for large d (science 10c).

    What is inside, of relative size k/d, is taken for Gaussian.
    """
    teacher, layout = problem.teacher, problem.layout(problem.teacher)
    k = teacher.k
    if "W" not in layout.trained or 2 * k >= teacher.d or k * (k + 1) // 2 + k * (k + 1) > _LARGEST:
        return None
    four = slope_products(teacher.activation, teacher.W @ teacher.W.T)
    found = problem.hessian(teacher).structure.reduction(with_frame=True)
    if four is None or found is None or found.frame is None:
        return None
    (outside,) = found.copies
    place = _Place(
        *_range(found.block.dense()),
        *_range(outside.matrix),
        outside.multiplicity,
        _splitter(layout, teacher, found.frame),
        diagonal=True,
    )
    turned = teacher.a[:, None] * place.outer_vectors
    K = np.einsum("ijpq,ia,jb,pc,qe->abce", four, turned, turned, turned, turned, optimize=True)
    i, j = np.triu_indices(place.outer.size)
    root = np.where(i == j, 1.0, np.sqrt(2.0))
    h = place.hessian()
    fourth = 2.0 * np.diag(np.prod(place.ends(), axis=0)) + np.outer(h, h)
    fourth[place.n_inside :, place.n_inside :] = (
        (outside.multiplicity + 2.0) * root[:, None] * root * K[i[:, None], j[:, None], i, j]
    )
    return place.moments(
        fourth, "four-point moments outside the neurons' span", f"relative order k/d = {k / teacher.d:.2g}"
    )


def _of_samples(problem: empirical.Problem, optimum: Network) -> DenseMoments | None:
    """Batches drawn from given samples: sums over them, in the range of their Hessian."""
    layout, X = problem.layout(optimum), problem.X
    m = optimum.n_outputs
    if not _affordable(problem.n_samples, min(layout.size, m * problem.n_samples), m):
        return None
    value, slope, _ = derivative_tables(optimum.activation, X @ optimum.W.T)
    gradients = _gradients(layout, _slopes(optimum, slope), X, value)
    chunks = [
        (np.full(len(rows), 1.0 / len(X)), rows, np.zeros((len(rows), m, 0)))
        for rows in np.array_split(gradients, -(-len(X) // _CHUNK))
    ]
    return _dense(chunks, 0, lambda delta: (delta, np.zeros((0, 0))), "sums over the samples")


def _affordable(count: int, p: int, n_outputs: int) -> bool:
    size, pairs = p * (p + 1) // 2, n_outputs * (n_outputs + 1) // 2
    return size <= _LARGEST and count * pairs * size**2 <= _WORK


def _slopes(network: Network, slope: np.ndarray) -> np.ndarray:
    """A_oi σ'(u_i), shape (n, outputs, k)."""
    return np.asarray(outputs(network.a)) * slope[:, None, :]


def _gradients(layout: Layout, slopes: np.ndarray, x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """∇f of every output with respect to the trained layers, (n, outputs, p): A_oi σ'(u_i) x, and σ(u_i) in its row."""
    n, m, _ = slopes.shape
    own = np.eye(m)[:, :, None] * values[:, None, None, :]
    parts = {
        "W": (slopes[:, :, :, None] * x[:, None, None, :]).reshape(n, m, -1),
        "a": own.reshape(n, m, -1),
    }
    return np.concatenate([parts[name] for name in layout.trained], axis=2)


def _one_direction(teacher: Network) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of one standard normal variable: products of four gradients to 1e-10."""
    degree = teacher.activation.degree
    if degree is not None:
        nodes, weights = np.polynomial.hermite_e.hermegauss(2 * degree + 1)
        return nodes, weights / weights.sum()
    _, slope, curvature = derivative_tables(teacher.activation, np.linspace(-8.0, 8.0, 801))
    # 0.86 for erf(u), whose step is the one above.
    sharpness = float(np.abs(curvature).max() / (0.86 * np.abs(slope).max()))
    sharpness *= float(np.linalg.norm(teacher.W, axis=1).max())
    half = int(np.ceil(_REACH * max(1.0, sharpness) / _STEP))
    nodes = np.linspace(-_REACH, _REACH, 2 * half + 1)
    weights = np.exp(-(nodes**2) / 2.0)
    return nodes, weights / weights.sum()


def _over_the_span(
    teacher: Network,
    coordinates: np.ndarray,
    layout: Layout,
    rule: tuple[np.ndarray, np.ndarray],
    outside: int,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    nodes, weights = rule
    grid = itertools.product(range(nodes.size), repeat=coordinates.shape[1])
    while chosen := list(itertools.islice(grid, _CHUNK)):
        index = np.array(chosen)
        z = nodes[index]
        value, slope, _ = derivative_tables(teacher.activation, z @ coordinates.T)
        slopes = _slopes(teacher, slope)
        yield (
            weights[index].prod(axis=1),
            _gradients(layout, slopes, z, value),
            slopes if outside else slopes[:, :, :0],
        )


def _splitter(layout: Layout, teacher: Network, frame: np.ndarray) -> Split:
    def split(displacement: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = layout.split(displacement)
        inside = []
        beyond = np.zeros((teacher.k, 0))
        if "W" in parts:
            inside.append((parts["W"] @ frame.T).reshape(-1))
            beyond = parts["W"] - parts["W"] @ frame.T @ frame
        if "a" in parts:
            inside.append(parts["a"].reshape(-1))
        return np.concatenate(inside), beyond

    return split


@dataclasses.dataclass(frozen=True, eq=False)
class _Place:
    """Eigenvalues and vectors of H inside and outside; R carries √m, so that the basis is orthonormal.

    ``diagonal`` keeps only the diagonal of S inside, in the eigenbasis of H.
    """

    inner: np.ndarray
    inner_vectors: np.ndarray
    outer: np.ndarray
    outer_vectors: np.ndarray
    copies: int
    split: Split
    diagonal: bool = False

    @property
    def n_inside(self) -> int:
        """Coordinates of the block inside."""
        return self.inner.size if self.diagonal else self.inner.size * (self.inner.size + 1) // 2

    def join(self, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
        """Coordinates of two symmetric matrices."""
        own = np.diag(inside) if self.diagonal else pair_coordinates(inside)
        return np.concatenate([own, np.sqrt(float(self.copies)) * pair_coordinates(outside)])

    def hessian(self) -> np.ndarray:
        return self.join(np.diag(self.inner), np.diag(self.outer))

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The two eigenvalues of every coordinate."""
        pairs = np.array(np.triu_indices(self.outer.size))
        inside = np.arange(self.inner.size)
        own = np.stack([inside, inside]) if self.diagonal else np.array(np.triu_indices(self.inner.size))
        first, second = np.concatenate([self.inner[own], self.outer[pairs]], axis=1)
        return first, second

    def start(self, start: NoisyTeacher | np.ndarray) -> np.ndarray:
        """Coordinates of the first S."""
        if isinstance(start, NoisyTeacher):
            return start.noise**2 * self.join(np.eye(self.inner.size), np.eye(self.outer.size))
        inside, beyond = self.split(start)
        own = self.inner_vectors.T @ inside
        if not self.copies:
            return self.join(np.outer(own, own), np.zeros((0, 0)))
        rest = self.outer_vectors.T @ beyond
        return self.join(np.outer(own, own), rest @ rest.T / self.copies)

    def moments(self, fourth: np.ndarray, method: str, order: str) -> DenseMoments:
        """The map with these fourth moments."""
        first, second = self.ends()
        trace = float(self.inner.sum() + self.copies * self.outer.sum())
        largest = float(max(self.inner.max(initial=0.0), self.outer.max(initial=0.0)))
        h = self.hessian()
        return DenseMoments(
            method, order, trace, largest, self.start, first + second, first * second, fourth, h
        )


def _dense(chunks: Chunks, copies: int, split: Split, method: str) -> DenseMoments:
    """The map of weighted gradients."""
    place = _Place(*_range(_second(chunks, 1)), *_range(_second(chunks, 2)), copies, split)
    root = np.sqrt(float(copies))
    size = place.hessian().size
    fourth = np.zeros((size, size))
    for weights, inside, outside in chunks:
        inner, outer = (
            np.moveaxis(part @ vectors, 1, 0)
            for part, vectors in ((inside, place.inner_vectors), (outside, place.outer_vectors))
        )
        for o, p in itertools.combinations_with_replacement(range(len(inner)), 2):
            pairs = np.hstack([pair_rows(inner[o], inner[p]), root * pair_rows(outer[o], outer[p])])
            fourth += ((1.0 if o == p else 2.0) * weights[:, None] * pairs).T @ pairs
    if copies:
        # E |x|² x xᵀ = (m + 2) 1 outside, where the product of the coordinates gives m.
        fourth[place.n_inside :, place.n_inside :] *= (copies + 2.0) / copies
    return place.moments(fourth, method, "")


def _second(chunks: Chunks, part: int) -> np.ndarray:
    """E[∇f ∇fᵀ] of these coordinates, all outputs together."""
    sums = (np.tensordot(c[0][:, None, None] * c[part], c[part], axes=((0, 1), (0, 1))) for c in chunks)
    return sum(sums, np.zeros(()))


def _range(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Non-zero eigenvalues of a semidefinite block and their vectors."""
    if not block.size:
        return np.zeros(0), np.zeros((block.shape[0], 0))
    values, vectors = scipy.linalg.eigh(block, driver="evd")
    kept = values > _FLAT * values[-1]
    return values[kept], vectors[:, kept]
