"""ModelProblem: the loss of any JAX function of a pytree on samples, as a source of Hessians, kernels and runs."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base import check
from tutelage.base.precision import float64
from tutelage.base.processes import thread_count
from tutelage.base.types import Array, ArrayLike, PyTree, Trainable
from tutelage.layout import Layout
from tutelage.model import checks
from tutelage.model.chunks import IN_MEMORY, Chunks, cache, plan_chunks
from tutelage.model.hessian import ModelHessian
from tutelage.model.kernel import TangentKernel
from tutelage.model.losses import Loss, as_loss
from tutelage.model.memory import live_bytes
from tutelage.model.parameters import parameters
from tutelage.model.point import Apply, Model, Point, chunked, point_gradient, point_loss
from tutelage.model.sampled import SampledModel
from tutelage.model.samples import gather
from tutelage.model.torch_problem import TorchProblem
from tutelage.problem import Objective

if TYPE_CHECKING:
    import torch

_WHO = "ModelProblem"
OwnLossFunction = Callable[[Array, Array], Array]


class ModelProblem(SampledModel[PyTree]):
    r"""The loss of your model on your data, :math:`\varepsilon(\theta) = \frac1n\sum_\nu \ell(f_\theta(x_\nu), y_\nu)`.

    Every function of tutelage that takes a source takes it (``spectrum(problem)``), or one of its operators:
    ``problem.hessian()``, ``problem.hessian().outer``, ``problem.ntk()``.

    Parameters
    ----------
    apply : callable
        ``apply(params, X)``: the outputs (n, ...) of a batch, in JAX. Of a function of one sample make one of a batch
        by ``jax.vmap(apply, (None, 0))``; a plain function, an equinox module's ``lambda m, X: jax.vmap(m)(X)``, flax's
        ``model.apply``.
    params : pytree
        Arrays of floats are parameters; functions and settings in modules are constants.
    X, y : array_like (n, ...)
        Inputs, or a pytree of them, and targets. Without ``y``, X gives batches (X, y): a list or a loader, read once.
    loss : {"half_square", "cross_entropy"} or callable
        ½ the sum over outputs of (f − y)²; minus the log-probability of y, which are labels or probabilities; or a
        function of one sample's output and target. Each is averaged over samples.
    only : str or sequence of str, optional
        The parameters that are trained, by steps of their paths (``"hidden"``, ``"layers.0"``); the rest is frozen.
    chunk : int, optional
        Samples held at once; by default as many as the cache holds, on other devices as 32 MB do.
    dtype : {"float64", "float32"}
        In which the model is computed. Error bars of eigenvalues grow to float32's.

    Raises
    ------
    InputError
        Parameters that are no floats, data that are not finite or do not fit, outputs of a sample that depend on its
        batch, a loss that is not one number a sample.
    AllocationError
        A chunk that does not fit; the message names the largest that does.

    Examples
    --------
    >>> import numpy as np
    >>> from tutelage import ModelProblem, spectrum
    >>> params, X = {"w": np.array([1.0, 0.0])}, np.diag([1.0, 2.0])
    >>> problem = ModelProblem(lambda p, X: X @ p["w"], params, X, y=[1.0, 0.0])
    >>> spectrum(problem).eigenvalues
    array([0.5, 2. ])
    """

    def __init__(
        self,
        apply: Apply,
        params: PyTree,
        X: PyTree,
        y: ArrayLike | None = None,
        loss: str | OwnLossFunction = "half_square",
        *,
        only: Trainable = None,
        chunk: int | None = None,
        dtype: str = "float64",
    ):
        kind = np.dtype(check.choice(str(dtype), _WHO, "dtype", ("float64", "float32")))
        if chunk is not None:
            check.integer(chunk, _WHO, "chunk")
        inputs, targets, self.n_samples = gather(X, y, kind, _WHO)
        named = parameters(params, only, _WHO)
        self._model = Model(checks.hashable(apply, _WHO), named, as_loss(loss, _WHO), kind)
        with jax.enable_x64(True):
            self._params = self._arrays(params)
            shape = checks.outputs(self._model, self._params, inputs, _WHO)
            targets = self._model.loss.targets((self.n_samples, *shape[1:]), targets, kind, _WHO)
            checks.losses(self._model.loss, shape, kind, targets, _WHO)
            self._n_outputs = int(np.prod(shape[1:], dtype=int))
            self._data = (inputs, targets)
            self.chunks = self._planned(chunk)
            weight = np.full(self.n_samples, 1.0 / self.n_samples)
            self._chunked = (*chunked((inputs, targets), self.chunks.size), self._weights(weight))
        check.number(self.loss(), _WHO, "loss at params")

    @classmethod
    def from_torch(
        cls,
        module: torch.nn.Module,
        X: PyTree,
        y: ArrayLike | None = None,
        loss: str | Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = "half_square",
        *,
        only: Trainable = None,
        chunk: int | None = None,
        dtype: str = "float64",
    ) -> TorchProblem:
        """The same of a torch module and tensors, arrays or a ``DataLoader``; needs ``tutelage[torch]``.

        Derivatives are torch.func's, on the module's device; the module itself is not changed. ``only`` takes names of
        parameters or of modules; without it those are trained that require a gradient. Eigenvectors come back as arrays
        by the module's names: ``operator.unravel(column)``.

        Raises
        ------
        MissingExtraError
            Without torch.
        InputError
            As :class:`ModelProblem`; a module in training mode with dropout or batch normalisation; an operation without
            second derivatives.
        """
        return TorchProblem(module, X, y, loss, only, chunk, dtype)

    # --- what and where ---------------------------------------------------------------------------------------
    @property
    def compared(self) -> Loss:
        """The loss of one sample."""
        return self._model.loss

    @property
    def params(self) -> PyTree:
        """The parameters it was given, as the user's pytree of arrays."""
        return self._model.parameters.assemble(self._params)

    @property
    def optimum(self) -> PyTree:
        """The given parameters, an optimum or not (``diagnose`` says): displacements and runs start from them."""
        return self.params

    @property
    def n_params(self) -> int:
        """P: the number of trained parameters."""
        return self._model.layout.size

    def at(self, params: PyTree) -> ModelProblem:
        """The same problem at other parameters, with the same compiled code."""
        with jax.enable_x64(True):
            return self._replaced(_params=self._arrays(params))

    def only(self, names: Trainable) -> ModelProblem:
        """The same problem with these parameters trained and the rest frozen: its Hessian is a block of the whole one."""
        named = parameters(self.params, names, f"{_WHO}.only")
        return self._replaced(_model=dataclasses.replace(self._model, parameters=named))

    def reweighted(self, weight: np.ndarray) -> ModelProblem:
        """The same with these weights of the samples (n,), which sum to 1."""
        with jax.enable_x64(True):
            return self._replaced(_chunked=(*self._chunked[:2], self._weights(weight)))

    def layout(self, student: PyTree | None = None) -> Layout:
        """Where every trained leaf stands in θ, by the names of its path."""
        return self._model.layout

    @float64
    def theta(self, student: PyTree | None = None) -> np.ndarray:
        """The trained parameters as a vector (P,)."""
        return np.asarray(self._point(student).theta, dtype=np.float64)

    @float64
    def with_theta(self, student: PyTree | None, theta: ArrayLike) -> PyTree:
        """The pytree with these trained parameters."""
        arrays = self._params if student is None else self._arrays(student)
        return self._model.parameters.assemble(self._model.layout.split(np.asarray(theta), arrays))

    # --- loss and derivatives ---------------------------------------------------------------------------------
    @float64
    def loss(self, student: PyTree | None = None) -> float:
        """ε, the mean over samples."""
        return float(point_loss(self._point(student)))

    @float64
    def gradient(self, student: PyTree | None = None) -> np.ndarray:
        """∇ε, shape (P,)."""
        return np.asarray(point_gradient(self._point(student))[1], dtype=np.float64)

    @float64
    def hessian(self, student: PyTree | None = None, only: Trainable = None) -> ModelHessian:
        """∇²ε as an operator: ``outer``, ``functional``, ``blocks()``; ``only`` takes the block of some parameters."""
        problem = self if only is None else self.only(only)
        return ModelHessian(problem._point(student), "whole", self.n_samples, self.chunks.columns)

    @float64
    def ntk(self, student: PyTree | None = None) -> TangentKernel:
        """The tangent kernel J Jᵀ/n, (n C, n C), by products."""
        return TangentKernel(self._point(student), self.n_samples, self._n_outputs, self.chunks.columns)

    @float64
    def objective(self, students: Sequence[PyTree], batch: int | None = None) -> Objective:
        """The loss of all samples; with a batch, gradients of that many drawn with replacement."""
        return ModelLoss(self._point(students[0]), batch, self.n_samples)

    # --- inside -----------------------------------------------------------------------------------------------
    def _replaced(self, **changes: object) -> ModelProblem:
        other = copy.copy(self)
        for name, value in changes.items():
            setattr(other, name, value)
        return other

    def _arrays(self, params: PyTree) -> dict[str, jax.Array]:
        return self._model.parameters.arrays(params, self._model.dtype, _WHO)

    def _point(self, student: PyTree | None) -> Point:
        arrays = self._params if student is None else self._arrays(student)
        layout = self._model.layout
        frozen = {name: array for name, array in arrays.items() if name not in layout.trained}
        return Point(layout.flatten(arrays), frozen, *self._chunked, self._model)

    def _weights(self, weight: np.ndarray) -> jax.Array:
        filled = np.pad(weight, (0, -self.n_samples % self.chunks.size))
        return jnp.asarray(filled.reshape(-1, self.chunks.size), self._model.dtype)

    def _planned(self, chunk: int | None) -> Chunks:
        """From the trace of a product over some samples."""

        def cost(c: int) -> float:
            data = jax.tree.map(
                lambda leaf: jax.ShapeDtypeStruct((1, c, *leaf.shape[1:]), leaf.dtype), self._data
            )
            layout, arrays = self._model.layout, self._params
            frozen = {name: array for name, array in arrays.items() if name not in layout.trained}
            weight = jax.ShapeDtypeStruct((1, c), self._model.dtype)
            point = Point(layout.flatten(arrays), frozen, *data, weight, self._model)
            vector = jax.ShapeDtypeStruct((layout.size,), np.float64)

            def product(X: PyTree, y: Array, weight: Array, vector: Array) -> Array:
                there = dataclasses.replace(point, X=X, y=y, weight=weight)
                return ModelHessian(there, "whole", c, 1).product(vector)

            return live_bytes(jax.make_jaxpr(product)(*data, weight, vector))

        room = cache(thread_count()) if jax.default_backend() == "cpu" else IN_MEMORY
        return plan_chunks(cost, self.n_samples, chunk, _WHO, max(8, self.n_samples // 2), room)

    def __repr__(self) -> str:
        return f"ModelProblem(P={self.n_params}, n={self.n_samples}, loss={self.compared.name!r})"


class ModelLoss(Objective):
    """The loss of a model as runs descend it; with ``size``, gradients of that many samples drawn every step."""

    point: Point
    size: int | None = eqx.field(static=True)
    n_samples: int = eqx.field(static=True)

    def loss(self, theta: Array) -> Array:
        return self.point.at(theta).loss()

    def draw(self, key: jax.Array) -> jax.Array | None:
        """The numbers of the samples; None for all."""
        return None if self.size is None else jax.random.randint(key, (self.size,), 0, self.n_samples)

    def gradient(self, theta: Array, drawn: jax.Array | None) -> Array:
        point = self.point.at(theta) if drawn is None else self._of(drawn, theta)
        return point.loss_and_gradient()[1]

    def _of(self, chosen: jax.Array, theta: Array) -> Point:
        size = chosen.shape[0]

        def rows(leaf: Array) -> Array:
            return leaf.reshape(-1, *leaf.shape[2:])[chosen][None]

        X, y = jax.tree.map(rows, (self.point.X, self.point.y))
        weight = jnp.full((1, size), 1.0 / size, self.point.weight.dtype)
        return dataclasses.replace(self.point, theta=theta, X=X, y=y, weight=weight)
