"""The floating-point rank of an architecture: for kinked activations and irrational coefficients."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from tutelage.architecture import Architecture
from tutelage.base import check
from tutelage.base.numerical_rank import count_above
from tutelage.base.precision import float64
from tutelage.base.types import Array
from tutelage.rank.formulas import Count, closed_count, upper_bound
from tutelage.rank.result import RankResult
from tutelage.teachers import layer_rng

Parameters = list[tuple[np.ndarray, np.ndarray | None]]


def numerical_rank(architecture: Architecture, seed: int = 0) -> RankResult:
    """Singular values of the Jacobian at 3 P + 20 Gaussian points; weights N(0, 1/fan-in)."""
    n_params, who = architecture.n_params, "effective_parameters(method='numerical')"
    n_points = 3 * n_params + 20
    check.fits_in_memory(
        24.0 * n_points * n_params, who, f"a Jacobian of {n_points} x {n_params} (P = {n_params})",
        f"about P = {int((check.available_bytes() / 72) ** 0.5)}", "choose a smaller architecture",
    )  # fmt: skip
    values = scipy.linalg.svd(
        _float_jacobian(architecture, seed, n_points), compute_uv=False, overwrite_a=True, check_finite=False
    )
    # The rule of numpy.linalg.matrix_rank.
    relative = max(n_points, n_params) * np.finfo(np.float64).eps
    floating = count_above(values, relative, "singular values of the sampled Jacobian")
    ceiling = upper_bound(architecture)
    formula = closed_count(architecture)
    notes = [f"counted in floating point, gap {floating.gap:.1e}"]
    if len(architecture.activations) > 1 and any(s.kinks for s in architecture.activations):
        notes.append(
            "deep kinked networks: the rank depends on the region of weights (dead and always active units)"
        )
    return RankResult(
        floating.rank, n_params, "generic", "numerical", Count(0, "nothing certified"), ceiling, formula,
        floating=floating, failure_probability=float("nan"),
        notes=tuple(notes),
    )  # fmt: skip


@float64
def _float_jacobian(architecture: Architecture, seed: int, n_points: int) -> np.ndarray:
    import jax
    import jax.numpy as jnp

    parameters: Parameters = []
    sizes = zip(architecture.widths[:-1], architecture.widths[1:], architecture.biases, strict=True)
    for layer, (n_in, n_out, bias) in enumerate(sizes):
        rng = layer_rng(seed, 0, layer)
        parameters.append(
            (rng.normal(size=(n_out, n_in)) / n_in**0.5, rng.normal(size=n_out) if bias else None)
        )
    rng = layer_rng(seed, 0, len(parameters))
    points = jnp.asarray(rng.normal(size=(n_points, architecture.widths[0])))
    cotangents = jnp.asarray(rng.normal(size=(n_points, architecture.widths[-1])))

    def output(parameters: Parameters, x: Array, cotangent: Array) -> Array:
        for layer, (weight, bias) in enumerate(parameters):
            x = weight @ x + (0.0 if bias is None else bias)
            if layer < len(architecture.activations):
                x = architecture.activations[layer](x)
        return cotangent @ x

    gradients = jax.jit(jax.vmap(jax.grad(output), in_axes=(None, 0, 0)))(parameters, points, cotangents)
    return np.concatenate(
        [np.asarray(leaf).reshape(n_points, -1) for leaf in jax.tree.leaves(gradients)], axis=1
    )
