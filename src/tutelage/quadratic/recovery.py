r"""Instances at one sample count, each asked three questions; none of the three answers is "the" recovery probability.

1. Is the minimiser certified unique? 2. How large is the set of fits? 3. Where does training from a random start end? The
third depends on the generalisation error that counts as success AND on the training loss at which one stops: where A_* is the
only fit, a run at relative training loss 1e-6 is often still 1 % away from it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from tutelage.base import check
from tutelage.base.progress import AskedProgress, as_progress
from tutelage.base.value import Value
from tutelage.quadratic.certificate import STATUSES
from tutelage.quadratic.chunks import CHUNK, Arrays, in_chunks
from tutelage.quadratic.counts import require_budget, sample_instances
from tutelage.quadratic.feasible import feasible_sizes
from tutelage.quadratic.settings import RecoverySettings
from tutelage.quadratic.solver import minimise
from tutelage.quadratic.teacher import matrix_of, sample_start
from tutelage.quadratic.uniqueness import certify_batch

if TYPE_CHECKING:
    from tutelage.store import Store


@dataclasses.dataclass(frozen=True, eq=False)
class Outcomes(Value):
    """Per instance at one n: certificate ``status``; of the minimisation the generalisation ``error`` E/E(0), the training
    ``loss`` E_n/E_n(0) and whether it ``arrived`` at the one asked for; ``width`` of the set of fits (None unless asked for).
    """

    status: np.ndarray
    error: np.ndarray
    loss: np.ndarray
    arrived: np.ndarray
    width: np.ndarray | None = None

    def successes(self, target: float) -> int:
        """Instances whose run ended within this generalisation error."""
        return int(np.sum(self.error <= target))

    def disagreements(self, target: float = 1e-4) -> int:
        """Instances where success at this target and the certificate differ: counted, never hidden."""
        return int(np.sum((self.error <= target) != (self.status == "unique")))

    def __repr__(self) -> str:
        return (
            f"Outcomes({len(self.status)} instances: {int(np.sum(self.status == 'unique'))} certified unique, "
            f"{self.successes(1e-2)} within 1 %, {self.disagreements()} disagree at 1e-4)"
        )


def recover(
    d: int,
    width: int,
    n: int,
    instances: int,
    seed: int = 0,
    settings: RecoverySettings = RecoverySettings(),  # noqa: B008  (a frozen value)
    *,
    store: Store | None = None,
    progress: AskedProgress = None,
) -> Outcomes:
    """Certify, minimise from random starts and (if asked) measure the set of fits of ``instances`` instances.

    Parameters
    ----------
    d, width, n, instances : int
        Dimension, teacher neurons m_*, samples, number of instances.
    seed : int
        Of teachers, inputs and starts.
    settings : RecoverySettings
        Training, law of the weights, and whether the set of fits is measured.
    store : tutelage.store.Store, optional
        Chunks of 50 instances are kept there: an interrupted run resumes, a longer one extends.
    progress : callable or True, optional
        Called with the fraction done; True draws a bar.

    Examples
    --------
    >>> recover(d=4, width=1, n=10, instances=5)
    Outcomes(5 instances: 5 certified unique, 5 within 1 %, 0 disagree at 1e-4)
    """
    progress = as_progress(progress, "recover")
    who = "recover"
    d, width = check.integer(d, who, "d"), check.integer(width, who, "width")
    n, instances = check.integer(n, who, "n"), check.integer(instances, who, "instances")
    seed = check.seed(seed, who)
    require_budget(who, instances, "instances", CHUNK, d, max(width, settings.width(d)), n)

    def compute(block: range) -> Arrays:
        A, X = sample_instances(d, width, n, block, seed, settings.weights)
        starts = np.array([matrix_of(sample_start(settings.width(d), d, seed, i)) for i in block])
        certificates = certify_batch(A, X)
        run = minimise(A, X, starts, settings.method, settings.training_loss, settings.max_steps)
        arrays = {"error": run.error, "loss": run.loss, "arrived": run.arrived}
        if settings.sizes:
            arrays["width"] = np.array([s.width for s in feasible_sizes(A, X, 4, seed, certificates)])
        return {"status": np.array([STATUSES.index(c.status) for c in certificates]), **arrays}

    parameters = {"d": d, "width": width, "n": n, "seed": seed, **settings.to_dict(d)}
    found = in_chunks(compute, instances, "quadratic-outcomes", parameters, store, progress)
    status = np.array(STATUSES)[found["status"]]
    return Outcomes(status, found["error"], found["loss"], found["arrived"], found.get("width"))
