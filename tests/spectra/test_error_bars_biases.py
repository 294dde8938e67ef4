"""Error bars with biases and means of the inputs cover the error, against the tables with means in ball arithmetic."""

import flint
import mpmath
import numpy as np
import pytest
from flint import arb

from tutelage import GaussianInputs, Network, Problem
from tutelage.activations import parse_activation
from tutelage.activations.arithmetic import arb_functions
from tutelage.activations.half_planes import half_line, half_planes
from tutelage.rank.values import two_slopes

BITS = 400
CLOSED = [
    "linear", "quadratic:alpha=0.7", "polynomial:coefficients=0.2,1,-0.3,0.1", "erf", "erf:scale=30", "normal_cdf",
    "gelu", "sin", "cos", "exp", "gaussian_bump", "relu", "leaky_relu:slope=0.1", "abs",
]  # fmt: skip
BY_QUADRATURE = ["tanh", "sigmoid", "softplus", "silu"]
LARGEST = {"exp": 10.0, **dict.fromkeys(BY_QUADRATURE, 1e3)}
TWO, READ_OUT, BIASES = np.array([[0.7, -0.4], [0.3, 1.1]]), np.array([1.3, -0.8]), np.array([0.5, -0.3])
ARRANGEMENTS = {
    "two neurons": TWO, "nearly parallel": np.array([[0.7, -0.4], [0.7, -0.4 + 1e-7]]),
    "nearly opposite": np.array([[0.7, -0.4], [-0.7, 0.4 + 1e-9]]), "one": TWO[:1, :1],
    "in many inputs": np.pad(TWO, ((0, 0), (0, 2))),
}  # fmt: skip
MEAN = np.array([0.4, -0.7, 0.3, 0.9])


def ball_eigenvalues(network, mean=None):
    """Ascending, of the enclosed matrix; under inputs of this mean its rows are those of (W, b + Wμ) pulled back."""
    with flint.ctx.workprec(BITS):
        W, b, a = (
            _balls(network.W),
            _balls(network.b if network.b is not None else np.zeros(network.k)),
            network.a,
        )
        mean = [arb(0)] * network.d if mean is None else _balls(mean)
        b = [b[i] + _dot(W[i], mean) for i in range(network.k)]
        matrix = _assembled(network.activation, W, b, _balls(a))
        layout = _Layout(network.k, network.d)
        for _ in range(2):  # of the matrix, then of its transpose
            for i in range(network.k):
                for p in range(network.d):
                    w, bias = layout.w(i, p), layout.b(i)
                    matrix[w] = [x + mean[p] * y for x, y in zip(matrix[w], matrix[bias], strict=True)]
            matrix = [list(column) for column in zip(*matrix, strict=True)]
        kept = [n for n in range(layout.size) if layout.is_kept(n, network)]
    with mpmath.mp.workdps(80):
        exact = mpmath.matrix([[_number(matrix[m][n]) for n in kept] for m in kept])
        return np.array([float(x) for x in mpmath.eigsy((exact + exact.T) / 2, eigvals_only=True)])


class _Layout:
    """Positions of W row by row, b, a and c."""

    def __init__(self, k, d):
        self.k, self.d, self.size = k, d, k * d + 2 * k + 1

    def w(self, i, p):
        return i * self.d + p

    def b(self, i):
        return self.k * self.d + i

    def a(self, i):
        return self.k * self.d + self.k + i

    def is_kept(self, n, network):
        if n == self.size - 1:
            return network.c is not None
        return network.b is not None or not self.b(0) <= n < self.a(0)


def _balls(array):
    return [_balls(x) for x in array] if np.ndim(array) else arb(float(array))


def _dot(u, v):
    return sum((x * y for x, y in zip(u, v, strict=True)), arb(0))


def _number(ball):
    assert ball.rad() <= 1e-60 * (1 + abs(ball.mid())), "the enclosure is too wide to be an oracle"
    return mpmath.mpf(ball.mid().str(80, radius=False))


def _assembled(activation, W, b, a):
    k, d = len(W), len(W[0])
    at = _Layout(k, d)
    H = [[arb(0)] * at.size for _ in range(at.size)]
    last = at.size - 1
    H[last][last] = arb(1)
    for i in range(k):
        s = _means(activation, b[i], _dot(W[i], W[i]))
        for p in range(d):
            H[at.w(i, p)][last] = H[last][at.w(i, p)] = a[i] * s(2) * W[i][p]
        H[at.b(i)][last] = H[last][at.b(i)] = a[i] * s(1)
        H[at.a(i)][last] = H[last][at.a(i)] = s(0)
        for j in range(k):
            _pair_block(H, at, i, j, *_pair(activation, W, b, i, j), a[i], a[j])
    return H


