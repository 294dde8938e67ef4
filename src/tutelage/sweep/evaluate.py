"""Evaluate points and lay their results out as a Dataset; a failing point becomes a row with its error."""

from __future__ import annotations

import dataclasses
import functools
import platform
import time
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tutelage
from tutelage.base.errors import InputError
from tutelage.base.files import own_name
from tutelage.base.processes import thread_count
from tutelage.spectra.many import LARGEST
from tutelage.store import code_version, save_dataset
from tutelage.store.provenance import cpu_model
from tutelage.sweep.folder import SweepFolder
from tutelage.sweep.imports import load_activation, source_file
from tutelage.sweep.layout import Labelled, alike, layout_of, misfit, stack
from tutelage.sweep.marker import Marker, described
from tutelage.sweep.names import RECORDED, check_dimensions, check_name, check_text
from tutelage.sweep.quantities import Evaluation, Values, share_spectra
from tutelage.sweep.resolve import resolve
from tutelage.sweep.spec import Point, SweepSpec

if TYPE_CHECKING:
    import xarray as xr

_LONGEST_ERROR = 2000
_METHOD = "method"
"""The option of quantities that ask for the spectrum: how it is found."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of a point: ``values`` (name -> (dimension names, array)), how each spectrum was found, the messages of
    the quantities that raised (empty when all is well, their values are left out) and the time it took."""

    values: Mapping[str, Labelled]
    method: str
    error: str
    seconds: float


def evaluate_point(spec: SweepSpec, point: Point) -> Result:
    """All quantities of one point."""
    return _evaluated(spec, Evaluation(point, _resolves(spec)))


def _resolves(spec: SweepSpec) -> bool:
    """Whether any quantity looks at the smallest eigenvalues of the spectrum, as a user's function may."""
    asked = [resolve(name, spec.search_path) for name in spec.quantities]
    return any(
        quantity.options is None or (_METHOD in quantity.options and quantity.resolves) for quantity in asked
    )


def _evaluated(spec: SweepSpec, evaluation: Evaluation) -> Result:
    values: dict[str, Labelled] = {}
    errors = []
    start = time.perf_counter()
    for name in spec.quantities:
        try:
            load_activation(evaluation.point.activation, spec.search_path, "sweep")
            found = resolve(name, spec.search_path)(evaluation, spec.options.get(name, {}))
            values |= _checked(found, RECORDED | set(spec.extra), values)
        except BaseException as error:  # whatever a point does, the sweep goes on
            if isinstance(error, KeyboardInterrupt):
                raise
            errors.append(f"{name}: {type(error).__name__}: {error}")
    seconds = evaluation.seconds + time.perf_counter() - start
    method = "; ".join(f"{name}: {text}" for name, text in evaluation.methods.items())
    return Result(values, method, _told(errors), seconds)


def _told(errors: Iterable[str]) -> str:
    """Messages as a file can hold them."""
    text = "; ".join(error[:_LONGEST_ERROR] for error in errors if error)
    return text.encode("utf-8", "backslashreplace").decode()


def _checked(found: Values, recorded: Collection[str], others: Mapping[str, Labelled]) -> dict[str, Labelled]:
    """What a quantity returned, with names that nothing else in the record of a point has."""
    checked = {}
    for name, value in found.items():
        check_name(name, "a quantity", {*recorded, *others})
        checked[name] = _labelled(name, value, recorded)
    dimensions = {dim for dims, _ in (*others.values(), *checked.values()) for dim in dims}
    if wrong := next((name for name in checked if name in dimensions), None):
        raise InputError(misfit(wrong, layout_of(checked[wrong]), {}))
    return checked


def _labelled(name: str, value: object, recorded: Collection[str]) -> Labelled:
    """Dimension names and a float64 or text array."""
    dims = None
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], tuple):
        names, value = value
        dims = check_dimensions(names, name, recorded)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"expected a rectangular array for {name}, got {error}") from None
    if array.dtype.kind in "biuf" and not isinstance(value, np.ma.MaskedArray):
        array = array.astype(np.float64)
    elif array.dtype.kind != "U" or array.ndim:
        raise InputError(
            f"expected a real number, an array of them or a text for {name}, got {type(value).__name__}"
        )
    else:
        check_text(str(array), name, "its value")
    if dims is None:
        dims = tuple(f"{name}_{axis}" for axis in range(array.ndim))
    if len(dims) != array.ndim:
        raise InputError(f"expected {len(dims)} dimension(s) for {name}, got shape {array.shape}")
    return dims, array


