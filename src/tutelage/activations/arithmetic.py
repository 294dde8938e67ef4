"""Number systems other than float64: the few functions elementary tables need, for balls of python-flint."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flint import arb

Namespace = ModuleType | SimpleNamespace
"""Where tables find ``sqrt exp sin cos sinh cosh atan2 pi``."""


def arb_functions() -> SimpleNamespace:
    """The namespace ``xp`` of :class:`Elementary` tables in rigorous ball arithmetic (``flint.ctx.prec`` bits)."""
    from flint import arb

    class Functions(SimpleNamespace):
        @property
        def pi(self) -> arb:
            return arb.pi()  # at the precision of the moment, not of the definition

    return Functions(
        sqrt=lambda x: arb(x).sqrt(),
        exp=lambda x: arb(x).exp(),
        sin=lambda x: arb(x).sin(),
        cos=lambda x: arb(x).cos(),
        sinh=lambda x: arb(x).sinh(),
        cosh=lambda x: arb(x).cosh(),
        atan2=lambda y, x: arb.atan2(arb(y), arb(x)),
    )
