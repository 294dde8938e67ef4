"""Flat directions at an optimum: a basis of the null space, and the symmetries that explain it."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import scipy.linalg

from tutelage.activations.truth import require_true_facts
from tutelage.base import check
from tutelage.base.value import Value
from tutelage.network import Network, require_network
from tutelage.rank.neurons import Arrangement, Neuron, arrange
from tutelage.rank.rank_at_weights import hessian_rank
from tutelage.rank.reduced import inner_weights, is_plain
from tutelage.rank.result import RankResult
from tutelage.rank.values import two_slopes, vanishing_at_zero


@dataclasses.dataclass(frozen=True, eq=False)
class FlatDirections(Value):
    """The null space of the Hessian at an optimum and what explains it.

    Attributes
    ----------
    basis : ndarray, shape (P, P - rank)
        Orthonormal; the eigenvectors of the P - rank smallest eigenvalues.
    residual : float
        max ||H v|| / ||H|| over the basis.
    symmetries : dict of str to ndarray, shape (n, P)
        Closed null vectors by name, not normalised, possibly dependent.
    symmetry_residual : float
        max ||H v|| / (||H|| ||v||) over the closed vectors.
    explained : int
        Dimension the closed vectors span, out of P - rank.
    rank : RankResult
    """

    basis: np.ndarray
    residual: float
    symmetries: dict[str, np.ndarray]
    symmetry_residual: float
    explained: int
    rank: RankResult

    @property
    def dimension(self) -> int:
        """P - rank."""
        return self.basis.shape[1]

    def __repr__(self) -> str:
        names = ", ".join(f"{name} {len(v)}" for name, v in self.symmetries.items()) or "none known"
        return f"FlatDirections({self.dimension}, {self.explained} explained: {names}; residual {self.residual:.1e})"


def flat_directions(network: Network) -> FlatDirections:
    """A basis of the null space at this optimum, checked by ||H v|| / ||H||, with its symmetries.

    Raises
    ------
    InputError
        Not a network, or a dense Hessian that does not fit.
    """
    from tutelage.population import hessian_at_optimum

    p = require_network(network, "flat_directions").n_params
    check.fits_in_memory(
        32.0 * p * p, "flat_directions", f"eigenvectors of a {p} x {p} Hessian (P = {p})",
        f"about P = {int((check.available_bytes() / 40) ** 0.5)}", "count with hessian_rank instead",
    )  # fmt: skip
    hessian = hessian_at_optimum(network).dense()
    hessian /= float(np.abs(hessian).max()) or 1.0  # its square is a number too
    rank = hessian_rank(network, floating=False) if not network.activation.kinks else hessian_rank(network)
    values, vectors = scipy.linalg.eigh(hessian)
    norm = float(np.abs(values).max())
    basis = vectors[:, : p - rank.rank]
    families = continuous_symmetries(network)
    stacked = np.concatenate([*families.values(), np.zeros((1, p))])
    lengths = np.linalg.norm(stacked, axis=1)
    unit = stacked[lengths > 0] / lengths[lengths > 0, None]
    return FlatDirections(
        basis, _residual(hessian, basis, norm), families, _residual(hessian, unit.T, norm),
        int(np.linalg.matrix_rank(unit)) if len(unit) else 0, rank,
    )  # fmt: skip


def _residual(hessian: np.ndarray, columns: np.ndarray, norm: float) -> float:
    return float(np.linalg.norm(hessian @ columns, axis=0).max()) / norm if columns.size and norm else 0.0


def continuous_symmetries(network: Network) -> dict[str, np.ndarray]:
    r"""Null vectors in closed form, by family, each of shape (n, P).

    - rescaling, :math:`\sigma` homogeneous of degree n: :math:`\delta w_i = w_i,\ \delta a_i = -n a_i`;
    - rotation, :math:`u + \alpha u^2` ([C25] appendix B, k(k-1)/2 of them): for an antisymmetric B,
      :math:`\delta w_i = ((BW)_i - (B1)_i w_i)/a_i,\ \delta a_i = 2 (B1)_i`; for pure :math:`u^2` only
      (BW)_i/a_i;
    - dependent rows r W = 0 of wide quadratic networks, k - d more;
    - linear: everything that keeps :math:`a^T W`;
    - silent and zero neurons, equal and opposite neurons.

    With biases or several outputs the rescalings, silent neurons and equal ones alone.
    """
    activation = require_network(network, "continuous_symmetries").activation
    families: dict[str, list[np.ndarray]] = {}
    require_true_facts(activation)
    if not is_plain(network):
        return _of_any_network(network)
    if activation.homogeneity is not None:
        families["rescaling"] = _rescaling(network, activation.homogeneity)
    coefficients = activation.taylor(2) if activation.degree == 2 else None
    if coefficients is not None and not coefficients[0]:
        families["rotation"] = _rotations(network, with_linear=bool(coefficients[1]))
        if coefficients[1]:
            families["dependent rows"] = _dependent(network)
    if activation.degree == activation.homogeneity == 1:
        families["linear map kept"] = _linear(network)
    families |= _special(network)
    return {name: np.array(vectors) for name, vectors in families.items() if vectors}


def move(
    network: Network,
    rows: dict[int, np.ndarray],
    read_outs: dict[int, np.ndarray],
    c: np.ndarray | None = None,
) -> np.ndarray:
    """The vector (P,) of neurons whose (w_i, b_i) move by ``rows`` and whose read-outs (m,) move, and of the output bias."""
    moved, a = np.zeros_like(inner_weights(network)), np.zeros((network.n_outputs, network.k))
    for i, row in rows.items():
        moved[i] = row
    for i, column in read_outs.items():
        a[:, i] = column
    layers = {"W": moved[:, : network.d], "b": moved[:, -1], "a": a.reshape(network.a.shape)}
    if network.c is not None and c is not None:
        layers["c"] = c.reshape(network.c.shape)
    return network.layout.flatten({name: layers.get(name, 0 * x) for name, x in network.layers.items()})


def _of_any_network(network: Network) -> dict[str, np.ndarray]:
    A, power, inner = network.a.reshape(-1, network.k), network.activation.homogeneity, inner_weights(network)
    found: dict[str, list[np.ndarray]] = {"rescaling": [], "silent": [], "equal or opposite": []}
    for i in range(network.k):
        if power is not None:
            found["rescaling"].append(move(network, {i: inner[i]}, {i: -power * A[:, i]}))
        if not A[:, i].any():
            found["silent"] += [move(network, {i: unit}, {}) for unit in np.eye(inner.shape[1])]
        for j in range(i):
            if np.array_equal(inner[i], inner[j]):
                found["equal or opposite"] += [
                    move(network, {}, {i: unit, j: -unit}) for unit in np.eye(len(A))
                ]
    return {name: np.array(vectors) for name, vectors in found.items() if vectors}


def _vector(network: Network, rows: dict[int, np.ndarray], read_outs: dict[int, float]) -> np.ndarray:
    dW, da = np.zeros_like(network.W), np.zeros_like(network.a)
    for i, row in rows.items():
        dW[i] += row
    for i, value in read_outs.items():
        da[i] += value
    return network.layout.flatten({"W": dW, "a": da})


def _rescaling(network: Network, power: int) -> list[np.ndarray]:
    return [
        _vector(network, {i: network.W[i]}, {i: -power * network.a[i]})
        for i in range(network.k)
        if network.W[i].any() or network.a[i]
    ]


def _rotations(network: Network, with_linear: bool) -> list[np.ndarray]:
    W, a = network.W, network.a
    found = []
    for i in range(network.k):
        for j in range(i):
            if a[i] and a[j]:
                # B_ij = 1, B_ji = -1: (BW)_i = w_j, (BW)_j = -w_i, (B1)_i = 1, (B1)_j = -1.
                shift_i, shift_j = (W[i], -W[j]) if with_linear else (0 * W[i], 0 * W[j])
                rows = {i: (W[j] - shift_i) / a[i], j: (-W[i] - shift_j) / a[j]}
                found.append(_vector(network, rows, {i: 2.0, j: -2.0} if with_linear else {}))
    return found


def _dependent(network: Network) -> list[np.ndarray]:
    """Relations r W = 0: the read-outs move by r, and w_i by -r_i w_i / (2 a_i) keeps the quadratic part."""
    if not network.a.all() or network.k <= network.d:
        return []
    factors = scipy.linalg.null_space(network.W.T).T
    return [
        _vector(
            network,
            {i: -r[i] / (2 * network.a[i]) * network.W[i] for i in range(network.k)},
            dict(enumerate(r)),
        )
        for r in factors
    ]


def _linear(network: Network) -> list[np.ndarray]:
    a, square = network.a, float(network.a @ network.a)
    if not square:
        return []
    found = []
    for direction in scipy.linalg.null_space(a[None, :]).T:
        for j in range(network.d):
            found.append(
                _vector(network, {i: direction[i] * np.eye(network.d)[j] for i in range(network.k)}, {})
            )
    for i in range(network.k):
        found.append(_vector(network, {n: -a[n] * network.W[i] / square for n in range(network.k)}, {i: 1.0}))
    return found


def _special(network: Network) -> dict[str, list[np.ndarray]]:
    arrangement, activation, unit = arrange(network), network.activation, np.eye(network.d)
    found: dict[str, list[np.ndarray]] = {"silent": [], "zero neuron": [], "equal or opposite": []}
    for i in range(network.k):
        if not network.a[i]:
            found["silent"] += [_vector(network, {i: e}, {}) for e in unit]
    no_value, no_slope = vanishing_at_zero(activation) if arrangement.zeros else (None, None)
    if no_value:
        found["zero neuron"] += [_vector(network, {}, {n.index: 1.0}) for n in arrangement.zeros]
    if no_slope:
        found["zero neuron"] += [_vector(network, {n.index: e}, {}) for n in arrangement.zeros for e in unit]
    for line in arrangement.lines.values():
        for m, second in enumerate(line):
            for first in line[:m]:
                found["equal or opposite"] += _pair(network, first, second)
    found["opposite pairs"] = _opposite_pairs(network, arrangement)
    return found


def _opposite_pairs(network: Network, arrangement: Arrangement) -> list[np.ndarray]:
    """ReLU and leaky ReLU: two opposite rays make a linear function, which any other such pair can take back."""
    slopes, unit = two_slopes(network.activation), np.eye(network.d)
    if slopes is None or sum(slopes) == 0:
        return []
    pairs = []
    for line in arrangement.lines.values():
        ahead = [n.index for n in line if n.active and n.scale > 0]
        behind = [n.index for n in line if n.active and n.scale < 0]
        if ahead and behind:
            pairs.append((ahead[0], behind[0]))
    a = network.a
    return [
        _vector(network, {i: e / a[i], j: e / a[j], m: -e / a[m], n: -e / a[n]}, {})
        for (i, j), (m, n) in itertools.pairwise(pairs)
        for e in unit
    ]


def _pair(network: Network, first: Neuron, second: Neuron) -> list[np.ndarray]:
    """Moves that cancel between parallel neurons whose functions are multiples of each other.

    sigma(-u) = s sigma(u) makes sigma'(-u) = -s sigma'(u), and sigma(c u) = c^p sigma(u) for c > 0 makes
    sigma'(c u) = c^(p-1) sigma'(u).
    """
    a, activation = network.a, network.activation
    ratio, power = float(first.scale / second.scale), activation.homogeneity
    if (abs(ratio) != 1.0 and power is None) or (ratio < 0 and activation.parity is None):
        return []
    size, power = abs(ratio), 0 if power is None else power
    value, slope = size**power, size ** (power - 1)
    if ratio < 0:
        value, slope = (-value, slope) if activation.parity == "odd" else (value, -slope)
    i, j = first.index, second.index
    moves = [_vector(network, {}, {i: 1.0, j: -value})]
    if a[i] and a[j]:
        moves += [_vector(network, {i: e / a[i], j: -slope * e / a[j]}, {}) for e in np.eye(network.d)]
    return moves
