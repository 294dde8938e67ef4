"""How many samples to take at once: from the memory that a traced product needs, before it is compiled."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tutelage.base import check

_BATCH_BYTES = 2.5e8
"""What the products of one batch may hold together."""

_FEWEST_COLUMNS = 4
"""Products of a batch, where memory allows them: the parameters are read once for all."""


@dataclasses.dataclass(frozen=True)
class Room:
    """Bytes that one product should hold for its samples where nothing else is asked, and a batch of products."""

    product: float
    batch: float


IN_MEMORY = Room(3.2e7, _BATCH_BYTES)
"""Large enough for full-rate products of matrices, and calls that are dear each."""


def cache(threads: int) -> Room:
    """Compiled passes wait for memory: what fits near the cores is done 2.5 times faster than what does not.

    On one core of 1 MB (20-30-1, 100-100-10 and 784-256-10 in turns) batches of 8 to 20 MB were the fastest, of products of
    0.3 to 2 MB, or as much as the parameters take.
    """
    return Room(5e5 * threads, 8e6 * threads)


@dataclasses.dataclass(frozen=True)
class Chunks:
    """Samples at once, and products at once."""

    size: int
    columns: int


def plan_chunks(
    cost: Callable[[int], float], n: int, asked: int | None, who: str, many: int = 8, room: Room = IN_MEMORY
) -> Chunks:
    """Chunks for ``cost(c)`` bytes of one product over c samples; refused where not one sample fits, or the asked do not.

    The bytes bend upwards in c: few samples hide behind what parameters take, ``many`` show what each takes.
    """
    each = max((cost(2 * many) - cost(many)) / many, 1.0)
    fixed = max(cost(1) - each, 0.0)
    largest = int((0.9 * check.available_bytes() - fixed) / each)
    wanted = max(1, int(max(room.product, fixed) / each)) if asked is None else asked
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
    held = fixed + each * size
    columns = min(64, max(_FEWEST_COLUMNS, int(room.batch / held)), int(_BATCH_BYTES / held))
    return Chunks(size, max(1, columns))
