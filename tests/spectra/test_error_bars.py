"""Error bars cover the error at weights of any size, for every activation, or the computation is refused."""

import flint
import jax
import mpmath
import numpy as np
import pytest

from tutelage import Network, Problem, hessian_at_optimum, spectrum
from tutelage.activations import Numerical, parse_activation
from tutelage.base.errors import InputError
from tutelage.population.extended import ball_hessian

CLOSED = [
    "linear", "quadratic:alpha=0.7", "polynomial:coefficients=0.2,1,-0.3,0.1", "erf", "erf:scale=30", "normal_cdf",
    "gelu", "sin", "cos", "exp", "gaussian_bump",
]  # fmt: skip
KINKED = ["relu", "leaky_relu:slope=0.1", "abs"]
BY_QUADRATURE = ["tanh", "sigmoid", "softplus", "silu"]
SCALES = [10.0**p for p in range(-8, 9, 2)]
LARGEST = {"exp": 10.0, **dict.fromkeys(BY_QUADRATURE, 1e4)}
"""Beyond this scale the computation is refused: moments overflow, or the quadrature would not end."""
TWO = np.array([[0.7, -0.4], [0.3, 1.1]])
READ_OUT = np.array([1.3, -0.8])
ARRANGEMENTS = {
    "two neurons": (TWO, READ_OUT),
    "nearly parallel": (np.array([[0.7, -0.4], [0.7, -0.4 + 1e-7]]), READ_OUT),
    "one": (TWO[:1, :1], READ_OUT[:1]),
    "in many inputs": (np.pad(TWO, ((0, 0), (0, 2))), READ_OUT),
}


def ball_eigenvalues(network):
    """Of the enclosed matrix; 900 bits leave more than 16 digits of an eigenvalue 1e-120 of the largest."""
    whole = Network(network.W, network.a, network.activation)
    with flint.ctx.workprec(900):
        hessian = ball_hessian(whole, 900)
        found = [_midpoints(hessian.block)]
        if hessian.repeated is not None:
            found += [_midpoints(hessian.repeated)] * hessian.multiplicity
    return np.sort(np.concatenate(found))


def _midpoints(matrix):
    with mpmath.mp.workdps(250):
        n = matrix.nrows()
        exact = mpmath.matrix(
            [[mpmath.mpf(matrix[i, j].mid().str(250, radius=False)) for j in range(n)] for i in range(n)]
        )
        return np.array([float(x) for x in mpmath.eigsy(exact, eigvals_only=True)])


def mp_eigenvalues(network, blocks):
    """Of the Hessian put together from ``blocks(w, z)`` = (E[s's' xx^T], E[ss'x] with x' of z, E[ss]) in multiprecision."""
    with mpmath.mp.workdps(60):
        k, d = network.W.shape
        W = [[mpmath.mpf(float(x)) for x in row] for row in network.W]
        a = [mpmath.mpf(float(x)) for x in network.a]
        H = mpmath.zeros(k * d + k)
        for i in range(k):
            for j in range(k):
                ww, sw, ss = blocks(W[i], W[j])
                for p in range(d):
                    for q in range(d):
                        H[i * d + p, j * d + q] = a[i] * a[j] * ww[p][q]
                    H[k * d + i, j * d + p] = H[j * d + p, k * d + i] = a[j] * sw[p]
                H[k * d + i, k * d + j] = ss
        return np.array([float(x) for x in mpmath.eigsy((H + H.T) / 2, eigvals_only=True)])


def kinked_blocks(slope):
    """Of s u + t max(u, 0) from the arc-cosine formulas (science 2.3), far from angle 0."""
    mp = mpmath.mp
    s, t = mp.mpf(slope), 1 - mp.mpf(slope)

    def blocks(w, z):
        d = len(w)
        nw, nz = mp.sqrt(sum(x * x for x in w)), mp.sqrt(sum(x * x for x in z))
        u, v = [x / nw for x in w], [x / nz for x in z]
        cosine = sum(x * y for x, y in zip(u, v, strict=True))
        same = w == z
        angle = mp.mpf(0) if same else mp.acos(max(min(cosine, 1), -1))
        sine = mp.sin(angle)
        ww = [[mp.mpf(0)] * d for _ in range(d)]
        for p in range(d):
            for q in range(d):
                value = (s * s + s * t + t * t * (mp.pi - angle) / (2 * mp.pi)) * (p == q)
                if not same and d > 1:
                    value += (
                        t
                        * t
                        / (2 * mp.pi)
                        * (u[p] * v[q] + v[p] * u[q] - cosine * (u[p] * u[q] + v[p] * v[q]))
                        / sine
                    )
                ww[p][q] = value
        # E[s(u) s'(v) x] = k11 w + k02 z
        k11, k02 = s * s + s * t + t * t * (mp.pi - angle) / (2 * mp.pi), t * t * sine * nw / (2 * mp.pi * nz)
        return (
            ww,
            [k11 * x + k02 * y for x, y in zip(w, z, strict=True)],
            nw * nz * (k11 * cosine + t * t * sine / (2 * mp.pi)),
        )

    return blocks


