"""Eigenvalues of dense symmetric matrices by LAPACK, two-stage where SciPy's library has it."""

from __future__ import annotations

import ctypes
import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import scipy.linalg

TWO_STAGE_FROM = 2000
"""Size from which ``dsyevd_2stage`` beats the plain driver (measured in benchmarks/spectrum_overhead.py)."""

N = TypeVar("N", float, np.ndarray)

EPS = float(np.finfo(np.float64).eps)

_COLUMN_MAJOR = 102


def symmetric_eigenvalues(matrix: np.ndarray, *, two_stage: bool | None = None) -> np.ndarray:
    """All eigenvalues, ascending, of a symmetric float64 matrix (n, n); only one triangle is read, of a row-major one the
    upper.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        Overwritten when it is contiguous: pass a copy to keep it.
    two_stage : bool or None
        Reduce to tridiagonal form through a band (matrix products all the way) rather than directly (half of
        the work is matrix-vector products). None decides by size; the plain driver runs where there is none.

    Source: Haidar, Ltaief, Dongarra (SC 2011); LAPACK's dsyevd_2stage computes values only.
    """
    n = matrix.shape[0]
    routine = _two_stage_routine() if (n >= TWO_STAGE_FROM if two_stage is None else two_stage) else None
    if routine is not None:
        values = _run_two_stage(routine, matrix)
        if values is not None:
            return values
    matrix = matrix if matrix.flags.f_contiguous else matrix.T  # SciPy copies what is not in column order
    return scipy.linalg.eigvalsh(matrix, driver="evd", overwrite_a=True, check_finite=False)


_ONE_BY_ONE_FROM = 256
"""Size from which the copy of a stack, whose pages are new, takes longer than a call for each matrix."""


def stacked_eigenvalues(matrices: np.ndarray) -> np.ndarray:
    """Those of many (n, m, m), each ascending, shape (n, m), of which the upper triangles are read and overwritten."""
    if matrices.shape[-1] < _ONE_BY_ONE_FROM:
        return np.linalg.eigvalsh(matrices, UPLO="U")
    return np.stack([symmetric_eigenvalues(matrix) for matrix in matrices])


def backward_error(n: int, norm: N) -> N:
    r"""Bound on the error of each computed eigenvalue: :math:`(10 + 2\sqrt n)\,\epsilon\,\|H\|_2`.

    LAPACK's users' guide leaves the factor open ("a modestly growing function"); the factor
    here holds with room against prescribed spectra up to n = 300 (the tests) and is a choice beyond; the constant
    covers small n and the rounding of the entries themselves.
    """
    return (10 + 2 * math.sqrt(n)) * EPS * norm


def two_stage_available() -> bool:
    """Whether SciPy's bundled OpenBLAS offers the two-stage routine here."""
    return _two_stage_routine() is not None


@functools.cache
def _two_stage_routine() -> Callable[..., int] | None:
    """``LAPACKE_dsyevd_2stage`` of the OpenBLAS that SciPy ships and has already loaded, or None."""
    root = Path(scipy.__file__).parent
    folders = (root.parent / "scipy.libs", root / ".dylibs")
    for library in (
        path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*openblas*"))
    ):
        try:
            # The 32-bit-integer build only: in the 64-bit one the name carries a suffix and is not found.
            routine = ctypes.CDLL(str(library)).scipy_LAPACKE_dsyevd_2stage
        except (OSError, AttributeError):
            continue
        pointer = ctypes.POINTER(ctypes.c_double)
        routine.argtypes = [
            ctypes.c_int,
            ctypes.c_char,
            ctypes.c_char,
            ctypes.c_int,
            pointer,
            ctypes.c_int,
            pointer,
        ]
        routine.restype = ctypes.c_int
        # A wrong calling convention would show on a small matrix with known eigenvalues 1 and 3.
        probe = _run_two_stage(routine, np.array([[2.0, 1.0], [1.0, 2.0]], order="F"))
        if probe is not None and np.allclose(probe, [1.0, 3.0], rtol=0, atol=1e-14):
            return routine
    return None


def _run_two_stage(routine: Callable[..., int], matrix: np.ndarray) -> np.ndarray | None:
    # A C-ordered symmetric matrix read by columns is its transpose: the same matrix, so no copy is needed.
    work = matrix if matrix.flags.c_contiguous or matrix.flags.f_contiguous else np.array(matrix, order="F")
    n = work.shape[0]
    values = np.empty(n)
    pointer = ctypes.POINTER(ctypes.c_double)
    info = routine(
        _COLUMN_MAJOR, b"N", b"L", n, work.ctypes.data_as(pointer), n, values.ctypes.data_as(pointer)
    )
    if info > 0:
        raise np.linalg.LinAlgError(f"dsyevd_2stage: {info} off-diagonal elements did not converge")
    # Negative: refused before touching the matrix (no workspace), so that the plain driver can still take it.
    return values if info == 0 else None
