"""spectrum() of networks of many shapes: pair tables compiled once for many sizes, against once for every size.

Claim: thirty networks of thirty shapes cost at most a third of what they cost when the tables are compiled for the
shape at hand (as ``jax.jit`` does), which is what a sweep over d and k, or a first call, waits for.

Activations: erf, ReLU and tanh, or those named on the command line.
"""

from __future__ import annotations

import contextlib
import sys
import time
from unittest import mock

import jax

from tutelage import sample_teacher, spectrum
from tutelage.store import provenance

FILLING = ("tutelage.moments", "tutelage.activations.close_pairs", "tutelage.activations.quadrature")


def seconds(activation: str, sizes: range) -> float:
    """Wall time of the spectra of d = k + 1, for k in ``sizes``, with nothing compiled before."""
    jax.clear_caches()
    start = time.perf_counter()
    for k in sizes:
        spectrum(sample_teacher(activation, d=k + 1, k=k, seed=0))
    return time.perf_counter() - start


def for_the_shapes_at_hand(activation: str, sizes: range) -> float:
    """The peer: the same tables, nothing filled up."""
    with contextlib.ExitStack() as stack:
        for module in FILLING:
            stack.enter_context(mock.patch(f"{module}.filled", lambda rows: rows))
        return seconds(activation, sizes)


def main(activations: list[str], sizes: range = range(2, 32)) -> None:
    print({key: provenance()[key] for key in ("cpu", "threads")})
    for activation in activations:
        ours, peer = seconds(activation, sizes), for_the_shapes_at_hand(activation, sizes)
        print(
            f"{activation}, {len(sizes)} shapes: {ours:.1f} s; compiled for each: {peer:.1f} s; "
            f"ratio {peer / ours:.1f} (claim: at least 3)"
        )


if __name__ == "__main__":
    main(sys.argv[1:] or ["erf", "relu", "tanh"])
