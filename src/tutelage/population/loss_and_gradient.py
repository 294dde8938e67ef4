r"""Population loss and gradient of any student and teacher, traceable under jit (call them in 64-bit mode).

With z_j over the rows of (W; W_*), C = (A, −A_*), Δ = c − c_*, and :math:`G = A^TC` (science 1.5, 9, 19)

.. math:: \varepsilon = \tfrac12\sum_{ij}(C^TC)_{ij}\kappa_{ij} + \Delta\cdot Cs_0 + \tfrac12|\Delta|^2,\qquad
   \partial_{w_i}\varepsilon = \sum_j G_{ij}(k_{20} w_i + k_{11} z_j) + (A^T\Delta)_i s_2 w_i,

.. math:: \partial_{b_i}\varepsilon = \sum_j G_{ij} k_{10} + (A^T\Delta)_i s_1,\qquad
   \partial_{A_{oi}}\varepsilon = \sum_j C_{oj} k_{00} + \Delta_o s_0,\qquad \partial_c\varepsilon = Cs_0 + \Delta.

Near the optimum these sums cancel. The ``path`` forms do not: along the segment from teacher to student,
f − f_* is the integral of ∇f·δ, so that with Gauss-Legendre nodes s, weights p and θ_s = θ_* + s δ

.. math:: \varepsilon = \tfrac12\sum_{s,t} p_s p_t\,\delta^T E[\nabla f_{\theta_s}\nabla f_{\theta_t}^T]\,\delta,\qquad
   \nabla\varepsilon = \sum_s p_s E[\nabla f_{\theta}\nabla f_{\theta_s}^T]\,\delta .

Every term is of order |δ|². n nodes are exact for polynomial σ of degree ≤ 2n − 1.
"""

from __future__ import annotations

import functools
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.base.types import Array
from tutelage.population.pairs import Layers, Own, outer_product, outputs

Rule: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Nodes and weights."""


def is_plain(activation: Activation, student: Layers, teacher: Layers, n_nodes: int = 1) -> bool:
    """Whether NumPy has these forms, given its arrays, before JAX has compiled them: no biases, tables of few pairs."""
    if not {"b", "c"}.isdisjoint({**student, **teacher}):
        return False
    k, d = len(student["W"]) + len(teacher["W"]), student["W"].shape[1]
    one, all_nodes = (np.broadcast_to(0.0, (n * k, d)) for n in (1, max(1, n_nodes)))
    return moments.is_plain(activation, one, all_nodes)


def same_layers(student: Layers, teacher: Layers) -> tuple[dict[str, Array], dict[str, Array]]:
    """Both with the biases that either has: zeros where one has none."""
    zeros = {"b": lambda n: jnp.zeros(n["W"].shape[:-1]), "c": lambda n: jnp.zeros(n["a"].shape[:-1])}
    missing = [name for name in zeros if (name in student) != (name in teacher)]
    more = [{name: zeros[name](n) for name in missing if name not in n} for n in (student, teacher)]
    return {**student, **more[0]}, {**teacher, **more[1]}


class _Difference:
    """f − f_* as one network: its rows, biases, signed read-outs and output bias; NumPy's where all layers are."""

    def __init__(self, student: Layers, teacher: Layers):
        student, teacher = same_layers(student, teacher)
        plain = all(isinstance(layer, np.ndarray) for layer in (*student.values(), *teacher.values()))
        xp = np if plain else jnp
        self.W, self.b = student["W"], student.get("b")
        self.Z = xp.concatenate([student["W"], teacher["W"]])
        self.b_Z = None if self.b is None else xp.concatenate([self.b, teacher["b"]])
        self.A = outputs(student["a"])
        self.C = xp.concatenate([self.A, -outputs(teacher["a"])], axis=1)
        self.offset = (student["c"] - teacher["c"]).reshape(-1) if "c" in student else None

    def dual(self, activation: Activation) -> Array:
        """κ of all rows with all; NumPy's own of few."""
        plain = moments.plain_tables(activation, self.Z, self.Z, self.b_Z, self.b_Z)
        return (
            moments.dual_matrix(activation, self.Z, self.Z, self.b_Z, self.b_Z)
            if plain is None
            else plain.k00
        )

    def first_moments(self, activation: Activation) -> tuple[Array, Array, Array, list[Array]]:
        """k_00, k_11, k_20 of the student's rows with all, and with biases k_10; NumPy's own of few."""
        plain = moments.plain_tables(activation, self.W, self.Z, self.b, self.b_Z)
        if plain is not None:
            return plain.k00, plain.k11, plain.k20, []
        k00, k11, k20, _, *of_means = moments.first_moments(activation, self.W, self.Z, self.b, self.b_Z)
        return k00, k11, k20, of_means

    def own(self, activation: Activation) -> tuple[Array, Array, Array]:
        """s_0, s_1, s_2 of all neurons."""
        b = jnp.zeros(len(self.Z)) if self.b_Z is None else self.b_Z
        return moments.neuron_means(activation, self.Z, b)


