"""SweepSpec: a grid of teachers and the quantities wanted of each, read from TOML or built in Python."""

from __future__ import annotations

import dataclasses
import math
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.spec import class_path
from tutelage.base.types import ArrayLike
from tutelage.input_families import parse_inputs, seen_directions
from tutelage.inputs import GaussianInputs
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.spectra import Spectrum, spectrum
from tutelage.store import dataset_key
from tutelage.sweep.names import PLAIN
from tutelage.sweep.parse import parse, search_folders
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.sweep.quantities import Evaluation

#: Spawn-key word of the streams handed to user functions, away from the layer numbers teachers use.
_USER_STREAM = 1_000_003


@dataclasses.dataclass(frozen=True)
class Point:
    """One point of the grid: everything a quantity may depend on.

    Attributes
    ----------
    index : int
        Position in the grid.
    activation, weights : str
        Written specifications (``erf:scale=1.0``, ``normal``).
    d, k : int
        Input dimension and hidden width.
    seed, realization : int
        Name the random stream, as in :func:`tutelage.sample_teacher`.
    extra : dict
        Values of the axes of ``[grid.extra]``.
    biases, inputs : str
        Law of the biases and of the inputs, as written: ``none`` and ``standard``, ``spiked:strength=5.0``, ...
    outputs : int
        m.
    evaluation : Evaluation or None
        What its quantities share while they are evaluated.
    """

    index: int
    activation: str
    weights: str
    d: int
    k: int
    seed: int
    realization: int
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    biases: str = "none"
    inputs: str = "standard"
    outputs: int = 1
    search_path: tuple[str, ...] = dataclasses.field(default=(), repr=False, compare=False)
    evaluation: Evaluation | None = dataclasses.field(default=None, compare=False, repr=False)

    def spectrum(self, method: str = "auto") -> Spectrum:
        """The teacher's spectrum, computed once for all quantities of the point."""
        return (
            spectrum(Problem(self.teacher(), self.input_law()), method)
            if self.evaluation is None
            else self.evaluation.spectrum(method)
        )

    def teacher(self) -> Network:
        """The teacher of this point: the same on any machine, in any order."""
        return sample_teacher(
            self.activation,
            self.d,
            self.k,
            self.seed,
            self.weights,
            self.realization,
            self.biases,
            self.outputs,
        )

    def input_law(self) -> GaussianInputs:
        """The law of its inputs, from the file where it is one."""
        return parse_inputs(self.inputs, self.d, self.search_path)

    def rng(self) -> np.random.Generator:
        """A random stream for whatever else a quantity draws; independent of the teacher's."""
        key = (self.realization, _USER_STREAM, self.d, self.k)
        return np.random.default_rng(np.random.SeedSequence(entropy=self.seed, spawn_key=key))


