"""LossHessian: the Hessian of a loss in its two parts, with blocks by the names of the layers."""

# Annotations are evaluated here: Equinox finds abstract attributes by their types, not by their text.
from typing import TYPE_CHECKING

import equinox as eqx
import numpy as np

from tutelage.layout import Layout
from tutelage.operators.base import SymmetricOperator


class LossHessian(SymmetricOperator):
    """∇²ε over trained parameters; ``layout`` says which entry belongs to which."""

    if TYPE_CHECKING:  # As in SymmetricOperator.

        @property
        def layout(self) -> Layout: ...
        @property
        def outer(self) -> "LossHessian": ...
        @property
        def functional(self) -> "LossHessian | None": ...
    else:
        layout: eqx.AbstractVar[Layout]
        """Where every layer stands."""

        outer: eqx.AbstractVar["LossHessian"]
        r"""The outer-product part, :math:`E[\nabla f\,\nabla f^T]`."""

        functional: eqx.AbstractVar["LossHessian | None"]
        r"""The functional part, :math:`E[(f-f_*)\nabla^2 f]`; None where it vanishes."""

    @property
    def size(self) -> int:
        return self.layout.size

    @property
    def n_params(self) -> int:
        """P."""
        return self.size

    def blocks(self) -> dict[tuple[str, str], np.ndarray]:
        """The blocks on and above the diagonal by the names of their two layers: ``("W", "a")`` has shape (k d, k)."""
        dense, names = self.dense(), list(self.layout.slices)
        return {
            (row, column): np.asarray(self.layout.block(dense, row, column))
            for i, row in enumerate(names)
            for column in names[i:]
        }

    def __repr__(self) -> str:
        part = "" if self.functional is None else ", with functional part"
        return f"{type(self).__name__}(P={self.n_params}{part})"

    def _repr_html_(self) -> str:
        return f"<b>{type(self).__name__}</b>: P = {self.n_params}, trace = {self.trace():.6g}"