def loss_terms(activation: Activation, student: Layers, teacher: Layers) -> tuple[Array, Array]:
    """½ E |f − f_*|², expanded, and the sum of the sizes of its terms."""
    f = _Difference(student, teacher)
    terms = (f.C.T @ f.C) * f.dual(activation)
    value, size = 0.5 * terms.sum(), 0.5 * abs(terms).sum()
    if f.offset is None:
        return value, size
    mixed, square = f.offset * (f.C @ f.own(activation)[0]), 0.5 * f.offset @ f.offset
    return value + mixed.sum() + square, size + jnp.abs(mixed).sum() + square


def loss(activation: Activation, student: Layers, teacher: Layers) -> Array:
    """½ E |f − f_*|², expanded; accurate to about 1e-16 of the terms it is a difference of."""
    return loss_terms(activation, student, teacher)[0]


def gradient(activation: Activation, student: Layers, teacher: Layers) -> dict[str, Array]:
    """The gradient by every layer of the student, expanded ([C25] (1)-(2) in expectation)."""
    f = _Difference(student, teacher)
    k00, k11, k20, of_means = f.first_moments(activation)
    G, k = f.A.T @ f.C, len(f.W)
    along, read_out = (G * k20).sum(axis=1), f.C @ k00.T
    found = {"b": (G * of_means[0]).sum(axis=1)} if of_means else {}
    if f.offset is not None:
        s0, s1, s2 = f.own(activation)
        pull = f.A.T @ f.offset
        along, read_out = along + pull * s2[:k], read_out + f.offset[:, None] * s0[:k]
        found = {name: layer + pull * s1[:k] for name, layer in found.items()}
        found["c"] = f.C @ s0 + f.offset
    found |= {"W": along[:, None] * f.W + (G * k11) @ f.Z, "a": read_out}
    return {name: found[name].reshape(layer.shape) for name, layer in student.items()}


def pad(student: Layers, teacher: Layers) -> tuple[Layers, Layers]:
    """Give the narrower network silent copies of the wider one's last neurons (read-out 0): same functions, same widths."""
    k, k_star = student["W"].shape[0], teacher["W"].shape[0]
    if k > k_star:
        return student, _with_silent(teacher, student)
    return (_with_silent(student, teacher), teacher) if k_star > k else (student, teacher)


def _with_silent(narrow: Layers, wide: Layers) -> dict[str, Array]:
    k = narrow["W"].shape[0]
    xp = np if isinstance(narrow["W"], np.ndarray) and isinstance(wide["W"], np.ndarray) else jnp
    copied = {name: xp.concatenate([narrow[name], wide[name][k:]]) for name in ("W", "b") if name in narrow}
    silent = xp.zeros_like(wide["a"][..., k:])
    return {**narrow, **copied, "a": xp.concatenate([narrow["a"], silent], axis=-1)}