def _pair_block(H, at, i, j, outer, first, k11, k10, k00, slopes, a_i, a_j):
    """E[σ'σ'xxᵀ] (d, d), E[σ'σ'x] (d,), E[σ'σ'], E[σ'σ], E[σσ] and E[σ'(u_i)σ(u_j)x] (d,)."""
    for p in range(at.d):
        for q in range(at.d):
            H[at.w(i, p)][at.w(j, q)] = a_i * a_j * outer[p][q]
        H[at.w(i, p)][at.b(j)] = H[at.b(j)][at.w(i, p)] = a_i * a_j * first[p]
        H[at.w(i, p)][at.a(j)] = H[at.a(j)][at.w(i, p)] = a_i * slopes[p]
    H[at.b(i)][at.b(j)] = a_i * a_j * k11
    H[at.b(i)][at.a(j)] = H[at.a(j)][at.b(i)] = a_i * k10
    H[at.a(i)][at.a(j)] = k00


def _means(activation, m, q):
    slopes = two_slopes(activation)
    if slopes is None:
        return activation.mean_table(m, q, arb_functions())
    s = arb(slopes[1])
    mean = half_line(m, q, arb_functions())
    return lambda p: s * (m, 1, 0)[min(p, 2)] + (1 - s) * mean(p)


def _pair(activation, W, b, i, j):
    w, v, d = W[i], W[j], len(W[i])
    q = (_dot(w, w), _dot(w, v), _dot(v, v))
    slopes = two_slopes(activation)
    if slopes is not None and i == j:
        return _own_kinked(arb(slopes[1]), w, b[i], q[0])
    if slopes is None:
        t = activation.mean_tables(b[i], b[j], *q, arb_functions())
    else:
        t = _kinked(arb(slopes[1]), b[i], b[j], *q)
    outer = [
        [t(1, 1) * (p == r) + t(3, 1) * w[p] * w[r] + t(2, 2) * (w[p] * v[r] + v[p] * w[r]) + t(1, 3) * v[p] * v[r]
         for r in range(d)] for p in range(d)
    ]  # fmt: skip
    first = [t(2, 1) * x + t(1, 2) * y for x, y in zip(w, v, strict=True)]
    return (
        outer,
        first,
        t(1, 1),
        t(1, 0),
        t(0, 0),
        [t(2, 0) * x + t(1, 1) * y for x, y in zip(w, v, strict=True)],
    )


def _kinked(s, m_u, m_v, q_uu, q_uv, q_vv):
    """k_pq of s u + (1 - s) max(u, 0) for neurons that are not parallel (science A4)."""
    xp, t = arb_functions(), 1 - s
    both = half_planes(m_u, m_v, q_uu, q_uv, q_vv, q_uu * q_vv - q_uv * q_uv, xp)
    of_u, of_v = half_line(m_u, q_uu, xp), half_line(m_v, q_vv, xp)
    line = {(0, 0): m_u * m_v + q_uv, (1, 0): m_v, (0, 1): m_u, (1, 1): arb(1)}

    def mixed(p, q, m, mean):
        return {0: lambda: m * mean(q) + q_uv * mean(q + 1), 1: lambda: mean(q)}.get(p, lambda: arb(0))()

    return lambda p, q: (
        t * t * both(p, q) + s * t * (mixed(p, q, m_u, of_v) + mixed(q, p, m_v, of_u)) + s * s * line.get((p, q), 0)
    )  # fmt: skip


def _own_kinked(s, w, m, q):
    """Of a neuron with itself (science A5)."""
    mean, square = half_line(m, q, arb_functions()), 1 - s * s
    psi = [s * s * (n == 0) + square * mean(1 + n) for n in range(3)]
    d = len(w)
    outer = [[psi[0] * (p == r) + psi[2] * w[p] * w[r] for r in range(d)] for p in range(d)]
    up = s * s + square * mean(1)
    k10 = s * s * m + square * mean(0)
    k00 = s * s * (m * m + q) + square * (m * mean(0) + q * mean(1))
    return outer, [psi[1] * x for x in w], psi[0], k10, k00, [up * x for x in w]


def network(spec, W, scale, bias):
    """With biases that stay or grow with the weights; ``none`` leaves out both kinds."""
    activation, k = parse_activation(spec), len(W)
    b = {"none": None, "fixed": BIASES[:k], "scaled": scale * BIASES[:k]}[bias]
    return Network(scale * W, READ_OUT[:k], activation, b, None if b is None else 0.2)


def check_bars(check_covered, spec, W, scale, bias, mean=None):
    here = network(spec, W, scale, bias)
    refused = scale > LARGEST.get(spec, np.inf)
    exact = [] if refused else ball_eigenvalues(here, mean)
    check_covered(here if mean is None else Problem(here, GaussianInputs(mean)), exact, refused)


