"""Hessian blocks of nearly parallel and opposite neurons: the angle swept to 1e-16 against 50-digit arithmetic."""

import jax
import mpmath
import numpy as np
import pytest

from tutelage.activations import Abs, Erf, LeakyRelu, Polynomial, Relu
from tutelage.base.errors import NoHessianError
from tutelage.moments import pair_moments, plane_terms

D = 3


def two_neurons(angle, supplement, norms):
    basis, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(D, 2)))
    z = np.cos(angle) * basis[:, 0] + np.sin(angle) * basis[:, 1]
    return norms[0] * basis[:, 0], norms[1] * (-z if supplement else z)


def our_blocks(activation, W, Z):
    """E[s'(u)s'(v)xx'] and E[s''(u)s(v)xx'] of the pairs (W_i, Z_i)."""
    with jax.enable_x64(True):
        m = type(pair_moments(activation, W, Z))(*map(np.asarray, pair_moments(activation, W, Z)))
    plane = plane_terms(activation, W, Z)
    outer, functional = [], []
    for i, (w, z) in enumerate(zip(W, Z, strict=True)):
        ww, zz, mixed = np.outer(w, w), np.outer(z, z), np.outer(w, z) + np.outer(z, w)
        k = {name: getattr(m, name)[i, i] for name in m._fields}
        A = k["k11"] * np.eye(D) + k["k31"] * ww + k["k22"] * mixed + k["k13"] * zz
        B = k["k20"] * np.eye(D) + k["k40"] * ww + k["k31"] * mixed + k["k22"] * zz
        for t in [] if plane is None else np.flatnonzero((plane.i == i) & (plane.j == i)):
            p, q, e, n = plane.p[t], plane.m[t], plane.w[t], plane.n[t]
            c, f = plane.outer[t], plane.functional[t]
            A = A + c[0] * np.outer(p, p) + c[1] * np.outer(q, q) + c[2] * (np.outer(p, q) + np.outer(q, p))
            B = B + f[0] * np.outer(e, e) + f[1] * (np.outer(e, n) + np.outer(n, e)) + f[2] * np.outer(n, n)
        outer.append(A)
        functional.append(B)
    return outer, functional


def true_blocks(activation, w, z):
    w, z = mpmath.matrix(w.tolist()), mpmath.matrix(z.tolist())
    q_uu, q_uv, q_vv = (w.T * w)[0], (w.T * z)[0], (z.T * z)[0]
    one = mpmath.eye(D)
    if not activation.kinks:
        k = activation.tables(q_uu, q_uv, q_vv, mpmath.mp)
        outer = k.k11 * one + k.k31 * w * w.T + k.k22 * (w * z.T + z * w.T) + k.k13 * z * z.T
        functional = k.k20 * one + k.k40 * w * w.T + k.k31 * (w * z.T + z * w.T) + k.k22 * z * z.T
        return outer, functional
    # Science 2.3 as printed; 60 digits make its 0/0 harmless.
    s = mpmath.mpf(activation.slope)
    c = (1 - s) ** 2 / (2 * mpmath.pi)
    norm_u, norm_v = mpmath.sqrt(q_uu), mpmath.sqrt(q_vv)
    u, v = w / norm_u, z / norm_v
    sine = mpmath.sqrt(q_uu * q_vv - q_uv**2) / (norm_u * norm_v)
    cosine = q_uv / (norm_u * norm_v)
    angle = mpmath.atan2(sine, cosine)
    plane = (u * v.T + v * u.T - cosine * (u * u.T + v * v.T)) / sine if sine else 0 * one
    n = (v - cosine * u) / sine if sine else 0 * u
    k20 = c * norm_v * sine / norm_u
    return (s + c * (mpmath.pi - angle)) * one + c * plane, k20 * (one - u * u.T + n * n.T)


def relative_error(ours, truth):
    norm = mpmath.norm(truth)
    difference = mpmath.norm(mpmath.matrix(ours.tolist()) - truth)
    return float(difference / norm) if norm else float(difference)


@pytest.mark.parametrize("norms", [(1.3, 0.4), (3.0, 3e-3), (7e-3, 7.0)])
@pytest.mark.parametrize(
    "activation",
    [Relu(), LeakyRelu(0.3), Abs(), Erf(), Polynomial((0.0, 1.0, -0.3, 0.2))],
    ids=lambda s: s.name,
)
def test_blocks_are_right_to_1e_13_at_every_angle(activation, norms):
    angles = [0.3, 0.101, 0.099, *(10.0**-e for e in range(2, 17)), 0.0]
    pairs = [two_neurons(a, supplement, norms) for a in angles for supplement in (False, True)]
    W, Z = (np.stack(rows) for rows in zip(*pairs, strict=True))
    outer, functional = our_blocks(activation, W, Z)
    with mpmath.workdps(60):
        for i, (w, z) in enumerate(zip(W, Z, strict=True)):
            A, B = true_blocks(activation, w, z)
            assert relative_error(outer[i], A) < 1e-13, (i // 2, i % 2)
            if (
                activation.kinks
            ):  # the functional block vanishes with the sine, and stays right relative to itself
                assert relative_error(functional[i], B) < 1e-13 or mpmath.norm(B) < 1e-30, (i // 2, i % 2)
            else:
                assert relative_error(functional[i], B) < 1e-12, (i // 2, i % 2)


@pytest.mark.parametrize("activation", [Relu(), LeakyRelu(0.3), Abs()], ids=lambda s: s.name)
def test_duplicated_and_opposite_neurons_are_exact(activation):
    w = np.array([0.3, -1.2, 0.5])
    (same, opposite), _ = our_blocks(activation, np.stack([w, w]), np.stack([w, -w]))
    s = activation.slope
    # E[s'(u)^2] = (1 + s^2)/2 and E[s'(u)s'(-u)] = s, both times the identity
    np.testing.assert_allclose(same, (1 + s * s) / 2 * np.eye(D), rtol=0, atol=1e-15)
    np.testing.assert_allclose(opposite, s * np.eye(D), rtol=0, atol=1e-15)


def test_loss_derivatives_of_kinked_activations_stay_finite_at_duplicates():
    from tutelage.moments import dual_matrix

    W = np.array([[0.3, -1.2, 0.5], [0.3, -1.2, 0.5], [-0.6, 2.4, -1.0], [0.1, 0.2, 0.3]])
    with jax.enable_x64(True):
        gradient = jax.grad(lambda W: dual_matrix(Relu(), W, W)[0].sum())(W)
        hessian = jax.jacfwd(jax.grad(lambda W: dual_matrix(Relu(), W, W).sum()))(W)
        # E|relu|^2 = |w|^2/2 is smooth on the diagonal: d/dw_0 of kappa(w_0, w_0) is w_0
        diagonal = jax.grad(lambda W: dual_matrix(Relu(), W, W)[0, 0])(W)
    assert np.all(np.isfinite(gradient)) and np.all(np.isfinite(hessian))
    np.testing.assert_allclose(diagonal[0], W[0], rtol=1e-14)


def test_a_zero_neuron_under_a_kink_is_named():
    W = np.array([[1.0, 2.0], [0.0, 0.0]])
    with pytest.raises(NoHessianError, match="zero row 1"):
        plane_terms(Abs(), W, W)
    assert plane_terms(Erf(), W, W) is None