@dataclasses.dataclass(frozen=True)
class SweepSpec:
    """A grid and the quantities wanted at each of its points.

    The grid is the product, in this order, of activations, sizes, weight laws, biases, inputs, outputs, extra axes, seeds
    and realizations; the last varies fastest. A point is a pure function of its index here.

    Attributes
    ----------
    name : str
        Names the store's folder.
    quantities : tuple of str
        Names of :data:`tutelage.sweep.builtin.QUANTITIES`, or ``"module:function"``.
    activations, weights : tuple of str
        Written specifications.
    sizes : tuple of (d, k)
    seeds, realizations : tuple of int
    biases, inputs : tuple of str
        Laws of the biases (``none``) and of the inputs (``standard``), as on the command line; an npz file stands by its
        name, which is looked for in the search path.
    outputs : tuple of int
    extra : dict
        Further axes, name to values (numbers or text); user functions read them from ``point.extra``.
    options : dict
        Options of each quantity.
    memory_bytes : float or None
        Working memory of one point, where the estimate from its sizes does not fit (user functions); not part
        of the grid's identity.
    search_path : tuple of str
        Where ``module:function`` is looked for, before Python's own path; neither part of the grid's identity nor
        stored: the folder of a sweep, which may travel, does not say where code comes from.
    """

    quantities: tuple[str, ...]
    activations: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    weights: tuple[str, ...] = ("normal",)
    seeds: tuple[int, ...] = (0,)
    realizations: tuple[int, ...] = (0,)
    extra: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    name: str = "sweep"
    memory_bytes: float | None = dataclasses.field(default=None, compare=False)
    search_path: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    biases: tuple[str, ...] = PLAIN["biases"]
    inputs: tuple[str, ...] = PLAIN["inputs"]
    outputs: tuple[int, ...] = PLAIN["outputs"]

    @property
    def further(self) -> dict[str, tuple[Any, ...]]:
        """Biases, inputs and outputs where the grid has any, then the extra axes: name to values."""
        own = {name: getattr(self, name) for name in PLAIN}
        return {**{name: values for name, values in own.items() if values != PLAIN[name]}, **self.extra}

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes, slowest first."""
        axes = (
            self.activations,
            self.sizes,
            self.weights,
            *self.further.values(),
            self.seeds,
            self.realizations,
        )
        return tuple(len(axis) for axis in axes)

    @property
    def n_points(self) -> int:
        """Number of points of the grid."""
        return math.prod(self.shape)

    @property
    def imported(self) -> tuple[str, ...]:
        """Every quantity, and the classes ``module:Class`` among the activations: what a run imports."""
        classes = (class_path(text) for text in self.activations)
        return (*self.quantities, *dict.fromkeys(filter(None, classes)))

    @property
    def key(self) -> str:
        """Name and digest of the grid: the same question has the same key."""
        question = {k: v for k, v in self.to_mapping().items() if k != "memory_bytes"}
        return dataset_key(self.name, question, code="")

    def columns(self, indices: ArrayLike) -> dict[str, np.ndarray]:
        """The parameters of many points, one array per name.

        Parameters
        ----------
        indices : array-like of int, shape (n,)
        """
        position = np.unravel_index(np.asarray(indices, dtype=np.int64), self.shape)
        sizes = np.array(self.sizes, dtype=np.int64)[position[1]]
        further = {
            name: np.array(values)[where]
            for (name, values), where in zip(self.further.items(), position[3:-2], strict=True)
        }
        return {
            "activation": np.array(self.activations)[position[0]],
            "weights": np.array(self.weights)[position[2]],
            "d": sizes[:, 0],
            "k": sizes[:, 1],
            "seed": np.array(self.seeds, dtype=np.int64)[position[-2]],
            "realization": np.array(self.realizations, dtype=np.int64)[position[-1]],
            **further,
        }

    def point(self, index: int) -> Point:
        """The point of an index."""
        where = [int(i) for i in np.unravel_index(index, self.shape)]
        d, k = self.sizes[where[1]]
        values = zip(self.further.items(), where[3:-2], strict=True)
        extra = {name: axis[i] for (name, axis), i in values}
        own = {name: extra.pop(name) for name in PLAIN if name in extra}
        return Point(
            index=int(index),
            activation=self.activations[where[0]],
            weights=self.weights[where[2]],
            d=d,
            k=k,
            seed=self.seeds[where[-2]],
            realization=self.realizations[where[-1]],
            extra=extra,
            search_path=self.search_path,
            **own,
        )

    def block_sizes(self, indices: ArrayLike) -> np.ndarray:
        """Side of the largest matrix a spectrum needs at each point: k min(k, d) + k (science 3a), and what biases, outputs
        and directions of the inputs add."""
        columns = self.columns(indices)
        d, k, outputs = columns["d"], columns["k"], columns.get("outputs", 1)
        own = k + (self.biases != PLAIN["biases"])
        for text in self.inputs if self.inputs != PLAIN["inputs"] else ():
            own = np.maximum(own, k + np.array([seen_directions(text, int(n)) for n in d]))
        return k * (np.minimum(own, d) + outputs + (self.biases != PLAIN["biases"]))

    def to_mapping(self) -> dict[str, Any]:
        """The specification as JSON can hold it; :meth:`from_mapping` reads it. The search path is not in it."""
        grid = {
            "activation": list(self.activations),
            "sizes": [list(size) for size in self.sizes],
            "weights": list(self.weights),
        }
        grid |= {name: list(values) for name, values in self.further.items() if name in PLAIN}
        if self.extra:
            grid["extra"] = {name: list(values) for name, values in self.extra.items()}
        mapping = {
            "name": self.name,
            "quantities": list(self.quantities),
            "seed": list(self.seeds),
            "realizations": list(self.realizations),
            "grid": grid,
            "options": {name: dict(options) for name, options in self.options.items()},
        }
        return mapping if self.memory_bytes is None else {**mapping, "memory_bytes": self.memory_bytes}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object], who: str = "SweepSpec") -> SweepSpec:
        """Build and check a specification from the tables of a TOML file (or :meth:`to_mapping`); imports nothing of it."""
        return cls(**parse(mapping, who))


def load_spec(path: str | os.PathLike) -> SweepSpec:
    """Read a specification from a TOML file; user functions are also looked for beside the file.

    Raises
    ------
    InputError
        No such file, not TOML, or a wrong key or value (the nearest is named).
    """
    path = Path(path)
    who = f"load_spec({str(path)!r})"
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark first
    except FileNotFoundError:
        raise InputError(f"{who}: no such file; check the path") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{who}: expected a TOML file, could not read it ({error}); correct it") from None
    beside = path.parent.resolve()
    folders = search_folders(mapping.pop("search_path", []), who)
    search_path = [str(beside), *(str(beside / folder) for folder in folders)]
    name = re.sub(r"[^a-z0-9_.-]", "_", path.stem.lower())
    return SweepSpec.from_mapping({"name": name, **mapping, "search_path": search_path}, who)


def as_spec(value: SweepSpec | Mapping[str, object] | str | os.PathLike) -> SweepSpec:
    """A specification from itself, a mapping or the path of a TOML file."""
    if isinstance(value, SweepSpec):
        return value
    if isinstance(value, Mapping):
        return SweepSpec.from_mapping(value)
    if isinstance(value, (str, os.PathLike)):
        return load_spec(value)
    raise InputError(f"sweep: expected a SweepSpec, a mapping or a file, got {type(value).__name__}")


def subset(spec: SweepSpec, shard: tuple[int, int] | None) -> range:
    """Indices of one of n equal, contiguous parts of the grid; shards count from 1."""
    if shard is None:
        return range(spec.n_points)
    number = check.integer(shard[0], "sweep", "shard number")
    count = check.integer(shard[1], "sweep", "number of shards")
    if number > count:
        raise InputError(f"sweep: expected a shard between 1 and {count}, got {number}; shards count from 1")
    return range((number - 1) * spec.n_points // count, number * spec.n_points // count)
