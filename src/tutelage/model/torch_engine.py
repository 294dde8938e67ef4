"""Engine: loss, gradient and products of a torch module on chunked samples, NumPy in and out. Imports torch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias, cast

import jax
import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike, PyTree
from tutelage.layout import Layout
from tutelage.model.losses import CrossEntropy, HalfSquare, Loss, OwnLoss

Chunk: TypeAlias = tuple[PyTree, torch.Tensor, torch.Tensor]
Outputs: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
Product: TypeAlias = Callable[[torch.Tensor], torch.Tensor]

_SAVED_TIMES = 4.0
"""What second derivatives keep for every number that first ones do: an estimate, not a bound."""


def on_host(tree: PyTree) -> PyTree:
    """Tensors as NumPy arrays, wherever they lie."""

    def host(leaf: object) -> object:
        return leaf.detach().cpu().numpy() if isinstance(leaf, torch.Tensor) else leaf

    if isinstance(tree, torch.utils.data.DataLoader):
        batches = cast("Iterable[PyTree]", tree)  # what a checker knows only where torch is installed
        return [jax.tree.map(host, tuple(batch)) for batch in batches]
    return jax.tree.map(host, tree)


class Engine:
    """A module's function with parameters in one precision, on the module's device."""

    def __init__(self, module: torch.nn.Module, loss: Loss, kind: np.dtype, who: str):
        self.module, self.compared = module, loss
        self.dtype = torch.float64 if kind == np.float64 else torch.float32
        self.rounding = _no_rounding if kind == np.float64 else _single_rounding
        self.device = next(module.parameters()).device
        self.parameters = {name: self._cast(p) for name, p in module.named_parameters()}
        self.buffers = {name: self._cast(b) for name, b in module.named_buffers()}
        for name, parameter in self.parameters.items():
            check.finite(parameter.cpu().numpy(), who, f"parameter {name}")
        self.chunks: tuple[Chunk, ...] = ()
        self.columns = 1
        self.layout = Layout({name: tuple(p.shape) for name, p in self.parameters.items()})

    def _cast(self, tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.detach()
        return tensor.to(self.dtype) if tensor.is_floating_point() else tensor

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(array), device=self.device)

    # --- the same elsewhere -----------------------------------------------------------------------------------
    def _changed(self, **changes: object) -> Engine:
        other = copy.copy(self)
        for name, value in changes.items():
            setattr(other, name, value)
        return other

    def on(
        self, data: tuple[PyTree, np.ndarray], weight: np.ndarray, size: int, columns: int, layout: Layout
    ) -> Engine:
        """On these samples, put on the device once."""
        chunks = []
        for start in range(0, len(weight), size):
            here = slice(start, start + size)
            X, y, w = jax.tree.map(lambda leaf, here=here: self._tensor(leaf[here]), (*data, weight))
            chunks.append((X, y, w.to(self.dtype)))
        return self._changed(chunks=tuple(chunks), columns=columns, layout=layout)

    def reweighted(self, weight: np.ndarray) -> Engine:
        ends = np.cumsum([len(w) for _, _, w in self.chunks])
        parts = np.split(weight, ends[:-1])
        chunks = [
            (X, y, self._tensor(part).to(self.dtype))
            for (X, y, _), part in zip(self.chunks, parts, strict=True)
        ]
        return self._changed(chunks=tuple(chunks))

    def with_layout(self, layout: Layout) -> Engine:
        return self._changed(layout=layout)

    def at(self, student: torch.nn.Module | Mapping[str, ArrayLike | torch.Tensor], who: str) -> Engine:
        named = dict(student.named_parameters()) if isinstance(student, torch.nn.Module) else dict(student)
        parameters = {}
        for name, own in self.parameters.items():
            if name not in named:
                raise InputError(f"{who}: expected the module's parameters by name, got no {name!r}")
            value = named[name]
            tensor = value.detach() if isinstance(value, torch.Tensor) else self._tensor(np.asarray(value))
            if tensor.shape != own.shape:
                raise InputError(
                    f"{who}: expected {name} of shape {tuple(own.shape)}, got {tuple(tensor.shape)}"
                )
            parameters[name] = tensor.to(device=self.device, dtype=self.dtype)
        return self._changed(parameters=parameters)

    def host_parameters(self) -> dict[str, np.ndarray]:
        return {name: tensor.cpu().numpy() for name, tensor in self.parameters.items()}

    # --- the function -----------------------------------------------------------------------------------------
    def _theta(self) -> torch.Tensor:
        return torch.cat([self.parameters[name].reshape(-1) for name in self.layout.slices])

    def _outputs(self, theta: torch.Tensor, X: PyTree) -> torch.Tensor:
        shapes = dict(self.layout.shapes)
        trained = {name: theta[at].reshape(shapes[name]) for name, at in self.layout.slices.items()}
        arguments = tuple(X) if isinstance(X, (tuple, list)) else (X,)
        # The other kernels of attention have neither second nor forward derivatives.
        with sdpa_kernel(SDPBackend.MATH):
            return torch.func.functional_call(
                self.module, {**self.parameters, **self.buffers, **trained}, arguments
            )

    def _risk(self, outputs: torch.Tensor, y: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return torch.sum(weight * sample_losses(self.compared, outputs, y))

    def outputs_of(self, inputs: PyTree, who: str) -> tuple[int, ...]:
        """Shape of the outputs of a few samples, and that they are a batch."""
        few = jax.tree.map(lambda leaf: self._tensor(leaf[:3]), inputs)
        n = len(jax.tree.leaves(few)[0])
        try:
            found = self._outputs(self._theta(), few)
        except (RuntimeError, TypeError, IndexError, ValueError) as error:
            raise InputError(
                f"{who}: module(X) failed on X of shape {jax.tree.map(lambda leaf: tuple(leaf.shape), few)} "
                f"({type(error).__name__}: {error}); it takes a batch"
            ) from error
        if not isinstance(found, torch.Tensor) or found.ndim < 1 or len(found) != n:
            shape = tuple(getattr(found, "shape", ())) or type(found).__name__
            raise InputError(
                f"{who}: expected module(X) to give outputs ({n}, ...) of {n} samples, got {shape}"
            )
        alone = [
            self._outputs(self._theta(), jax.tree.map(lambda x, i=i: x[i : i + 1], few)) for i in range(n)
        ]
        slack = 1e3 * torch.finfo(self.dtype).eps * (1 + float(found.abs().max()))
        if not bool(torch.all((torch.cat(alone) - found).abs() <= slack)):
            raise InputError(
                f"{who}: expected outputs of a sample that are the same alone and in a batch, got others; call module.eval(), "
                "and take away dropout or batch statistics that do not heed it"
            )
        return tuple(found.shape)

    def bytes_of(self, inputs: PyTree, c: int) -> float:
        """What a product over c samples keeps, from what the forward pass saves."""
        few = jax.tree.map(lambda leaf: self._tensor(np.resize(leaf, (c, *leaf.shape[1:]))), inputs)
        saved = 0

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            nonlocal saved
            saved += tensor.numel() * tensor.element_size()
            return tensor

        theta = self._theta().requires_grad_(True)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            self._outputs(theta, few)
        return _SAVED_TIMES * saved

    # --- numbers ----------------------------------------------------------------------------------------------
    def loss(self) -> float:
        with torch.no_grad():
            theta = self._theta()
            return float(sum(self._risk(self._outputs(theta, X), y, w) for X, y, w in self.chunks))

    def gradient(self) -> np.ndarray:
        theta = self._theta()
        total = torch.zeros_like(theta)
        for X, y, w in self.chunks:
            total = total + torch.func.grad(lambda t, X=X, y=y, w=w: self._risk(self._outputs(t, X), y, w))(
                theta
            )
        return np.asarray(total.cpu().numpy(), dtype=np.float64)

    def products(self, part: str, vectors: np.ndarray) -> np.ndarray:
        """H V (P, m) of a part, chunk after chunk."""
        theta, V = self._theta(), self._tensor(vectors).to(self.dtype)
        total = torch.zeros_like(V, dtype=torch.float64)
        for product in self._chunk_products(part, theta):
            total += self._columns(product, V)
        return total.cpu().numpy()

    def _columns(self, function: Product, V: torch.Tensor) -> torch.Tensor:
        """A linear function of every column, as many at once as fit."""
        return torch.func.vmap(function, in_dims=1, out_dims=1, chunk_size=self.columns)(V)

    def _chunk_products(self, part: str, theta: torch.Tensor) -> Iterator[Product]:
        for X, y, w in self.chunks:
            yield PARTS[part](
                lambda t, X=X: self._outputs(t, X), lambda f, y=y, w=w: self._risk(f, y, w), theta
            )

    def kernel_products(self, vectors: np.ndarray) -> np.ndarray:
        """J Jᵀ V/n for V (n C, m)."""
        theta, V = self._theta(), self._tensor(vectors).to(self.dtype)
        gradients = torch.zeros((theta.numel(), V.shape[1]), dtype=self.dtype, device=self.device)
        outputs, start, n = [], 0, sum(len(w) for _, _, w in self.chunks)
        for X, _, _ in self.chunks:
            f, pull = torch.func.vjp(lambda t, X=X: self._outputs(t, X), theta)[:2]
            rows = V[start : (start := start + f.numel())]
            gradients += self._columns(lambda v, pull=pull, f=f: pull(v.reshape(f.shape))[0], rows)
        for X, _, _ in self.chunks:
            outputs.append(self._columns(lambda v, X=X: self._forward(X, theta, v), gradients))
        return (torch.cat(outputs) / n).to(torch.float64).cpu().numpy()

    def _forward(self, X: PyTree, theta: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
        return torch.func.jvp(lambda t: self._outputs(t, X), (theta,), (direction,))[1].reshape(-1)

    def require_second_derivatives(self, who: str) -> None:
        """Try one product on the first sample."""
        X, y, w = self.chunks[0]
        first = jax.tree.map(lambda leaf: leaf[:1], (X, y, w))
        try:
            small = self._changed(chunks=(first,))
            small.products("whole", np.ones((self.layout.size, 1)))
        except (RuntimeError, NotImplementedError) as error:
            raise InputError(
                f"{who}: expected a module with second derivatives, got an operation that has none ({error}); take its plain "
                "form (attention without a fused kernel, a smooth activation written in torch)"
            ) from error


def _whole(f: Outputs, risk: Outputs, theta: torch.Tensor) -> Product:
    slope = torch.func.grad(lambda t: risk(f(t)))
    return lambda v: torch.func.jvp(slope, (theta,), (v,))[1]


def _outer(f: Outputs, risk: Outputs, theta: torch.Tensor) -> Product:
    outputs, pull = torch.func.vjp(f, theta)[:2]
    slope = torch.func.grad(risk)

    def product(v: torch.Tensor) -> torch.Tensor:
        along = torch.func.jvp(f, (theta,), (v,))[1]
        return pull(torch.func.jvp(slope, (outputs,), (along,))[1])[0]

    return product


def _functional(f: Outputs, risk: Outputs, theta: torch.Tensor) -> Product:
    weights = torch.func.grad(risk)(f(theta)).detach()
    slope = torch.func.grad(lambda t: torch.sum(weights * f(t)))
    return lambda v: torch.func.jvp(slope, (theta,), (v,))[1]


PARTS = {"whole": _whole, "outer": _outer, "functional": _functional}


def sample_losses(loss: Loss, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The loss of each sample, shape (c,): the formulas of ``tutelage.model.losses`` in torch."""
    if isinstance(loss, HalfSquare):
        return 0.5 * ((outputs - y) ** 2).reshape(len(y), -1).sum(dim=1)
    if isinstance(loss, CrossEntropy):
        logs = torch.log_softmax(outputs, dim=1)
        if y.ndim == 1:
            return -logs.gather(1, y[:, None])[:, 0]
        return -(y * logs).sum(dim=1)
    assert isinstance(loss, OwnLoss), "the losses there are"
    found = torch.func.vmap(loss.function)(outputs, y)
    if found.shape != (len(y),):
        raise InputError(
            "ModelProblem.from_torch: expected a loss that gives one real number of one sample's output and target, got "
            f"shape {tuple(found.shape[1:])}; sum or average over outputs in it"
        )
    return found


def _no_rounding() -> float:
    return 0.0


def _single_rounding() -> float:
    return float(np.finfo(np.float32).eps)
