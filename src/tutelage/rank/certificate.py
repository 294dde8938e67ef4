"""Certificate: what a reader needs to recompute a certified rank, and its JSON form."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

from tutelage.activations import parse_activation
from tutelage.architecture import Architecture
from tutelage.base.errors import InputError
from tutelage.base.value import Value

_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Certificate(Value):
    """Primes, seeds and sizes of an exact rank computation.

    Attributes
    ----------
    kind : str
        "generic": weights drawn in the field; "here": the given float64 weights as exact rationals.
    widths, activations, biases
        The architecture, activations in written form.
    primes : tuple of int
    ranks : tuple of int
        The rank found modulo each prime; each is a proven lower bound.
    seed : int
        Entropy of the draws of points (and of weights, for a generic certificate).
    n_points : int
        Input points, one row of the Jacobian each.
    order : int or None
        Order of the Taylor polynomials of analytic activations; None when the activations are polynomials.
    weights : tuple of str
        Hexadecimal floats in the order of θ: W, b, a, c, those there are; empty for a generic certificate.
    """

    kind: Literal["generic", "here"]
    widths: tuple[int, ...]
    activations: tuple[str, ...]
    biases: tuple[bool, ...]
    primes: tuple[int, ...]
    ranks: tuple[int, ...]
    seed: int
    n_points: int
    order: int | None = None
    weights: tuple[str, ...] = ()

    @property
    def architecture(self) -> Architecture:
        """The architecture the certificate speaks of."""
        return Architecture(self.widths, tuple(parse_activation(s) for s in self.activations), self.biases)

    @property
    def lower_bound(self) -> int:
        """The rank that is proven."""
        return max(self.ranks)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        return {"format": _FORMAT, **dataclasses.asdict(self)}

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Certificate:
        """Read :meth:`to_json` back."""
        try:
            data = json.loads(text)
            version = data.pop("format")
        except (ValueError, KeyError, AttributeError) as error:
            raise InputError(
                f"Certificate.from_json: expected the text of Certificate.to_json, got {error!r}"
            ) from None
        fields = {f.name for f in dataclasses.fields(cls)}
        if version != _FORMAT or set(data) != fields:
            raise InputError(
                f"Certificate.from_json: expected format {_FORMAT} with {', '.join(sorted(fields))}, "
                f"got format {version} with {', '.join(sorted(data))}"
            )
        return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in data.items()})

    def __repr__(self) -> str:
        order = "" if self.order is None else f", order {self.order}"
        return f"Certificate({self.kind}, rank >= {self.lower_bound}, {len(self.primes)} primes{order})"
