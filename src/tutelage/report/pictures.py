"""Pictures of a page: a figure in pieces that stand side by side on a desk and one above the other on a phone."""

from __future__ import annotations

import base64
import io
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

_FULL = 1290
"""Pixels of a figure as wide as the page: 8.6 inches at 150 to the inch."""

_WHITE = 250

_LETTERS = 100
"""Pixels: what is lower than this is a title, a label or a legend and stays with its panel."""


class Piece(NamedTuple):
    """A part of a picture: its data address and its size in pixels."""

    address: str
    width: int
    height: int


Strip = list[Piece]
"""Pieces side by side."""


def strips(picture: Path) -> list[Strip]:
    """The picture from top to bottom; what has an empty column near its middle is cut there in two.

    The cut is found in the pixels, so that it works for the figures of anybody's study.
    """
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    ink = np.asarray(image.convert("L")) < _WHITE
    blocks = _blocks(ink.any(axis=1))
    middle = _middle(ink, blocks)
    borders = [0, *((a[1] + b[0]) // 2 for a, b in itertools.pairwise(blocks)), image.height]
    found: list[Strip] = []
    for top, bottom in itertools.pairwise(borders):
        ends = [0, image.width] if ink[top:bottom, middle].any() else [0, middle, image.width]
        columns = itertools.pairwise(ends)
        found.append([_piece(image.crop((left, top, right, bottom))) for left, right in columns])
    return found


def share_of_page(strip: Strip) -> float:
    """How much of the page's width a strip takes, in percent; never more than all of it."""
    return min(100.0, 100.0 * sum(piece.width for piece in strip) / _FULL)


def _blocks(rows: np.ndarray) -> list[tuple[int, int]]:
    """(top, bottom) of panels with their titles, labels and legends: letters join what is nearest to them."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(int)))
    blocks = [(int(top), int(bottom)) for top, bottom in edges.reshape(-1, 2)]
    while len(blocks) > 1:
        low = [bottom - top < _LETTERS for top, bottom in blocks]
        gaps = [(blocks[i + 1][0] - blocks[i][1], i) for i in range(len(blocks) - 1) if low[i] or low[i + 1]]
        if not gaps:
            break
        _, i = min(gaps)
        blocks[i : i + 2] = [(blocks[i][0], blocks[i + 1][1])]
    return blocks


def _middle(ink: np.ndarray, blocks: list[tuple[int, int]]) -> int:
    """The column between 40 and 60 % of the width at which the most can be cut; of equals the middle one."""
    low, high = (round(share * ink.shape[1]) for share in (0.4, 0.6))
    cut = np.zeros(high - low)
    for top, bottom in blocks:
        cut += (bottom - top) * ~ink[top:bottom, low:high].any(axis=0)
    best = np.flatnonzero(cut == cut.max())
    return low + int(best[np.argmin(np.abs(best - (high - low) / 2))])


def _piece(image: Image.Image) -> Piece:
    stream = io.BytesIO()
    image.save(stream, format="png", compress_level=4)
    address = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
    return Piece(address, image.width, image.height)
