"""Which kind of optimum a student reached: what its spare neurons do."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np
from scipy.sparse.csgraph import connected_components

from tutelage.activations.facts import Parity
from tutelage.base import check
from tutelage.base.value import Shown
from tutelage.dynamics.matching import inner_weights, with_layers_of
from tutelage.network import Network, require_network

Group: TypeAlias = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class OptimumKind(Shown):
    """What the neurons of a student do that has the function of its teacher (science 20); indices of the student's.

    Attributes
    ----------
    silent : tuple of int
        Spare neurons with a read-out of zero.
    zero_rows : tuple of int
        Neurons whose weights are zero, and their bias too where no output bias takes back the constant that they are.
    splits : tuple of tuple of int
        Equal neurons that share the read-out of one neuron of the teacher.
    null_groups : tuple of tuple of int
        Equal neurons that the teacher does not have, whose read-outs sum to zero.
    explained : bool
        Whether every neuron of either network is accounted for. Not so away from an optimum, and where the function does
        not determine its neurons (linear and quadratic networks).
    """

    silent: Group
    zero_rows: Group
    splits: tuple[Group, ...]
    null_groups: tuple[Group, ...]
    explained: bool

    @property
    def name(self) -> str:
        """``exact`` without spare neurons; the kinds that there are, ``silent + split``; ``other``."""
        found = {"silent": self.silent, "zero rows": self.zero_rows, "split": self.splits}
        names = [name for name, groups in {**found, "null group": self.null_groups}.items() if groups]
        return (" + ".join(names) or "exact") if self.explained else "other"


def optimum_kind(student: Network, teacher: Network, tolerance: float = 1e-2) -> OptimumKind:
    """Name the kind of optimum where a student stands.

    Neurons are compared up to what leaves the function alone: signs under an odd or even σ, scales under a homogeneous
    one.

    Parameters
    ----------
    student, teacher : Network
        Of the same activation, inputs and outputs; the teacher irreducible.
    tolerance : float
        Neurons nearer than this share of the teacher's longest count as equal, read-outs below this share of its largest
        as zero. A split is approached as the fourth root of the loss: a trained student has not arrived to more digits.

    Examples
    --------
    >>> teacher = Network([[1.0, 2.0]], [1.0], "erf")
    >>> student = Network([[1.0, 2.0], [-1.0, -2.0], [0.5, 0.0]], [0.7, -0.3, 0.0], "erf")
    >>> optimum_kind(student, teacher)
    OptimumKind(silent=(2,), zero_rows=(), splits=((0, 1),), null_groups=(), explained=True)
    """
    for network in (student, teacher):
        require_network(network, "optimum_kind")
    tolerance = check.number(tolerance, "optimum_kind", "tolerance", above=0.0)
    student, teacher = with_layers_of(student, teacher), with_layers_of(teacher, student)
    own, known = _Neurons.of(student), _Neurons.of(teacher)
    near = tolerance * float(np.linalg.norm(known.inner, axis=1).max())
    small = tolerance * float(np.linalg.norm(known.read_out, axis=1).max())
    found: dict[str, list[Group]] = {"silent": [], "zero": [], "split": [], "null": []}
    seen, explained = set(), True
    alone = None if student.c is None else student.d  # an output bias takes a constant back
    for group in _groups(own.distances(own) <= near):
        first = own.inner[group[0]]
        at = int(own.distances(known)[group[0]].argmin())
        if own.distances(known)[group[0], at] <= near:
            left = own.read_out_of(group, known.inner[at]) - known.read_out[at]
            explained &= bool(np.linalg.norm(left) <= small) and at not in seen
            seen.add(at)
            if len(group) > 1:
                found["split"].append(group)
        elif np.linalg.norm(first[:alone]) <= near:
            found["zero"].append(group)
        elif np.linalg.norm(own.read_out[list(group)], axis=1).max() <= small:
            found["silent"].append(group)
        else:
            explained &= bool(np.linalg.norm(own.read_out_of(group, first)) <= small)
            found["null"].append(group)
    silent, zero = (tuple(sorted(sum(found[name], ()))) for name in ("silent", "zero"))
    whole = explained and len(seen) == teacher.k
    return OptimumKind(silent, zero, tuple(found["split"]), tuple(found["null"]), whole)


@dataclasses.dataclass(frozen=True, eq=False)
class _Neurons:
    """(w, b) of every neuron (k, d) and its read-outs (k, m), under a homogeneous σ with |(w, b)| = 1."""

    inner: np.ndarray
    read_out: np.ndarray
    parity: Parity

    @classmethod
    def of(cls, network: Network) -> _Neurons:
        inner, read_out = inner_weights(network), network.a.reshape(-1, network.k).T
        degree = network.activation.homogeneity
        if degree is not None:
            norm = np.linalg.norm(inner, axis=1, keepdims=True)
            inner, read_out = inner / np.where(norm > 0, norm, 1.0), read_out * norm**degree
        return cls(inner, read_out, network.activation.parity)

    def distances(self, other: _Neurons) -> np.ndarray:
        """Between every two neurons, up to the sign that σ allows: (k, l)."""
        plain, turned = (
            np.linalg.norm(self.inner[:, None] - sign * other.inner[None], axis=2) for sign in (1, -1)
        )
        return plain if self.parity is None else np.minimum(plain, turned)

    def read_out_of(self, group: Group, reference: np.ndarray) -> np.ndarray:
        """The read-outs of equal neurons together, each turned to the side of the reference."""
        members = list(group)
        sign = np.sign(self.inner[members] @ reference) if self.parity == "odd" else np.ones(len(members))
        return sign @ self.read_out[members]


def _groups(near: np.ndarray) -> list[Group]:
    """Neurons joined by what is near, as tuples of indices."""
    count, label = connected_components(near, directed=False)
    return [tuple(np.flatnonzero(label == i).tolist()) for i in range(count)]
