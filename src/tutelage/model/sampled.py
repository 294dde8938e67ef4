"""SampledModel: what problems of a user's model share, in whichever library the model is written."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.estimate import Estimate, jackknifed
from tutelage.base.types import Trainable
from tutelage.model.losses import Loss
from tutelage.operators import LossHessian, SymmetricOperator
from tutelage.problem import AbstractProblem

Student = TypeVar("Student")
S = TypeVar("S", bound="SampledModel")


class SampledModel(AbstractProblem[Student]):
    """The loss of a model on samples; without a student, every question is asked at the parameters it was given."""

    n_samples: int

    @property
    @abc.abstractmethod
    def compared(self) -> Loss:
        """The loss of one sample."""

    @abc.abstractmethod
    def hessian(self, student: Student | None = None, only: Trainable = None) -> LossHessian:
        """∇²ε; ``only`` names the parameters whose block is wanted."""

    @abc.abstractmethod
    def ntk(self, student: Student | None = None) -> SymmetricOperator:
        """The tangent kernel, (n C, n C)."""

    @abc.abstractmethod
    def reweighted(self: S, weight: np.ndarray) -> S:
        """The same with these weights of the samples (n,), which sum to 1."""

    def fisher(self, student: Student | None = None) -> LossHessian:
        """The Fisher information: the outer part, where the loss is minus a log-likelihood in its natural parameter."""
        if not self.compared.convex:
            raise NotAvailableError(
                "ModelProblem.fisher: expected half_square or cross_entropy, whose Fisher information is the outer part, "
                "got a loss of your own; use hessian().outer if it is minus such a log-likelihood"
            )
        return self.hessian(student).outer

    def sampling_error(self: S, quantity: Callable[[S], float], batches: int = 20, seed: int = 0) -> Estimate:
        r"""A number of this problem with its standard error over the samples: the delete-a-group jackknife.

        .. math:: \mathrm{se}^2 = \tfrac{B-1}{B}\sum_b (t_{(b)} - \bar t)^2

        with :math:`t_{(b)}` the number without batch b of B random batches. The error of random probes is another one:
        keep their seed fixed within ``quantity`` and it cancels. It is meant for smooth functions of means (traces,
        moments, losses); the largest eigenvalue has a bias that no jackknife sees.

        Parameters
        ----------
        quantity : callable
            Of a problem: ``lambda p: p.hessian().trace()``.
        batches : int
            B, at least 2; the quantity is computed B + 1 times by the same compiled code.

        Notes
        -----
        Source: Efron and Stein, Annals of Statistics 9, 586 (1981).
        """
        who, n = "ModelProblem.sampling_error", self.n_samples
        batches = check.integer(batches, who, "batches", minimum=2)
        if batches > n:
            raise InputError(f"{who}: expected at most n = {n} batches, got {batches}; take fewer")
        order = np.random.default_rng(check.integer(seed, who, "seed", minimum=0)).permutation(n)
        without = []
        for left_out in np.array_split(order, batches):
            weight = np.full(n, 1.0 / (n - left_out.size))
            weight[left_out] = 0.0
            without.append(float(quantity(self.reweighted(weight))))
        return Estimate(float(quantity(self)), jackknifed(without), batches)
