"""spectrum() of networks of many shapes: pair tables compiled once for many sizes, against once for every size.

Claim: thirty erf networks of thirty shapes cost at most a third of what they cost when the tables are compiled for the
shape at hand (as ``jax.jit`` does), which is what a sweep over d and k, or a first call, waits for.
"""

from __future__ import annotations

import time

import numpy as np

from tutelage import moments, sample_teacher, spectrum
from tutelage.moments import PairMoments, pair_moments
from tutelage.store import provenance


def for_the_shape_at_hand(activation, W, Z) -> PairMoments:
    """The peer of ``pair_tables``: the same tables, nothing filled up."""
    return PairMoments(*map(np.asarray, pair_moments(activation, W, Z)))


def seconds(activation: str, sizes: range) -> float:
    """Wall time of the spectra of d = k + 1, for k in ``sizes``."""
    start = time.perf_counter()
    for k in sizes:
        spectrum(sample_teacher(activation, d=k + 1, k=k, seed=0))
    return time.perf_counter() - start


def main(sizes: range = range(2, 32)) -> None:
    print({key: provenance()[key] for key in ("cpu", "threads")})
    # Two scales of one activation, so that neither finds what the other has compiled.
    ours = seconds("erf:scale=0.9", sizes)
    moments.pair_tables = for_the_shape_at_hand
    peer = seconds("erf:scale=1.1", sizes)
    print(
        f"{len(sizes)} shapes: {ours:.1f} s; compiled for each: {peer:.1f} s; ratio {peer / ours:.1f} (claim: at least 3)"
    )


if __name__ == "__main__":
    main()