def line_blocks(function, slope):
    """Of neurons with one input: integrals over it, cut where the longest neuron bends."""
    mp = mpmath.mp

    def blocks(w, z):
        largest = max(abs(w[0]), abs(z[0]))
        bends = [0, *(c / largest for c in (1, 3, 10, 40, 120))]
        cuts = sorted({c for c in (*bends, mp.mpf(1) / 2, 1, 2, 4, 8, 16) if c <= 16})

        def mean(f):
            density = lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)  # noqa: E731
            return mp.quad(lambda x: (f(x) + f(-x)) * density(x), cuts)

        u, v = w[0], z[0]
        return (
            [[mean(lambda x: slope(u * x) * slope(v * x) * x * x)]],
            [mean(lambda x: function(u * x) * slope(v * x) * x)],
            mean(lambda x: function(u * x) * function(v * x)),
        )

    return blocks


def is_refused(spec, scale):
    return scale > LARGEST.get(spec, np.inf)


@pytest.mark.parametrize("spec", CLOSED)
def test_bars_of_closed_forms_cover_the_error_against_balls(check_covered, spec):
    activation = parse_activation(spec)
    for scale in SCALES:
        for W, a in ARRANGEMENTS.values():
            network = Network(scale * W, a, activation)
            exact = [] if is_refused(spec, scale) else ball_eigenvalues(network)
            check_covered(network, exact, is_refused(spec, scale), floor=1e-100)


@pytest.mark.parametrize("spec", KINKED)
def test_bars_at_kinks_cover_the_error_against_multiprecision(check_covered, spec):
    blocks = kinked_blocks({"relu": 0.0, "abs": -1.0}.get(spec, 0.1))
    for scale in (1e-300, 1e-155, *SCALES):
        for name in ("two neurons", "one", "in many inputs"):
            W, a = ARRANGEMENTS[name]
            network = Network(scale * W, a, parse_activation(spec))
            check_covered(network, mp_eigenvalues(network, blocks))


LINES = (TWO[:, :1], TWO[:, :1] * [[1.0], [-1.0]])


def line_network(spec, scale, W):
    return Network(scale * W, READ_OUT, parse_activation(spec))


@pytest.mark.parametrize("spec", BY_QUADRATURE)
@pytest.mark.parametrize("scale", [1e6, 1e8])
def test_a_quadrature_that_would_not_end_is_refused(check_covered, spec, scale):
    check_covered(line_network(spec, scale, LINES[0]), [], refused=True)


@pytest.mark.slow
@pytest.mark.parametrize("spec", BY_QUADRATURE)
def test_bars_of_quadratures_cover_the_error_on_a_line_at_every_scale(check_covered, of_many_digits, spec):
    for scale in [10.0**p for p in range(-8, 4)]:
        for W in LINES:
            network = line_network(spec, scale, W)
            check_covered(network, mp_eigenvalues(network, line_blocks(*of_many_digits[spec])))


@pytest.mark.parametrize("spec", ["erf:scale=1e4", "erf:scale=1e6", "erf:scale=1e8", "erf:scale=10"])
def test_bars_of_a_steep_activation(check_covered, spec):
    """At scale 1e4 the smallest eigenvalue was -1.1e-5 ± 2.8e-15 where 7.84e-5 is exact."""
    network = Network([[0.7]], [1.3], spec)
    check_covered(network, ball_eigenvalues(network), floor=1e-100)
    if spec == "erf:scale=1e4":
        assert spectrum(network).eigenvalues[0] == pytest.approx(7.84e-5, rel=1e-3)