@functools.cache
def segment_rule(n_nodes: int, length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes s and weights p on [0, 1]; filled up to ``length`` with nodes of weight 0."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    more = (length or n_nodes) - n_nodes
    return np.pad((1 + nodes) / 2, (0, more)), np.pad(weights / 2, (0, more))


def _segment(student: Layers, teacher: Layers, delta: Layers, rule: Rule) -> tuple[Layers, Layers, Layers]:
    """All θ_s, stacked; their neurons as one wide network (n k neurons); the step with the quadrature weights in it."""
    s, p = rule
    nodes = {name: teacher[name] + _times(s, step) for name, step in delta.items()}
    steps = {name: _times(p, step) for name, step in delta.items()}
    return nodes, _widened(nodes, len(s)), _widened(steps, len(s))


def _times(numbers: Array, layer: Array) -> Array:
    return numbers.reshape(-1, *(1,) * layer.ndim) * layer


def _widened(nodes: Layers, n: int) -> dict[str, Array]:
    """Layers (n, ...) of n networks as those of their sum: neurons side by side, output biases added up."""
    wide = {name: nodes[name].reshape(-1, *nodes[name].shape[2:]) for name in ("W", "b") if name in nodes}
    a = nodes["a"].swapaxes(0, -2)
    wide["a"] = a.reshape(*a.shape[:-2], -1)
    return wide | ({"c": nodes["c"].sum(axis=0)} if "c" in nodes else {})


def path_loss(
    activation: Activation, student: Layers, teacher: Layers, rule: Rule, step: Layers | None = None
) -> Array:
    """The loss without cancellation, for smooth activations; ``rule`` is a ``segment_rule``.

    n nodes are exact for polynomials of degree ≤ 2 n − 1. ``step`` is student − teacher where it is known to more digits
    than their difference has.
    """
    student, teacher, delta = _apart(student, teacher, step)
    nodes, wide, step = _segment(student, teacher, delta, rule)

    def one_node(node: Layers) -> Array:
        image = _applied(activation, node, wide, step)
        return sum(((delta[name] * image[name]).sum() for name in delta), np.zeros(()))

    # One node at a time: tables (k, n k), never (n k, n k).
    if all(isinstance(layer, np.ndarray) for layer in nodes.values()):
        each = np.array(
            [one_node({name: layer[i] for name, layer in nodes.items()}) for i in range(len(rule[0]))]
        )
    else:
        each = jax.lax.map(one_node, nodes)
    return 0.5 * (rule[1] * each).sum()


def _apart(student: Layers, teacher: Layers, step: Layers | None) -> tuple[Layers, Layers, Layers]:
    """Both of one width, and what lies between them."""
    student, teacher = pad(*same_layers(student, teacher))
    if step is None:
        step = {name: student[name] - teacher[name] for name in student}
    return student, teacher, step


def path_gradient(
    activation: Activation, student: Layers, teacher: Layers, rule: Rule, step: Layers | None = None
) -> dict[str, Array]:
    """The gradient without cancellation, for smooth activations; shapes of the student."""
    k, names = student["W"].shape[0], tuple(student)
    student, teacher, delta = _apart(student, teacher, step)
    _, wide, step = _segment(student, teacher, delta, rule)
    found = _applied(activation, student, wide, step)
    kept = {"W": lambda x: x[:k], "b": lambda x: x[:k], "a": lambda x: x[..., :k], "c": lambda x: x}
    return {name: kept[name](found[name]) for name in names}


def _applied(activation: Activation, left: Layers, right: Layers, vector: Layers) -> dict[str, Array]:
    """E[∇f ∇gᵀ] of two networks applied to a vector."""
    (W, b), (Z, b_right) = ((layers["W"], layers.get("b")) for layers in (left, right))
    plain = moments.plain_tables(activation, W, Z, b, b_right)
    tables = moments.pair_moments(activation, W, Z, b, b_right) if plain is None else plain
    own = None
    if "c" in left:
        own = (_own(activation, left), _own(activation, right))
    return outer_product(tables, left, right, vector, own)


def _own(activation: Activation, layers: Layers) -> Own:
    b = layers.get("b")
    return moments.neuron_means(activation, layers["W"], jnp.zeros(len(layers["W"])) if b is None else b)