@functools.cache
def code_of(names: tuple[str, ...], search_path: tuple[str, ...]) -> str:
    """The hash of tutelage's source and of the modules that ``module:name`` are imported from."""
    files = (source_file(name, search_path) for name in names if ":" in name)
    return code_version(("tutelage", *(file for file in files if file is not None)))


def to_dataset(spec: SweepSpec, indices: Sequence[int], results: Iterable[Result]) -> xr.Dataset:
    """The chunk of some points: quantities, parameters and how each number was made."""
    import xarray as xr

    results = list(results)
    n = len(results)
    text = {
        "version": tutelage.__version__,
        "code": code_of(spec.imported, spec.search_path),
        "cpu": cpu_model(),
    }
    record = {
        "seconds": ("point", np.array([r.seconds for r in results])),
        "method": ("point", np.array([r.method for r in results])),
        "failed": ("point", np.array([bool(r.error) for r in results])),
        "error": ("point", np.array([r.error for r in results])),
        "threads": ("point", np.full(n, thread_count())),
        **{name: ("point", np.full(n, value)) for name, value in text.items()},
    }
    variables = stack([r.values for r in results])
    parameters = {name: ("point", column) for name, column in spec.columns(indices).items()}
    return xr.Dataset(
        {**variables, **record},
        coords={"point": np.asarray(indices, dtype=np.int64), **parameters},
        attrs={"host": platform.node()},
    )


def run_task(folder: str, spec: SweepSpec, start: int, stop: int) -> Marker:
    """Evaluate the points ``start <= index < stop`` and store them; durable when this returns.

    Running it again finds the stored result, so a scheduler may repeat it at will. Points whose values have no layout in
    common go to files of their own: which of them are odd is judged over the whole sweep.
    """
    target = SweepFolder(Path(folder))
    marker = target.marker(start, stop)
    if marker is not None:
        return marker
    evaluations = [Evaluation(spec.point(index), _resolves(spec)) for index in range(start, stop)]
    _share(spec, evaluations)
    results = [_evaluated(spec, evaluation) for evaluation in evaluations]
    parts = alike([result.values for result in results])
    markers = [
        store_results(
            target, spec, range(start + part.start, start + part.stop), results[part.start : part.stop]
        )
        for part in parts
    ]
    failed, seconds = sum(m.failed for m in markers), sum(m.seconds for m in markers)
    return dataclasses.replace(markers[0], stop=stop, failed=failed, seconds=seconds)


def _share(spec: SweepSpec, evaluations: Sequence[Evaluation]) -> None:
    """The spectra of small points as one batch, where a quantity asks for them; if one fails, each by itself."""
    asked = [
        {**(resolve(name).options or {}), **spec.options.get(name, {})}
        for name in spec.quantities
        if ":" not in name
    ]
    sizes = spec.block_sizes(np.array([evaluation.point.index for evaluation in evaluations]))
    small = [evaluation for evaluation, size in zip(evaluations, sizes, strict=True) if size <= LARGEST]
    if small and any(options.get(_METHOD) == "auto" for options in asked) and not _shared(spec, small):
        for evaluation in small:
            _shared(spec, [evaluation])


def _shared(spec: SweepSpec, evaluations: Sequence[Evaluation]) -> bool:
    """Whether all these spectra could be computed; what failed is told by the quantity that asks for it."""
    try:
        for text in {evaluation.point.activation for evaluation in evaluations}:
            load_activation(text, spec.search_path, "sweep")
        share_spectra(evaluations)
    except BaseException as error:  # whatever a point does, the sweep goes on
        if isinstance(error, KeyboardInterrupt):
            raise
        return False
    return True


def store_results(target: SweepFolder, spec: SweepSpec, indices: range, results: Sequence[Result]) -> Marker:
    """Write one chunk, then its ``done`` marker; each is synced before its name appears."""
    dataset = to_dataset(spec, indices, results)
    path = save_dataset(dataset, own_name(target.chunk_path(indices.start, indices.stop)))
    marker = Marker(
        start=indices.start,
        stop=indices.stop,
        bytes=path.stat().st_size,
        crc32=zlib.crc32(path.read_bytes()),
        failed=int(dataset.failed.sum()),
        seconds=float(dataset.seconds.sum()),
        sizes={str(k): v for k, v in dataset.sizes.items() if k != "point"},
        variables=described(dataset),
    )
    target.write_marker(marker)
    return marker


def lost_point(message: str) -> Result:
    """The result of a point that took its worker down."""
    return Result({}, "", _told([message]), float("nan"))
