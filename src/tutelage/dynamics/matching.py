"""Matching the neurons of a student to those of its teacher, up to permutation and sign."""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.optimize

from tutelage.base.errors import InputError
from tutelage.base.value import Value
from tutelage.network import Network, require_network


@dataclasses.dataclass(frozen=True, eq=False)
class Match(Value):
    """The teacher as the student sees it.

    Attributes
    ----------
    permutation : ndarray of int, shape (k_student,)
        Neuron of the teacher that student neuron i is matched to; −1 for a surplus one, whose read-out should
        be 0.
    signs : ndarray of int, shape (k_student,)
        −1 where the matched neuron is taken with its sign changed.
    teacher : Network
        The same function with the student's width: permuted, signed, surplus neurons silent where they stand.
    distance : float
        Between the parameters of the student and of that network.
    """

    permutation: np.ndarray
    signs: np.ndarray
    teacher: Network
    distance: float


def match_neurons(student: Network, teacher: Network) -> Match:
    """The assignment of least squared distance, by the Hungarian method.

    An odd σ allows (w, a) → (−w, −a) and an even one w → −w; any other has only the permutation.
    """
    for network in (student, teacher):
        require_network(network, "match_neurons")
    if student.k < teacher.k:
        raise InputError(
            f"match_neurons: expected a student at least as wide as its teacher ({teacher.k}), got "
            f"{student.k}; "
            "a narrower one has no zero-loss optimum"
        )
    if student.n_outputs != teacher.n_outputs or student.d != teacher.d:
        raise InputError(
            f"match_neurons: expected networks of the same inputs and outputs, got {student!r} and {teacher!r}"
        )
    student, teacher = with_layers_of(student, teacher), with_layers_of(teacher, student)
    parity = student.activation.parity
    own, other = (inner_weights(network) for network in (student, teacher))
    read_out, other_read_out = (network.a.reshape(-1, network.k).T for network in (student, teacher))
    sign_a = {"odd": -1.0, "even": 1.0}.get(parity or "", 1.0)

    def squares(sign_w: float, sign_read_out: float) -> np.ndarray:
        steps = own[:, None, :] - sign_w * other[None, :, :]
        read_outs = read_out[:, None, :] - sign_read_out * other_read_out[None, :, :]
        return np.sum(steps**2, axis=2) + np.sum(read_outs**2, axis=2)

    plain = squares(1.0, 1.0)
    flipped = squares(-1.0, sign_a) if parity in ("odd", "even") else np.full_like(plain, np.inf)
    # A surplus neuron becomes silent where it stands: only its read-out has to move.
    silent = np.repeat(np.sum(read_out**2, axis=1, keepdims=True), student.k - teacher.k, axis=1)
    rows, columns = scipy.optimize.linear_sum_assignment(np.hstack([np.minimum(plain, flipped), silent]))
    inner, a = own.copy(), np.zeros_like(read_out)
    permutation, signs = np.full(student.k, -1), np.ones(student.k, dtype=int)
    for i, j in zip(rows, columns, strict=True):
        if j >= teacher.k:
            continue
        turn = flipped[i, j] < plain[i, j]
        permutation[i], signs[i] = j, -1 if turn else 1
        inner[i] = -other[j] if turn else other[j]
        a[i] = (sign_a if turn else 1.0) * other_read_out[j]
    b = None if student.b is None else inner[:, -1]
    seen = Network(inner[:, : student.d], a.T, teacher.activation, b, teacher.c)
    return Match(permutation, signs, seen, float(np.linalg.norm(student.theta - seen.theta)))


def inner_weights(network: Network) -> np.ndarray:
    """(w_i, b_i) of every neuron."""
    return network.W if network.b is None else np.column_stack([network.W, network.b])


def with_layers_of(network: Network, other: Network) -> Network:
    """With zeros for the biases that only the other has."""
    more = {"b": np.zeros(network.k), "c": np.zeros(network.a.shape[:-1])}
    missing = {name: x for name, x in more.items() if name in other.layers and name not in network.layers}
    return network.with_layers(missing) if missing else network
