"""Standard streams that take whatever is printed: one that is closed swallows it, one of few characters has it spelled."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys

_SPELLED = {
    "±": "+-", "−": "-", "×": "x", "·": "*", "…": "...", "→": "->", "≤": "<=", "≥": ">=", "≈": "~", "²": "^2", "³": "^3",
    "√": "sqrt", "½": "1/2", "∞": "inf", "Σ": "sum", "ᵀ": "^T", "⊗": "(x)", "λ": "lambda", "σ": "sigma", "ε": "epsilon",
    "δ": "delta", "θ": "theta", "η": "eta", "κ": "kappa", "ν": "nu", "ψ": "psi", "α": "alpha", "β": "beta", "π": "pi",
}  # fmt: skip


def spell(error: UnicodeError) -> tuple[str, int]:
    """Error handler of codecs: what an encoding lacks in words, and what has none as its escape.

    Examples
    --------
    >>> codecs.register_error("spell", spell)
    >>> "λ = 1 ± 2 ☃".encode("ascii", "spell")
    b'lambda = 1 +- 2 \\\\u2603'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_SPELLED.get(c) or c.encode("ascii", "backslashreplace").decode() for c in text), error.end


def prepare_streams() -> None:
    """Make the standard streams of this process fit to print to."""
    codecs.register_error("tutelage.spell", spell)
    # In this order, so that each gets back its own number: the next file opened must not become standard output.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  (for the life of the process)
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="tutelage.spell")


def flushed() -> bool:
    """Write out what was printed; False when nobody takes it, and then nothing is left that Python could stumble over."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True
