"""TorchProblem: the twin of ModelProblem for a torch module, its derivatives by torch.func on the module's device."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import equinox as eqx
import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError, MissingExtraError, NotAvailableError
from tutelage.base.types import Array, ArrayLike, PyTree, Trainable
from tutelage.layout import Layout
from tutelage.model.chunks import plan_chunks
from tutelage.model.losses import Loss, as_loss
from tutelage.model.parameters import picked
from tutelage.model.sampled import SampledModel
from tutelage.model.samples import gather
from tutelage.operators import Entries, HostOperator, LossHessian, Structure
from tutelage.problem import Objective

if TYPE_CHECKING:
    import torch

    from tutelage.model.torch_engine import Engine

_WHO = "ModelProblem.from_torch"

State: TypeAlias = "torch.nn.Module | Mapping[str, ArrayLike | torch.Tensor]"
"""A module of the same architecture, or its parameters by name (a ``state_dict``)."""


class TorchProblem(SampledModel[State]):
    """The loss of a torch module on samples; made by :meth:`ModelProblem.from_torch`."""

    def __init__(
        self,
        module: torch.nn.Module,
        X: PyTree,
        y: ArrayLike | None,
        loss: str | Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        only: Trainable,
        chunk: int | None,
        dtype: str,
    ):
        try:
            from tutelage.model.torch_engine import Engine, on_host
        except ImportError as error:
            raise MissingExtraError(
                f"{_WHO}: expected torch, which is not installed; install tutelage[torch]"
            ) from error
        kind = np.dtype(check.choice(str(dtype), _WHO, "dtype", ("float64", "float32")))
        _require_inference(module)
        inputs, targets, self.n_samples = gather(on_host(X), cast("ArrayLike | None", on_host(y)), kind, _WHO)
        self._compared = as_loss(loss, _WHO)
        self._layout = _layout(module, only)
        engine = Engine(module, self._compared, kind, _WHO)
        shape = engine.outputs_of(inputs, _WHO)
        targets = self._compared.targets((self.n_samples, *shape[1:]), targets, kind, _WHO)
        self._n_outputs = int(np.prod(shape[1:], dtype=int))
        if chunk is not None:
            check.integer(chunk, _WHO, "chunk")
        self.chunks = plan_chunks(lambda c: engine.bytes_of(inputs, c), self.n_samples, chunk, _WHO)
        weight = np.full(self.n_samples, 1.0 / self.n_samples)
        self._engine: Engine = engine.on(
            (inputs, targets), weight, self.chunks.size, self.chunks.columns, self._layout
        )
        check.number(self._engine.loss(), _WHO, "loss of the module")
        self._engine.require_second_derivatives(_WHO)

    @property
    def compared(self) -> Loss:
        return self._compared

    @property
    def n_params(self) -> int:
        """P: the number of trained parameters."""
        return self._layout.size

    @property
    def params(self) -> dict[str, np.ndarray]:
        """All parameters by name."""
        return self._engine.host_parameters()

    @property
    def optimum(self) -> State:
        """The module's parameters, an optimum or not."""
        return self.params

    def at(self, student: State) -> TorchProblem:
        """The same problem at other parameters: a module, or a ``state_dict``."""
        return self._with(self._engine.at(student, _WHO))

    def only(self, names: Trainable) -> TorchProblem:
        """The same problem with these parameters trained and the rest frozen."""
        known = tuple(name for name, _ in self._layout.shapes)
        trained = None if names is None else picked(names, known, f"{_WHO}.only")
        layout = Layout(dict(self._layout.shapes), trained)
        found = self._with(self._engine.with_layout(layout))
        found._layout = layout
        return found

    def reweighted(self, weight: np.ndarray) -> TorchProblem:
        """The same with these weights of the samples (n,), which sum to 1."""
        return self._with(self._engine.reweighted(weight))

    def layout(self, student: State | None = None) -> Layout:
        """Where every trained parameter stands in θ, in the order of ``named_parameters``."""
        return self._layout

    def theta(self, student: State | None = None) -> np.ndarray:
        """The trained parameters as a vector (P,)."""
        return self._layout.flatten(self._engine_at(student).host_parameters()).astype(np.float64)

    def with_theta(self, student: State | None, theta: ArrayLike) -> dict[str, np.ndarray]:
        """All parameters by name, with these trained ones."""
        return self._layout.split(np.asarray(theta), self._engine_at(student).host_parameters())

    def loss(self, student: State | None = None) -> float:
        """ε, the mean over samples."""
        return self._engine_at(student).loss()

    def gradient(self, student: State | None = None) -> np.ndarray:
        """∇ε, shape (P,)."""
        return self._engine_at(student).gradient()

    def hessian(self, student: State | None = None, only: Trainable = None) -> TorchHessian:
        """∇²ε as an operator: ``outer``, ``functional``, ``blocks()``; ``only`` takes the block of some parameters."""
        problem = self if only is None else self.only(only)
        return TorchHessian(problem._engine_at(student), problem._layout, self.compared, "whole")

    def ntk(self, student: State | None = None) -> HostOperator:
        """The tangent kernel J Jᵀ/n, (n C, n C), by products."""
        engine = self._engine_at(student)
        return HostOperator(engine.kernel_products, self.n_samples * self._n_outputs, True)

    def objective(self, students: Sequence[State], batch: int | None = None) -> Objective:
        """Runs of torch modules are torch's."""
        raise NotAvailableError(
            "simulate: expected a model in JAX, got a torch module; train it with torch.optim and read the loss there"
        )

    def _engine_at(self, student: State | None) -> Engine:
        return self._engine if student is None else self._engine.at(student, _WHO)

    def _with(self, engine: Engine) -> TorchProblem:
        other = copy.copy(self)
        other._engine = engine
        return other

    def __repr__(self) -> str:
        return f"TorchProblem(P={self.n_params}, n={self.n_samples}, loss={self.compared.name!r})"


