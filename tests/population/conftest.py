"""Brute quadrature in the plane: loss, gradient and Hessian of any two-layer network of two inputs, kinks included.

Nothing here knows the formulas: the integrand is the square of f − f_* and its derivatives at every point. The plane is cut
along all lines on which a neuron has a kink, outside where they cross, and Gauss-Legendre panels fill the pieces.
"""

import itertools

import numpy as np
import pytest

from tutelage import GaussianInputs, Problem
from tutelage.activations.derivatives import derivative_tables

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
RANGE, LONGEST = 9.5, 0.7


def panels(breaks):
    """Nodes and weights on [-RANGE, RANGE], cut at the breaks and then into pieces of at most LONGEST."""
    inside = sorted(x for x in breaks if abs(x) < RANGE)
    edges = np.array([-RANGE, *inside, RANGE])
    counts = np.maximum(1, np.ceil(np.diff(edges) / LONGEST)).astype(int)
    fine = np.concatenate(
        [np.linspace(a, b, n + 1)[:-1] for a, b, n in zip(edges, edges[1:], counts, strict=False)]
    )
    fine = np.append(fine, RANGE)
    half = np.diff(fine)[:, None] / 2
    x = (fine[:-1, None] + half * (1 + NODES)).ravel()
    return x, (half * WEIGHTS).ravel()


def density(x):
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def steepest(rows):
    """The rotation after which the second coordinates are largest: lines along the second axis would move fast."""
    turns = [np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]) for t in np.linspace(0, np.pi, 181)]
    rows = rows[rows.any(axis=1)]
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return max(turns, key=lambda turn: np.abs(units @ turn)[:, 1].min())


