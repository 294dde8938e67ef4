"""The verified answer of :mod:`tutelage.quadratic.uniqueness`, and what verifies the second solutions of many instances."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np

from tutelage.base.value import Value
from tutelage.quadratic.losses import quadratic_forms

Status = Literal["unique", "not unique", "undecided"]
STATUSES: tuple[Status, ...] = ("undecided", "unique", "not unique")
# Relative singular values below this are treated as rank loss: Gaussian data of size 500 stay above 1e-6.
RANK_TOLERANCE = 1e-10


@dataclasses.dataclass(frozen=True, eq=False)
class UniquenessCertificate(Value):
    """The verified answer for one instance.

    ``status``; ``margin``: the smallest eigenvalue of the witness relative to its mean eigenvalue, less the allowance
    for rounding (positive for a verified status); ``dual`` (n,): the witness y of uniqueness, or None; ``second``
    (d, d): another solution (positive definite for n >= d), or None; ``n_free``: dimension of L; ``reason``: one sentence.
    """

    status: Status
    margin: float
    dual: np.ndarray | None
    second: np.ndarray | None
    n_free: int
    reason: str

    def __bool__(self) -> bool:
        raise TypeError(
            "UniquenessCertificate: has three statuses; compare .status with 'unique', 'not unique' or 'undecided'"
        )

    def __repr__(self) -> str:
        return f"UniquenessCertificate({self.status}, margin={self.margin:.3g}, n_free={self.n_free}: {self.reason})"


def groups(keys: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each value among the keys with its rows."""
    for key in np.unique(keys):
        yield int(key), np.flatnonzero(keys == key)


def objects(certificates: Iterable[UniquenessCertificate]) -> np.ndarray:
    """An array of certificates, to be placed in rows."""
    return np.fromiter(certificates, dtype=object)


def verify_second(
    A: np.ndarray, X: np.ndarray, second: np.ndarray, smallest: np.ndarray, free: int
) -> np.ndarray:
    """A second solution is real if it stays positive after the correction that makes it fit exactly."""
    residual = np.linalg.norm(quadratic_forms(X, second - A), axis=1)
    floor = 1e-15 * np.linalg.norm(A, axis=(1, 2)) * np.sum(X**2, axis=(1, 2))
    correction = np.where(smallest > 0, (residual + floor) / np.where(smallest > 0, smallest, 1.0), np.inf)
    lowest = np.linalg.eigvalsh(second)[:, 0]
    margin = (lowest - correction) / np.trace(second, axis1=1, axis2=2)
    real = (lowest > correction) & (np.linalg.norm(second - A, axis=(1, 2)) > 2 * correction)
    return objects(
        UniquenessCertificate("not unique", float(m), None, s, free, "another positive definite matrix fits")
        if yes
        else UniquenessCertificate(
            "undecided", float(m), None, None, free, "the second solution is positive only to rounding"
        )
        for yes, m, s in zip(real, margin, second, strict=True)
    )
