"""Is a function as smooth between its declared kinks as the quadrature rules assume? Two steps must agree."""

from __future__ import annotations

import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations.gaussian_rule import Elementwise, derivatives
from tutelage.activations.kinked_rule import LONGEST, NODES, PER_STRIP, WEIGHTS
from tutelage.base.errors import InputError, QuadratureWarning
from tutelage.base.precision import pinned

# Ends away from round numbers: a kink at one would fall between two panels, where no step can see it.
_ENDS = (-9.5713, 9.2381)
_AGREE = 1e-8
_MOST_PANELS = 4000


def require_smooth(function: Elementwise, kinks: tuple[float, ...], strip: float) -> None:
    """Warn where integrals of the function and its three first derivatives change when the step is halved.

    A jump J of a derivative at c changes them by about :math:`0.04 J e^{-c^2/2}`: seen for |c| < 5.

    Raises
    ------
    InputError
        A function that JAX cannot trace, or values that are no numbers.
    """
    change, low, high = _disagreement(function, kinks, strip)
    if change > _AGREE:
        warnings.warn(
            f"Numerical({getattr(function, '__name__', 'function')}): integrals change by {change:.1e} when the step is "
            f"halved, most of all between u = {low:.2g} and {high:.2g}: a kink there that is not declared (write "
            f"kinks=(...,)), or a function that is not analytic for |Im u| < {strip:g} (write a smaller strip=)",
            QuadratureWarning,
            stacklevel=4,
        )


@functools.lru_cache(maxsize=256)
def _disagreement(
    function: Elementwise, kinks: tuple[float, ...], strip: float
) -> tuple[float, float, float]:
    """The change relative to the largest integral, and the panel where it is largest."""
    inside = [c for c in kinks if _ENDS[0] < c < _ENDS[1]]
    pieces = np.array([_ENDS[0], *inside, _ENDS[1]])
    counts = np.ceil(np.diff(pieces) / min(LONGEST, PER_STRIP * strip)).astype(int)
    if counts.sum() > _MOST_PANELS:
        return 0.0, *_ENDS
    ends = zip(pieces[:-1], pieces[1:], counts, strict=True)
    edges = np.append(np.concatenate([np.linspace(*end, endpoint=False) for end in ends]), pieces[-1])
    fine = np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
    coarse, halved = _integrals(function, edges), _integrals(function, fine)
    changes = np.abs(coarse - halved[:, ::2] - halved[:, 1::2]).sum(axis=0)
    worst, size = int(np.argmax(changes)), np.abs(halved).sum(axis=1).max()
    return (
        float(changes.sum() / max(size, np.finfo(float).tiny)),
        float(edges[worst]),
        float(edges[worst + 1]),
    )


def _integrals(function: Elementwise, edges: np.ndarray) -> np.ndarray:
    """Gaussian integrals of f and three derivatives over each panel, shape (4, panels)."""
    width = np.diff(edges)[:, None]
    u = edges[:-1, None] + width * NODES
    weights = width * WEIGHTS * np.exp(-u * u / 2) / np.sqrt(2 * np.pi)
    return (weights * _derivatives(function, u)).sum(axis=2)


def _derivatives(function: Elementwise, u: np.ndarray) -> np.ndarray:
    try:
        with pinned():
            found = np.asarray(jax.jit(lambda u: jnp.stack(derivatives(function, 3, u)))(u))
    except jax.errors.TracerArrayConversionError:
        raise InputError(
            f"Numerical: expected a function written with jax.numpy, got {getattr(function, '__name__', function)!r}, which "
            "wants NumPy arrays; write jnp.tanh for np.tanh (import jax.numpy as jnp)"
        ) from None
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Numerical: expected a function of one array with jax.numpy, got {getattr(function, '__name__', function)!r}, "
            f"which fails on one ({error}); write for example lambda u: jnp.tanh(u)"
        ) from None
    if not np.isfinite(found).all():
        order, *where = np.argwhere(~np.isfinite(found))[0]
        raise InputError(
            f"Numerical: expected finite values and derivatives, got {found[order, *where]} for derivative {order} at "
            f"u = {u[tuple(where)]:.3g}; the function must exist on the whole line and grow slower than exp(u^2 / 4)"
        )
    return found