class Plane:
    """A student before a teacher, x = mean + factor z."""

    def __init__(self, student, teacher, mean=(0.0, 0.0), factor=((1.0, 0.0), (0.0, 1.0))):
        self.student, self.teacher = student, teacher
        self.mean, self.factor = np.asarray(mean), np.asarray(factor)
        self.factor = self.factor @ steepest(np.concatenate([student.W, teacher.W]) @ self.factor)
        rows = np.concatenate([student.W, teacher.W]) @ self.factor
        biases = [np.zeros(n.k) if n.b is None else n.b for n in (student, teacher)]
        means = np.concatenate(biases) + np.concatenate([student.W, teacher.W]) @ self.mean
        self.lines = [(w, c - m) for w, m in zip(rows, means, strict=True) for c in student.activation.kinks]

    def inputs(self, z):
        return self.mean + z @ self.factor.T

    def jets(self, x):
        """f − f_* (n, m), ∇f (n, m, P) and the pieces of ∇²f, at inputs x (n, d)."""
        net = self.student
        u = x @ net.W.T + (0.0 if net.b is None else net.b)
        value, slope, curvature = (np.asarray(t) for t in derivative_tables(net.activation, u))
        A = np.atleast_2d(net.a)
        n, m, k = len(x), len(A), net.k
        layers = {"W": np.einsum("oi,ni,nd->noid", A, slope, x).reshape(n, m, -1)}
        if net.b is not None:
            layers["b"] = A[None] * slope[:, None]
        layers["a"] = np.einsum("op,ni->nopi", np.eye(m), value).reshape(n, m, m * k)
        if net.c is not None:
            layers["c"] = np.broadcast_to(np.eye(m), (n, m, m))
        r = (net(x) - self.teacher(x)).reshape(n, m)
        return r, np.concatenate(list(layers.values()), axis=2), A, slope, curvature

    def curved(self, x, weight, residual, slope, curvature, A):
        """Σ_n weight Σ_o r_o ∇²f_o, with these values of σ' and σ'' (n, k)."""
        net, at = self.student, self.student.layout.slices
        k, d, m = net.k, net.d, len(A)
        H = np.zeros((net.n_params, net.n_params))
        rA = residual @ A
        for i in range(k):
            w = slice(i * d, (i + 1) * d)
            s2, s1 = weight * rA[:, i] * curvature[:, i], weight[:, None] * residual * slope[:, i : i + 1]
            H[w, w] += np.einsum("n,nd,ne->de", s2, x, x)
            columns = [at["a"].start + o * k + i for o in range(m)]
            H[w, columns] += np.einsum("no,nd->do", s1, x)
            if net.b is not None:
                b = at["b"].start + i
                H[w, b] += s2 @ x
                H[b, b] += s2.sum()
                H[b, columns] += s1.sum(axis=0)
        lower = np.tril(H.T, -1)
        return np.triu(H) + lower

    def all(self):
        """loss, gradient (P,), outer (P, P), functional (P, P)."""
        P = self.student.n_params
        loss, gradient, outer, functional = 0.0, np.zeros(P), np.zeros((P, P)), np.zeros((P, P))
        crossings = []
        for (v, s), (w, t) in itertools.combinations(self.lines, 2):
            determinant = v[0] * w[1] - v[1] * w[0]
            if abs(determinant) > 1e-12:
                crossings.append((s * w[1] - t * v[1]) / determinant)
        for x, weights in self.points(crossings):
            r, J, A, slope, curvature = self.jets(x)
            loss += 0.5 * np.sum(weights[:, None] * r**2)
            gradient += np.einsum("n,no,nop->p", weights, r, J)
            flat = (J * np.sqrt(weights)[:, None, None]).reshape(-1, P)
            outer += flat.T @ flat
            functional += self.curved(x, weights, r, slope, curvature, A)
        return loss, gradient, outer, functional + self.deltas()

    def points(self, crossings, chunk=20_000):
        """Inputs and weights of the whole plane, in chunks."""
        z, weights = [], []
        for X, weight in zip(*panels(crossings), strict=True):
            Y, inner = panels([(c - w[0] * X) / w[1] for w, c in self.lines if w.any()])
            z.append(np.column_stack([np.full_like(Y, X), Y]))
            weights.append(weight * density(X) * inner * density(Y))
        z, weights = np.concatenate(z), np.concatenate(weights)
        for start in range(0, len(z), chunk):
            yield self.inputs(z[start : start + chunk]), weights[start : start + chunk]

    def deltas(self):
        """What the kinks add to the functional part: integrals along the lines on which they lie."""
        net, P = self.student, self.student.n_params
        total = np.zeros((P, P))
        kinks = net.activation.kinks
        for i in range(net.k if kinks else 0):
            for which, c in enumerate(kinks):
                w, at = self.lines[i * len(kinks) + which]
                if not w.any():
                    continue
                norm = np.linalg.norm(w)
                foot, along = at * w / norm**2, np.array([-w[1], w[0]]) / norm
                breaks = [(t - v @ foot) / (v @ along) for v, t in self.lines if abs(v @ along) > 1e-9]
                T, weights = panels(breaks)
                x = self.inputs(foot + T[:, None] * along)
                sides = derivative_tables(net.activation, np.array([[c - 1e-13, c + 1e-13]]))[1]
                jump = float(np.asarray(sides)[0] @ [-1, 1])
                r, _, A, slope, _ = self.jets(x)
                only = np.zeros_like(slope)
                only[:, i] = jump * density(at / norm) / norm
                total += self.curved(x, weights * density(T), r, 0 * slope, only, A)
        return total


@pytest.fixture(scope="session")
def check_plane():
    """``check(student, teacher, mean, factor, tolerance)``: loss, gradient and both parts are those of the plane."""

    def check(student, teacher, mean=None, factor=None, tolerance=1e-12):
        mean, factor = (np.zeros(2), np.eye(2)) if factor is None else (mean, factor)
        loss, gradient, outer, functional = Plane(student, teacher, mean, factor).all()
        problem = Problem(teacher, GaussianInputs(mean, factor @ factor.T))
        hessian, whole = problem.hessian(student), outer + functional
        assert problem.loss(student) == pytest.approx(loss, rel=tolerance)
        assert np.abs(problem.gradient(student) - gradient).max() <= tolerance * np.abs(gradient).max()
        assert np.abs(hessian.outer.dense() - outer).max() <= tolerance * np.abs(outer).max()
        assert np.abs(hessian.dense() - whole).max() <= tolerance * np.abs(whole).max()

    return check
