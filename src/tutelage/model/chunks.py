"""How many samples to take at once: from the memory that a traced product needs, before it is compiled."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tutelage.base import check

_CHUNK_BYTES = 3.2e7
"""What one product may hold where nothing else is asked: large enough for full-rate products of matrices."""

_BATCH_BYTES = 2.5e8
"""What the products of one batch may hold together."""


@dataclasses.dataclass(frozen=True)
class Chunks:
    """Samples at once, and products at once."""

    size: int
    columns: int


def plan_chunks(cost: Callable[[int], float], n: int, asked: int | None, who: str) -> Chunks:
    """Chunks for ``cost(c)`` bytes of one product over c samples; refused where not one sample fits, or the asked do not.

    The bytes are a line in c: what parameters take, and what each sample takes.
    """
    each = max((cost(16) - cost(8)) / 8, 1.0)
    fixed = max(cost(8) - 8 * each, 0.0)
    largest = int((0.9 * check.available_bytes() - fixed) / each)
    wanted = max(1, int(_CHUNK_BYTES / each)) if asked is None else asked
    wanted = min(n, wanted if asked is not None else max(1, min(wanted, largest)))
    total = fixed + each * wanted
    feasible = f"chunk = {min(largest, n)}" if largest >= 1 else "none: not even one sample fits"
    check.fits_in_memory(
        total,
        who,
        f"a product over a chunk of {wanted} samples",
        feasible,
        "pass a smaller chunk, or dtype='float32'",
    )
    # Equal chunks: the fewest samples of weight zero.
    size = -(-n // -(-n // wanted))
    return Chunks(size, max(1, min(64, int(_BATCH_BYTES / total))))
