"""The exceptions tutelage raises: every message says what was expected, what came and what to do."""


class InputError(ValueError):
    """An argument does not fit. The command line turns it into one line and exit code 2."""


class AllocationError(InputError):
    """An array would not fit in memory; the message gives P, the bytes and the largest feasible size."""


class NoHessianError(InputError):
    """The Hessian does not exist here (a zero neuron under a kinked activation)."""


class NotAvailableError(InputError):
    """The question has no implemented answer for this activation or size; the message names what does."""


class QuadratureWarning(UserWarning):
    """A function is less smooth than its quadrature assumes; the message names ``kinks=`` and ``strip=``."""


class MissingExtraError(ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class StoreError(InputError):
    """A file of results cannot be written or read; the message names the file, the cause and the way out."""


class DamagedError(StoreError):
    """A file of results was changed or cut since it was written."""


class WorkersDie(RuntimeError):
    """The processes of a sweep die whatever they are given; the message says after how many it stopped."""


class StoreWarning(UserWarning):
    """Stored results are damaged, and others were found in their place: the values are right; the message says more."""
