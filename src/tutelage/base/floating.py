"""Floating-point exceptions as NumPy comes: a caller's ``np.seterr(all="raise")`` makes an error of every underflow."""

from __future__ import annotations

import functools

import numpy as np

usual_floats = functools.partial(np.errstate, divide="warn", over="warn", under="ignore", invalid="warn")
"""``with usual_floats():`` around code, ``@usual_floats()`` above a function."""