def test_bars_of_neurons_of_different_sizes(check_covered):
    for spec in ("erf", "gelu", "normal_cdf", "gaussian_bump", "sin"):
        network = Network([[1e6, 1.0], [0.3, -1.0], [2e-6, 1e-6]], [1.0, -2.0, 0.5], spec)
        check_covered(network, ball_eigenvalues(network), floor=1e-100)


@pytest.mark.parametrize(
    "scale", [1e-300, 1e-155, 1e-150, 1e-145, 1e-140, 1e-78, 1e-10, 1.0, 1e10, 1e70, 1e140]
)
def test_a_homogeneous_activation_has_the_same_weight_block_at_any_scale(scale):
    """Squares of weights over- or underflow long before the weights do."""
    W, a = np.array([[1.0, 0.5, -0.2], [1.0, 2.0, 0.5]]), np.array([1.0, -1.0])
    found = spectrum(Problem(Network(scale * W, a, "relu"), trainable="W")).eigenvalues
    np.testing.assert_allclose(found, [0.0110, 0.1197, 0.2285, 0.7715, 0.8803, 0.9890], atol=5e-5)
    np.testing.assert_allclose(
        found, spectrum(Problem(Network(W, a, "relu"), trainable="W")).eigenvalues, rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("spec", ["relu", "leaky_relu:slope=0.1", "abs"])
def test_short_neurons_of_a_homogeneous_activation_have_their_hessian(spec):
    """Beside the blocks of the directions, those of the read-outs underflow: an operator, its product and its sums agree."""
    W, a = np.array([[1.0, 0.5, -0.2], [1.0, 2.0, 0.5]]), np.array([1.0, -1.0])
    scales = np.array([1e-155, 2.0])
    short, unit = (
        hessian_at_optimum(Network(s[:, None] * W, a, spec, s * [0.2, -0.1], 0.3))
        for s in (scales, np.ones(2))
    )
    factors = np.ones(unit.size)
    factors[unit.layout.slices["a"]] = scales
    expected = factors[:, None] * unit.dense() * factors
    np.testing.assert_allclose(short.dense(), expected, rtol=1e-13, atol=1e-14)
    v = np.random.default_rng(0).standard_normal(unit.size)
    np.testing.assert_allclose(short.matvec(v), expected @ v, rtol=1e-13, atol=1e-13)
    assert short.trace() == pytest.approx(np.trace(expected), rel=1e-13)
    assert short.frobenius_norm() == pytest.approx(np.linalg.norm(expected), rel=1e-13)


def test_what_underflows_has_a_bar_that_says_so():
    network = Network(1e-155 * TWO, READ_OUT, "relu")
    found = spectrum(Problem(network, trainable="a"))
    assert np.all(found.errors > 0) and np.all(found.eigenvalues < 1e-308)
    several = Network(1e-155 * TWO, np.arange(6.0).reshape(3, 2), "relu")
    assert spectrum(several).eigenvalues == pytest.approx(
        np.sort(np.linalg.eigvalsh(hessian_at_optimum(several).dense())), abs=1e-13
    )


def test_short_neurons_away_from_the_optimum_and_under_other_kinks_are_refused():
    short = Network(1e-155 * TWO, READ_OUT, "relu")
    with pytest.raises(InputError, match="norms"):
        Problem(Network(TWO, READ_OUT, "relu")).hessian(short)
    with pytest.raises(InputError, match="norms"):
        spectrum(Network(1e-155 * TWO, READ_OUT, Numerical(jax.nn.relu, kinks=(0.0,))))


@pytest.mark.parametrize(
    "spec", ["relu", "abs", "linear", "erf", "gelu", "exp", "tanh", "quadratic:alpha=0", "cos"]
)
@pytest.mark.parametrize("scale", [1e-300, 1e-155, 1e155, 1e300])
def test_what_cannot_be_squared_is_refused_or_right(spec, scale):
    network = Network(scale * np.array([[1.0, 0.5], [0.3, -1.0]]), [1.0, -1.0], spec)
    try:
        found = spectrum(network)
    except InputError as error:
        assert "norms" in str(error)
    else:
        assert scale < 1
        if network.activation.kinks:  # its blocks are those of the directions
            unit = hessian_at_optimum(network.with_layers({"W": network.W / scale})).dense()
            unit[:, 4:] = unit[4:] = 0.0
            np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(unit), rtol=0, atol=1e-12)
            return
        nothing = spectrum(Network(0 * network.W, network.a, spec))
        np.testing.assert_allclose(found.eigenvalues, nothing.eigenvalues, rtol=0, atol=1e-12)
