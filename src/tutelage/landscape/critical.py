r"""Critical points of networks with activation u²: the subsets of the teacher's eigenvectors, all shifted by one number.

The student is :math:`f(x) = x^\top A x`, :math:`A = \sum_i a_i w_i w_i^\top`, the teacher :math:`A_* = \sum_j \lambda_j v_j
v_j^\top`, inputs are standard normal. Where the gradient in W vanishes, A and A_* commute and (science 11.1)

.. math::
    A_S = \sum_{i\in S}\mu_i v_i v_i^\top,\quad \mu_i = \lambda_i + \tau_S,\quad
    \tau_S = \frac{\sum_{j\notin S}\lambda_j}{|S| + 2},\quad
    \varepsilon_S = \sum_{j\notin S}\lambda_j^2 + (|S| + 2)\,\tau_S^2 .
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from tutelage.base.value import Value
from tutelage.landscape.subsets import Eigenspaces
from tutelage.spectra import Spectrum

_EPS = float(np.finfo(float).eps)


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """A student of k neurons before a u² teacher: ``eigenvectors`` (d, d) and ``spaces`` of A_*, ``readouts`` (k,)."""

    spaces: Eigenspaces
    eigenvectors: np.ndarray
    readouts: np.ndarray

    @functools.cached_property
    def eigenvalues(self) -> np.ndarray:
        """Of A_*, descending, those that rounding alone separates made equal: shape (d,)."""
        return np.repeat(self.spaces.levels, self.spaces.sizes)

    @property
    def signs(self) -> tuple[int, int]:
        """Positive and negative read-outs."""
        positive = int(np.sum(self.readouts > 0))
        return positive, self.readouts.size - positive

    @functools.cached_property
    def lowest_loss(self) -> float:
        """The least loss that k neurons reach with read-outs of any signs."""
        k = self.readouts.size
        return float(self.spaces.extreme(k, k, k).loss.min())


@dataclasses.dataclass(frozen=True, eq=False)
class CriticalPoint(Value):
    """One matrix A_S at which the loss of a u² network is stationary, with a representative of the weights that give it.

    Attributes
    ----------
    loss : float
        ε = ½ E(f − f_*)².
    index : int
        Negative eigenvalues of the Hessian in W: the same for all weights with this A_S.
    subset : tuple of int
        Positions of the kept eigenvectors, by descending eigenvalue of A_*; of an eigenspace the first ones.
    shift : float
        τ: what every kept eigenvalue is off the teacher's. The best fit of a narrow student is not the truncation.
    """

    fit: Fit = dataclasses.field(repr=False)
    loss: float
    index: int
    subset: tuple[int, ...]
    shift: float

    @property
    def is_minimum(self) -> bool:
        """Index 0: then the loss falls nowhere near it (along its flat directions it is constant or grows)."""
        return self.index == 0

    @property
    def is_spurious(self) -> bool:
        """A local minimum above the lowest loss that k neurons reach when the signs of the read-outs are free."""
        rounding = 1e-12 * float(self.fit.eigenvalues @ self.fit.eigenvalues)
        return self.is_minimum and self.loss > self.fit.lowest_loss + rounding

    @property
    def eigenvalues(self) -> np.ndarray:
        """μ_i, i in ``subset``."""
        return self.fit.eigenvalues[list(self.subset)] + self.shift

    @property
    def matrix(self) -> np.ndarray:
        """A_S, shape (d, d)."""
        V = self.fit.eigenvectors[:, list(self.subset)]
        return (V * self.eigenvalues) @ V.T

    @property
    def neurons(self) -> tuple[int, ...]:
        """The neuron that carries each eigenvector of ``subset`` in the representative.

        The first of its sign that is free: eigenvectors in the order of ``subset``, neurons in that of the read-outs.
        """
        free = {sign: iter(np.flatnonzero(self.fit.readouts * sign > 0)) for sign in (1, -1)}
        return tuple(int(next(free[1 if mu > 0 else -1])) for mu in self.eigenvalues)

    @property
    def weights(self) -> np.ndarray:
        r"""A representative W (k, d): rows :math:`\sqrt{|\mu_i/a_i|}\,v_i`, and zero rows for the spare neurons."""
        a, rows = self.fit.readouts, list(self.neurons)
        W = np.zeros((a.size, len(self.fit.eigenvalues)))
        scale = np.sqrt(np.abs(self.eigenvalues / a[rows]))
        W[rows] = scale[:, None] * self.fit.eigenvectors[:, list(self.subset)].T
        return W

    def spectrum(self) -> Spectrum:
        r"""Eigenvalues of the Hessian in W at ``weights``, in closed form (science 11.2).

        With s = \|S\|, :math:`m_i = |a_i\mu_i|` and :math:`b_i = \operatorname{sign}(a_i)\sqrt{m_i}`:

        .. math:: 4a_i(\lambda_i - \lambda_j),\qquad 4(m_i + m_l) \text{ and } 0,\qquad 8\operatorname{diag} m + 4bb^\top,\qquad
            -4a_l\mu_j \text{ and } 0

        for i in S and j outside; pairs i < l in S; S; spare neurons l. Another choice of ``weights`` with the same A_S
        has the same loss and index and another spectrum.
        """
        a, rows, n = self.fit.readouts, list(self.neurons), len(self.subset)
        lam, mu = self.fit.eigenvalues, self.eigenvalues
        outside = np.delete(lam, list(self.subset))
        m, spare = np.abs(a[rows] * mu), np.delete(a, rows)
        pairs = 4 * (m[:, None] + m)[np.triu_indices(n, 1)]
        b = np.sign(a[rows]) * np.sqrt(m)
        values = np.concatenate(
            [
                (4 * a[rows, None] * (lam[list(self.subset), None] - outside)).ravel(),
                pairs,
                np.linalg.eigvalsh(8 * np.diag(m) + 4 * np.outer(b, b)),
                (-4 * spare[:, None] * (outside + self.shift)).ravel(),
            ]
        )
        values, counts = np.unique(values, return_counts=True)
        if zeros := pairs.size + n * spare.size:
            values, counts = np.append(values, 0.0), np.append(counts, zeros)
        error = 64 * _EPS * float(np.abs(values).max())
        return Spectrum(
            values, counts, n_params=a.size * lam.size, method="closed form", errors=np.array(error)
        )
