"""RankResult: an effective number of parameters and what is proven of it."""

from __future__ import annotations

import dataclasses
import html
from typing import Any, Literal

from tutelage.base.numerical_rank import NumericalRank
from tutelage.base.value import Value
from tutelage.rank.certificate import Certificate
from tutelage.rank.formulas import Count

Status = Literal["proven", "certified lower bound", "probabilistic", "numerical"]


@dataclasses.dataclass(frozen=True)
class RankResult(Value):
    """The outcome of ``effective_parameters`` (kind "generic") or ``hessian_rank`` (kind "here").

    Attributes
    ----------
    rank : int
        The best statement: exact when ``status`` is "proven".
    n_params : int
        P.
    kind : str
        "generic" (almost every weight) or "here" (these weights).
    status : str
        "proven": a lower bound by exact arithmetic meets a theorem or explicit null vectors.
        "certified lower bound": the rank is at least this. "probabilistic": so, and larger with
        ``failure_probability`` at most. "numerical": floating point only.
    lower_bound, upper_bound : Count
        Certified bounds; ``lower_bound.value`` is 0 for a numerical result.
    formula : Count or None
        The closed generic count where one is known.
    paper_bound : int or None
        [C25] section 4.2 for polynomial activations: min(P, C(d+n, n) - 1), plus one where biases make
        constants.
    failure_probability : float
        Zero when proven.
    certificate : Certificate or None
        Enough to recompute the lower bound: ``verify(certificate)``.
    floating : NumericalRank or None
    notes : tuple of str
    """

    rank: int
    n_params: int
    kind: Literal["generic", "here"]
    status: Status
    lower_bound: Count
    upper_bound: Count
    formula: Count | None = None
    paper_bound: int | None = None
    failure_probability: float = 0.0
    certificate: Certificate | None = None
    floating: NumericalRank | None = None
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool | None:
        """Whether the closed formula equals the rank; None where no formula is known."""
        return None if self.formula is None else self.formula.value == self.rank

    @property
    def is_proven(self) -> bool:
        """Whether the rank is exact beyond doubt."""
        return self.status == "proven"

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        plain = dataclasses.asdict(self)
        plain["certificate"] = None if self.certificate is None else self.certificate.to_dict()
        plain["agrees"] = self.agrees
        if self.floating is not None:
            plain["floating"]["gap"] = self.floating.gap
        return plain

    def __repr__(self) -> str:
        return f"RankResult({self.rank} of {self.n_params}, {self.kind}, {self.confidence})"

    @property
    def confidence(self) -> str:
        """The status in words, with the failure probability where there is one."""
        if self.status == "probabilistic":
            return f"wrong with probability <= {self.failure_probability:.1e}"
        return self.status

    def _repr_html_(self) -> str:
        rows = [
            ("rank", f"{self.rank} of P = {self.n_params}"),
            ("kind", self.kind),
            ("status", self.confidence),
            ("certified lower bound", f"{self.lower_bound.value} ({self.lower_bound.name})"),
            ("upper bound", f"{self.upper_bound.value} ({self.upper_bound.name})"),
        ]
        if self.formula is not None:
            word = "agrees" if self.agrees else "disagrees"
            rows.append(("closed formula", f"{self.formula.value} ({self.formula.name}): {word}"))
        if self.floating is not None:
            f = self.floating
            rows.append(("floating point", f"{f.rank} (tolerance {f.tolerance:.1e}, gap {f.gap:.1e})"))
        cells = "".join(f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in rows)
        return f"<table>{cells}</table>"
