"""Families of input laws: spikes, power laws, estimates from data, and their written form."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.npz import read_arrays
from tutelage.base.roots import Root
from tutelage.base.spec import format_spec, parse_spec
from tutelage.base.types import ArrayLike
from tutelage.inputs import GaussianInputs, Seed


def spiked(
    d: int, strength: float | Sequence[float], count: int = 1, seed: Seed = 0, mean: ArrayLike | None = None
) -> GaussianInputs:
    r"""N(μ, I + Σ_j θ_j v_j v_jᵀ) with random orthonormal v_j: white inputs that vary more in a few directions.

    Nothing of size d² is formed, so that d = 10⁵ stays cheap.

    Parameters
    ----------
    d : int
    strength : float or sequence of float
        θ ≥ −1, one for all spikes or one each.
    count : int
        Number of spikes, at most d.
    seed : int, sequence of int or Generator
        Of the directions.
    mean : array_like, shape (d,), optional

    Examples
    --------
    >>> np.linalg.eigvalsh(spiked(3, strength=5, count=2).covariance).round(12)
    array([1., 6., 6.])
    """
    d, count = check.integer(d, "spiked", "d"), check.integer(count, "spiked", "count")
    if count > d:
        raise InputError(f"spiked: expected a count of spikes up to d = {d}, got {count}")
    theta = np.broadcast_to(check.float_array(strength, "spiked", "strength"), (count,)) * 1.0
    if theta.min() < -1:
        raise InputError(
            f"spiked: expected strengths of at least -1, got {theta.min():g}; variances are 1 + strength"
        )
    vectors = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, count)))[0]
    return GaussianInputs.of_root(_mean(mean, d, "spiked"), Root(1.0, vectors, np.sqrt(1 + theta)))


def power_law(d: int, exponent: float = 1.0, mean: ArrayLike | None = None) -> GaussianInputs:
    r"""N(μ, Σ), Σ diagonal with variances :math:`\propto l^{-\text{exponent}}`, l = 1 ... d, their mean 1.

    Examples
    --------
    >>> np.diag(power_law(2, exponent=1).covariance).round(3)
    array([1.333, 0.667])
    """
    d = check.integer(d, "power_law", "d")
    exponent = check.number(exponent, "power_law", "exponent", minimum=0.0)
    check.fits_in_memory(
        32.0 * d * d, "power_law", f"{d} different variances, which leave nothing to reduce,",
        f"d = {int((0.9 * check.available_bytes() / 32) ** 0.5)}", "choose a smaller d, or spiked inputs",
    )  # fmt: skip
    variances = np.arange(1.0, d + 1) ** -exponent
    root = Root(0.0, np.eye(d), np.sqrt(variances / variances.mean()))
    return GaussianInputs.of_root(_mean(mean, d, "power_law"), root)


def estimated(X: ArrayLike, shrinkage: float | None = None) -> GaussianInputs:
    r"""The Gaussian law with the mean of data and their covariance, shrunk towards a multiple of I.

    .. math:: \Sigma = (1 - \rho)\,S + \rho\,\tfrac{\mathrm{tr}\,S}{d}\,I,\qquad
        \rho = \min\Bigl(1, \frac{\frac1{n^2}\sum_\nu\|x_\nu x_\nu^T - S\|^2}{\|S - \frac{\mathrm{tr}\,S}{d}I\|^2}\Bigr)

    with centred x (the rule of Ledoit and Wolf, whose ρ has the least expected error as n and d grow together).

    Parameters
    ----------
    X : array_like, shape (n, d)
        At least two rows.
    shrinkage : float in [0, 1], optional
        ρ; by default the formula's.

    Examples
    --------
    >>> estimated([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]], shrinkage=0).covariance.round(12)
    array([[0.5, 0. ],
           [0. , 2. ]])
    """
    X = check.float_array(X, "estimated", "X", ndim=2)
    (n, d), mean = X.shape, X.mean(axis=0)
    if n < 2:
        raise InputError(f"estimated: expected at least two rows of X, got {n}; one has no covariance")
    _, values, basis = np.linalg.svd((X - mean) / np.sqrt(n), full_matrices=False)
    variances = values**2
    level = float(variances.sum()) / d
    if shrinkage is None:
        fourth = float(np.mean(np.sum((X - mean) ** 2, axis=1) ** 2))
        error = (fourth - float(np.sum(variances**2))) / n
        spread = float(np.sum(variances**2)) - d * level**2
        rho = min(1.0, error / spread) if spread > 0 else 1.0
    else:
        rho = check.number(shrinkage, "estimated", "shrinkage", minimum=0.0)
        if rho > 1:
            raise InputError(f"estimated: expected a shrinkage between 0 and 1, got {rho:g}")
    root = Root(np.sqrt(rho * level), basis.T, np.sqrt((1 - rho) * variances + rho * level))
    return GaussianInputs.of_root(mean, root)


def _mean(mean: ArrayLike | None, d: int, who: str) -> np.ndarray | None:
    if mean is None:
        return None
    mu = check.float_array(mean, who, "mean", ndim=1)
    check.same_length(mu.size, d, who, "the length of the mean and d")
    return mu if mu.any() else None


@dataclasses.dataclass(frozen=True)
class _Spiked:
    strength: float
    count: int = 1
    seed: int = 0

    def law(self, d: int) -> GaussianInputs:
        return spiked(d, self.strength, self.count, self.seed)

    def directions(self, d: int) -> int:
        return min(self.count, d)


@dataclasses.dataclass(frozen=True)
class _PowerLaw:
    exponent: float = 1.0

    def law(self, d: int) -> GaussianInputs:
        return power_law(d, self.exponent)

    def directions(self, d: int) -> int:
        return d


_FAMILIES: dict[str, type[_Spiked | _PowerLaw]] = {"spiked": _Spiked, "power_law": _PowerLaw}
_STANDARD = ("", "standard")


def _family(text: str) -> _Spiked | _PowerLaw | None:
    """What a text names; None where inputs are standard, and of a file."""
    check.text(text, "inputs", "law")
    if text.endswith(".npz"):
        return None
    return None if text in _STANDARD else parse_spec(text, _FAMILIES, "inputs")


def inputs_spec(text: str) -> str:
    """The full written form of :func:`parse_inputs`; a file is not opened.

    >>> inputs_spec("spiked:strength=5")
    'spiked:strength=5.0,count=1,seed=0'
    """
    family = _family(text)
    if text.endswith(".npz"):
        return text
    return "standard" if family is None else format_spec(text.partition(":")[0].strip(), family)


def seen_directions(text: str, d: int) -> int:
    """Directions of the inputs, beside those of the weights, that a symmetry reduction must keep (science 9b)."""
    family, d = _family(text), check.integer(d, "inputs", "d")
    if text.endswith(".npz"):
        return d
    return 0 if family is None else family.directions(d)


def parse_inputs(text: str, d: int, folders: Sequence[str] = ()) -> GaussianInputs:
    """The law of d inputs that a text names: ``standard``, ``spiked:strength=5,count=2``, ``power_law:exponent=1``, a file.

    A file ``.npz`` holds ``mean`` (d,) and ``covariance`` (d, d), either of which may be missing; it is looked for in
    ``folders``, then in the current one.

    Examples
    --------
    >>> parse_inputs("power_law:exponent=0", 3)
    GaussianInputs(d=3, standard)
    """
    family, d = _family(text), check.integer(d, "inputs", "d")
    if text.endswith(".npz"):
        found = (path for folder in folders if os.path.isfile(path := os.path.join(folder, text)))
        law = _from_file(next(found, text))
    elif family is None:
        return GaussianInputs()
    else:
        law = family.law(d)
    check.same_length(law.d or d, d, "inputs", "the dimension of the input law and d")
    return law


def _from_file(path: str) -> GaussianInputs:
    who = f"inputs {path!r}"
    wanted = "the arrays mean and covariance or one of them"

    def require(names: Sequence[str]) -> None:
        if not names or set(names) - {"mean", "covariance"}:
            raise InputError(f"{who}: expected {wanted}, got {', '.join(sorted(names)) or 'nothing'}")

    return GaussianInputs(**read_arrays(path, who, wanted, require))
