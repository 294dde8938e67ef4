"""What operators over chunked samples share: how many products one batch holds, and that each of them is dear."""

# Annotations are evaluated here: Equinox finds abstract attributes by their types, not by their text.
from typing import TYPE_CHECKING

import equinox as eqx

from tutelage.operators import SymmetricOperator


class ChunkedOperator(SymmetricOperator):
    """An operator whose products go over all samples, chunk after chunk."""

    if TYPE_CHECKING:  # As in SymmetricOperator.

        @property
        def columns(self) -> int: ...
    else:
        columns: eqx.AbstractVar[int]
        """Products that one batch may hold in memory."""

    @property
    def columns_at_once(self) -> int:
        return self.columns

    @property
    def by_products(self) -> bool:
        return True
