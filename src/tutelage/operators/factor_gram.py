"""F Fᵀ of a factor most of whose rows see few inputs: block by block of the columns that belong to one input."""

from __future__ import annotations

import numpy as np


def gram_by_inputs(factor: np.ndarray, k: int, d: int) -> np.ndarray:
    r""":math:`F F^T = \sum_j F_j F_j^T + F_a F_a^T` with F_j the k columns of input j, F_a those of the read-out.

    A row of a polynomial's function space is a monomial, and its entries vanish at all inputs that are not in it, up
    to a few rows that curvature and relations fill: of M rows F_j keeps about M · degree / d, exactly.

    Parameters
    ----------
    factor : ndarray, shape (M, k d + k) or (M, k d)
        Columns W row-major, then the read-out if it is there.

    Returns
    -------
    ndarray, shape (M, M)
    """
    read_out = factor[:, k * d :]
    gram = read_out @ read_out.T
    for j in range(d):
        columns = factor[:, j : k * d : d]
        rows = np.flatnonzero(columns.any(axis=1))
        kept = columns[rows]
        gram[np.ix_(rows, rows)] += kept @ kept.T
    return gram