class TorchHessian(LossHessian):
    """As :class:`tutelage.model.hessian.ModelHessian`, products by torch.func."""

    engine: Engine = eqx.field(static=True)
    layout: Layout = eqx.field(static=True)
    compared: Loss = eqx.field(static=True)
    part: str = eqx.field(static=True)

    @property
    def semidefinite(self) -> bool:
        return self.part == "outer" and self.compared.convex

    @property
    def outer(self) -> TorchHessian:
        return TorchHessian(self.engine, self.layout, self.compared, "outer")

    @property
    def functional(self) -> TorchHessian | None:
        if self.part == "outer":
            return None
        return TorchHessian(self.engine, self.layout, self.compared, "functional")

    @property
    def by_products(self) -> bool:
        return True

    @property
    def structure(self) -> Structure:
        return Structure(entries=lambda: Entries(relative=self.engine.rounding()))

    def _host(self) -> HostOperator:
        return HostOperator(lambda V: self.engine.products(self.part, V), self.size, self.semidefinite)

    def product(self, vector: Array) -> Array:
        return self._host().product(vector)

    def matvec(self, vector: ArrayLike) -> np.ndarray:
        return self._host().matvec(vector)

    def matmat(self, vectors: ArrayLike) -> np.ndarray:
        return self._host().matmat(vectors)

    def unravel(self, vector: ArrayLike) -> dict[str, np.ndarray]:
        """A vector (P,) as arrays by the module's names, zeros where parameters are frozen."""
        still = {name: np.zeros(shape) for name, shape in self.layout.shapes}
        return self.layout.split(np.asarray(vector), still)


def _require_inference(module: torch.nn.Module) -> None:
    """Layers that draw at random or see the whole batch leave no loss to differentiate."""
    for name, layer in module.named_modules():
        if layer.training and _is_noisy(layer):
            raise InputError(
                f"{_WHO}: expected a module in inference mode, got {type(layer).__name__} {name!r} in training mode, whose "
                "outputs are random or depend on the batch; call module.eval() first"
            )


def _is_noisy(layer: torch.nn.Module) -> bool:
    kind = type(layer).__name__
    if "Dropout" in kind:
        return bool(getattr(layer, "p", 1.0))
    # Attention and recurrent layers drop by a number of theirs.
    dropped = getattr(layer, "dropout", 0.0)
    return "BatchNorm" in kind or (isinstance(dropped, float) and dropped > 0.0)


def _layout(module: torch.nn.Module, only: Trainable) -> Layout:
    """All parameters of floats; trained are those that require a gradient, or that ``only`` names."""
    named = dict(module.named_parameters())
    if not named:
        raise InputError(f"{_WHO}: expected a module with parameters, got none in {type(module).__name__}")
    for name, parameter in named.items():
        if not parameter.is_floating_point():
            raise InputError(f"{_WHO}: expected parameters of floats, got {name} of type {parameter.dtype}")
    known = tuple(named)
    if only is None:
        trained = tuple(name for name, parameter in named.items() if parameter.requires_grad)
        if not trained:
            raise InputError(
                f"{_WHO}: expected parameters that require a gradient, got none; name some by only="
            )
    else:
        trained = picked(only, known, _WHO)
    return Layout({name: tuple(parameter.shape) for name, parameter in named.items()}, trained)
