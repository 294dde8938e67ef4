"""Spectra of many small teachers at once, against blocks written by hand in NumPy and one batched ``eigvalsh``.

Claim: ``spectrum_many`` reaches half the throughput of a peer that knows the activation's formulas and nothing else: no
error bars, no checks, no refinement, no other shapes. The peers: erf and ReLU, the Hessian of science 1.4 by broadcasting
over all teachers; quadratic, the Gram matrix of the derivatives of its Hermite coefficients. Medians of five runs each, in
turns, in processor seconds; teachers that need extended precision are timed apart.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from turns import medians
from tutelage import Network, sample_teachers, spectrum, spectrum_many
from tutelage.store import provenance

COUNT, RUNS = 100, 5


def erf_tables(W: np.ndarray) -> tuple[np.ndarray, ...]:
    """k_00 k_11 k_20 k_22 k_31 of all pairs, [C25] (16)-(18)."""
    q = W @ W.transpose(0, 2, 1)
    A = 1 + 2 * np.einsum("nii->ni", q)
    D = A[:, :, None] * A[:, None, :] - 4 * q * q
    k11 = 4 / np.pi / np.sqrt(D)
    k22 = 4 * k11 * q / D
    k31 = -2 * k11 * A[:, None, :] / D
    return 2 / np.pi * np.arctan2(2 * q, np.sqrt(D)), k11, -2 * q * k11 / A[:, :, None], k22, k31


def relu_tables(W: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same by arc-cosine kernels; a neuron with itself has k_11 alone."""
    q = W @ W.transpose(0, 2, 1)
    norm = np.sqrt(np.einsum("nii->ni", q))
    own = np.eye(W.shape[1], dtype=bool)
    cosine = np.where(own, 1.0, np.clip(q / (norm[:, :, None] * norm[:, None, :]), -1, 1))
    angle = np.arccos(cosine)
    sine = np.sin(angle)
    root = norm[:, :, None] * norm[:, None, :] * sine
    k11 = (np.pi - angle) / (2 * np.pi)
    k22 = np.where(own, 0.0, 1 / (2 * np.pi * np.where(own, 1.0, root)))
    k31 = -k22 * cosine * norm[:, None, :] / norm[:, :, None]
    return (
        k11 * q + root / (2 * np.pi),
        k11,
        sine * norm[:, None, :] / norm[:, :, None] / (2 * np.pi),
        k22,
        k31,
    )


def by_hand(tables: Callable, W: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Eigenvalues (n, P) of the assembled Hessians."""
    (n, k, d), P = W.shape, W.shape[1] * (W.shape[2] + 1)
    k00, k11, k20, k22, k31 = tables(W)
    G = a[:, :, None] * a[:, None, :]
    H = np.empty((n, P, P))
    ww = H[:, : k * d, : k * d].reshape(n, k, d, k, d)
    own, other = W[:, :, :, None, None], W.transpose(0, 2, 1)[:, None, :, :, None]
    own_q, other_q = W[:, :, None, None, :], W[:, None, None, :, :]
    x22, x31 = ((G * t)[:, :, None, :, None] for t in (k22, k31))
    x13 = (G * k31.transpose(0, 2, 1))[:, :, None, :, None]
    ww[...] = own * (x31 * own_q + x22 * other_q) + other * (x22 * own_q + x13 * other_q)
    each = np.arange(d)
    ww[:, :, each, :, each] += (G * k11)[None]
    inner = k20[:, :, None, :] * W[:, :, :, None] + k11[:, :, None, :] * W.transpose(0, 2, 1)[:, None, :, :]
    mixed = (a[:, :, None, None] * inner).reshape(n, k * d, k)
    H[:, : k * d, k * d :], H[:, k * d :, : k * d] = mixed, mixed.transpose(0, 2, 1)
    H[:, k * d :, k * d :] = k00
    return np.linalg.eigvalsh(H)


def quadratic_by_hand(W: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The eigenvalues (n, d + d(d + 1)/2) that are not zero for u + u², by the derivatives of its Hermite coefficients."""
    n, k, d = W.shape
    p, q = np.triu_indices(d)
    scale = np.where(p == q, np.sqrt(2.0), 2.0)
    F = np.zeros((n, 1 + d + len(p), k, d + 1))
    F[:, 0, :, :d], F[:, 0, :, d] = 2 * a[:, :, None] * W, np.sum(W * W, axis=2)
    each, pair = np.arange(d), 1 + d + np.arange(len(p))
    F[:, 1 + each, :, each], F[:, 1 : 1 + d, :, d] = a[None], W.transpose(0, 2, 1)
    for one, other in ((p, q), (q, p)):
        F[:, pair, :, one] += scale[:, None, None] * (a[:, :, None] * W[:, :, other]).transpose(2, 0, 1)
    F[:, 1 + d :, :, d] = scale[:, None] * (W[:, :, p] * W[:, :, q]).transpose(0, 2, 1)
    F = F.reshape(n, len(F[0]), -1)
    return np.linalg.eigvalsh(F @ F.transpose(0, 2, 1))[:, 1:]


CASES: dict[tuple[str, int, int], Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ("erf", 10, 10): lambda W, a: by_hand(erf_tables, W, a),
    ("quadratic", 10, 20): quadratic_by_hand,
    ("relu", 8, 8): lambda W, a: by_hand(relu_tables, W, a),
}


def compare(case: tuple[str, int, int], peer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """One line: teachers a second of the peer, of the batch and one by one, for teachers that LAPACK resolves."""
    drawn = sample_teachers(*case, count=COUNT)
    extended = [s.method.startswith("extended") for s in spectrum_many(drawn)]
    plain: list[Network] = [t for t, refined in zip(drawn, extended, strict=True) if not refined]
    W, a = np.stack([t.W for t in plain]), np.stack([t.a for t in plain])
    by_peer = peer(W, a)
    ours = np.stack([s.eigenvalues[-by_peer.shape[1] :] for s in spectrum_many(plain)])
    worst = float(np.max(np.abs(by_peer - ours) / ours[:, -1:]))
    hand, batch, single = medians(
        lambda: peer(W, a), lambda: spectrum_many(plain), lambda: [spectrum(t) for t in plain], repeats=RUNS
    )
    n = len(plain)
    name = f"{case[0]} {case[1]}x{case[2]}"
    print(f"{name}: by hand {n / hand:.0f}/s, spectrum_many {n / batch:.0f}/s, one by one {n / single:.0f}/s; "
          f"spectrum_many / by hand {hand / batch:.2f} (claim: >= 0.5); |difference| {worst:.0e} of the largest")  # fmt: skip
    rest = [t for t, refined in zip(drawn, extended, strict=True) if refined]
    if rest:
        (refining,) = medians(lambda: spectrum_many(rest), repeats=RUNS)
        print(f"  refined: {len(rest)} of {COUNT}, {1e3 * refining / len(rest):.1f} ms each (claim: <= 20)")


def main(*names: str) -> None:
    machine = provenance()
    print(f"machine: {machine['cpu']}, {machine['threads']} processors, {machine['platform']}")
    for case, peer in CASES.items():
        if not names or case[0] in names:
            compare(case, peer)


if __name__ == "__main__":
    main(*sys.argv[1:])
