"""Points of the optimum set of a student wider than its teacher, and what is flat there (science 20)."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base import check
from tutelage.network import Network, require_plain
from tutelage.rank.here import hessian_rank
from tutelage.rank.result import RankResult
from tutelage.rank.values import vanishing_at_zero


@dataclasses.dataclass(frozen=True, eq=False)
class Optimum:
    """A student of zero loss.

    Attributes
    ----------
    kind : {"silent", "zero rows", "split", "null group"}
    network : Network
    rank : RankResult
        Of its Hessian.
    quartic : int or None
        Flat directions that leave the optimum set, along which the loss grows as t⁴; None where it is not known.
    """

    kind: str
    network: Network
    rank: RankResult
    quartic: int | None

    @property
    def flat(self) -> int:
        """P − rank: the directions without curvature."""
        return self.network.n_params - self.rank.rank

    @property
    def tangent(self) -> int | None:
        """Those of them along which the loss stays zero."""
        return None if self.quartic is None else self.flat - self.quartic


def optima(teacher: Network, k: int, seed: int = 0) -> tuple[Optimum, ...]:
    """Students of width k > k_* with the function of an irreducible teacher, one of each kind there is.

    - ``silent``: the spare neurons have zero read-outs; the optimum set is a manifold there, all flat directions tangent;
    - ``zero rows``: w = 0 with read-outs that are not zero, where σ(0) = 0; what is tangent is not known;
    - ``split``: one neuron as equal copies that share its read-out; moving the copies apart costs t⁴, (k − k_*) d
      directions;
    - ``null group``, from two spare neurons on: copies of another neuron whose read-outs sum to zero; a manifold again.

    Parameters
    ----------
    teacher : Network
        One output, no biases.
    k : int
    seed : int
        Of the spare neurons' weights.

    Examples
    --------
    >>> [(point.kind, point.rank.rank) for point in optima(Network([[1.0, 2.0]], [1.0], "erf"), 3)]
    [('silent', 5), ('zero rows', 5), ('split', 3), ('null group', 6)]
    """
    require_plain(teacher, "optima")
    extra = check.integer(k, "optima", "k", minimum=teacher.k + 1) - teacher.k
    rng = np.random.default_rng(seed)
    spare = rng.standard_normal((extra, teacher.d)) / np.sqrt(teacher.d)
    points = [("silent", spare, np.zeros(extra), teacher.a, 0)]
    if vanishing_at_zero(teacher.activation)[0] and not teacher.activation.kinks:
        points.append(("zero rows", 0 * spare, np.ones(extra), teacher.a, None))
    share = teacher.a[-1] / (extra + 1)
    points.append(
        ("split", np.repeat(teacher.W[-1:], extra, axis=0), np.full(extra, share), [*teacher.a[:-1], share],
         extra * teacher.d)
    )  # fmt: skip
    if extra > 1:
        read_outs = np.array([1.0 - extra, *np.ones(extra - 1)])
        points.append(("null group", np.repeat(spare[:1], extra, axis=0), read_outs, teacher.a, 0))
    return tuple(
        Optimum(kind, student, hessian_rank(student, floating=bool(teacher.activation.kinks)), quartic)
        for kind, W, a, own, quartic in points
        for student in [Network(np.vstack([teacher.W, W]), [*own, *a], teacher.activation)]
    )