@pytest.mark.parametrize("spec", CLOSED)
def test_bars_with_biases_cover_the_error_against_balls(check_covered, spec):
    """GELU neurons of length 1e6 with biases as long were 290 bars off, cosines of length 1e-8 by 7e13."""
    for scale in (1e-155, 1e-8, 1.0, 1e6):
        check_bars(check_covered, spec, ARRANGEMENTS["in many inputs"], scale, "scaled")
    check_bars(check_covered, spec, np.eye(2), 1.0, "fixed")  # the correlation is exactly 0


@pytest.mark.parametrize("spec", ["gelu", "cos"])
def test_bars_under_inputs_with_a_mean_cover_the_error_against_balls(check_covered, spec):
    for scale in (1e-8, 1.0, 1e6):
        check_bars(check_covered, spec, TWO, scale, "none", MEAN[:2])


@pytest.mark.slow
@pytest.mark.parametrize("bias", ["fixed", "scaled"])
@pytest.mark.parametrize("spec", CLOSED)
def test_bars_with_biases_cover_the_error_in_every_arrangement_at_every_scale(check_covered, spec, bias):
    for scale in [10.0**p for p in range(-8, 9, 2)]:
        for W in ARRANGEMENTS.values():
            check_bars(check_covered, spec, W, scale, bias)


@pytest.mark.slow
@pytest.mark.parametrize("bias", ["none", "scaled"])
@pytest.mark.parametrize("spec", CLOSED)
def test_bars_under_inputs_with_a_mean_cover_the_error_at_every_scale(check_covered, spec, bias):
    for scale in [10.0**p for p in range(-8, 9, 2)]:
        for name in ("two neurons", "in many inputs"):
            W = ARRANGEMENTS[name]
            check_bars(check_covered, spec, W, scale, bias, MEAN[: W.shape[1]])


@pytest.mark.parametrize("spec", CLOSED)
def test_bars_of_small_weights_beside_long_biases_and_of_neurons_of_different_sizes(check_covered, spec):
    activation = parse_activation(spec)
    sizes = Network(
        [[1e6, 1.0], [0.3, -1.0], [2e-6, 1e-6]], [1.0, -2.0, 0.5], activation, [3e5, 0.2, 1e-6], 0.1
    )
    small = Network(1e-8 * TWO, READ_OUT, activation, [3.0, -2.0])
    for here in (small,) if spec == "exp" else (small, sizes):
        check_covered(here, ball_eigenvalues(here))


def line_eigenvalues(here, function, slope):
    """Of neurons with one input: integrals over it, cut where neurons bend."""
    mp = mpmath.mp
    with mp.workdps(30):
        W, b, a = ([mp.mpf(float(x)) for x in array] for array in (here.W[:, 0], here.b, here.a))
        bends = {
            (t - s) / w
            for w, s in zip(W, b, strict=True)
            for c in (0, 0.3, 1, 3, 10, 40, 120)
            for t in (c, -c)
        }
        cuts = sorted(
            {
                x
                for x in bends | {mp.mpf(c) * t for c in (0, 0.5, 1, 2, 4, 8, 16) for t in (1, -1)}
                if abs(x) <= 16
            }
        )
        neurons = list(zip(W, b, a, strict=True))
        gradient = [lambda x, w=w, s=s, r=r: r * slope(w * x + s) * x for w, s, r in neurons]
        gradient += [lambda x, w=w, s=s, r=r: r * slope(w * x + s) for w, s, r in neurons]
        gradient += [lambda x, w=w, s=s: function(w * x + s) for w, s, _ in neurons] + [lambda x: mp.mpf(1)]
        n = len(gradient)
        H = mp.zeros(n)
        for i in range(n):
            for j in range(i + 1):
                H[i, j] = H[j, i] = mp.quad(
                    lambda x, f=gradient[i], g=gradient[j]: (
                        f(x) * g(x) * mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)
                    ),
                    cuts,
                )
        return np.array([float(x) for x in mp.eigsy(H, eigvals_only=True)])


@pytest.mark.slow
@pytest.mark.parametrize("bias", ["fixed", "scaled"])
@pytest.mark.parametrize("spec", BY_QUADRATURE)
def test_bars_of_quadratures_with_biases_cover_the_error_on_a_line(check_covered, of_many_digits, spec, bias):
    for scale in (1e-8, 1e-4, 1e-2, 1.0, 1e2, 1e6):
        here = network(spec, TWO[:, :1], scale, bias)
        refused = scale > LARGEST[spec]
        exact = [] if refused else line_eigenvalues(here, *of_many_digits[spec])
        check_covered(here, exact, refused, floor=1e-25)
