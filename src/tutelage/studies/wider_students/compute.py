"""Students wider than their teacher: the spectrum at every kind of optimum beside the teacher's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
import xarray as xr

from tutelage.activations.derivatives import derivative_tables
from tutelage.base.progress import Progress, tracked
from tutelage.network import Network
from tutelage.population import Problem, hessian_at_optimum
from tutelage.rank import hessian_rank, optima
from tutelage.rank.formulas import quadratic_count
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.wider_students import WiderStudents

KINDS = ("silent", "zero rows", "split", "null group")
STEPS = np.geomspace(0.02, 0.1, 5)
"""Distances along a flat direction, in units of a neuron's weights: what is left out beyond t⁴ is t² of it."""


def compute(study: WiderStudents, progress: Progress | None = None) -> xr.Dataset:
    """Spectra and ranks at the optima of each activation, and the loss along flat directions of the first."""
    size = (study.k + study.extra) * (study.d + 1)
    shape = (len(study.activations), len(KINDS))
    second = np.zeros(shape[0])
    values, scaled = np.full((*shape, size), np.nan), np.full((*shape, size), np.nan)
    own = np.full((shape[0], size), np.nan)
    ranks, bare = np.zeros(shape, dtype=int), np.zeros(shape[0], dtype=int)
    for i, activation in enumerate(tracked(study.activations, progress)):
        teacher = sample_teacher(activation, study.d, study.k, study.seed)
        points = {point.kind: point for point in optima(teacher, study.k + study.extra, study.seed)}
        second[i] = _second_moment(points["silent"].network, study.k)
        bare[i] = hessian_rank(teacher, floating=False).rank
        own[i] = _descending(hessian_at_optimum(teacher).dense(), size)
        for j, kind in enumerate(KINDS):
            ranks[i, j] = points[kind].rank.rank
            values[i, j] = _descending(hessian_at_optimum(points[kind].network).dense(), size)
        for kind in ("split", "null group"):
            scaled[i, KINDS.index(kind)] = _scaled(teacher, points[kind].network, kind, size)
    axes = ("activation", "kind")
    return xr.Dataset(
        {
            "values": ((*axes, "index"), values),
            "scaled": ((*axes, "index"), scaled),
            "teacher": (("activation", "index"), own),
            "rank": (axes, ranks),
            "second_moment": (("activation",), second),
            "teacher_rank": (("activation",), bare),
            **_flat(study),
        },
        coords={"activation": list(study.activations), "kind": list(KINDS), "step": STEPS},
    )


def _descending(matrix: np.ndarray, size: int) -> np.ndarray:
    """Eigenvalues from the largest on, zeros behind them."""
    found = scipy.linalg.eigvalsh(matrix, driver="evd")[::-1]
    return np.concatenate([found, np.zeros(size - found.size)])


def _scaled(teacher: Network, student: Network, kind: str, size: int) -> np.ndarray:
    """Eigenvalues of Λ^½ H Λ^½, H the Hessian of the network whose neurons all differ."""
    spare = student.a[teacher.k :]
    if kind == "split":
        one, shares = teacher, student.a[teacher.k - 1 :] / teacher.a[-1]
    else:
        one, shares = Network(student.W[: teacher.k + 1], [*teacher.a, 1.0], teacher.activation), spare
    scales = one.layout.flatten(
        {
            "W": np.where(np.arange(one.k) == one.k - 1, np.sum(shares**2), 1.0)[:, None]
            * np.ones(one.W.shape),
            "a": np.where(np.arange(one.k) == one.k - 1, shares.size, 1.0),
        }
    )
    root = np.sqrt(scales)
    return _descending(root[:, None] * hessian_at_optimum(one).dense() * root, size)


def _second_moment(student: Network, k: int) -> float:
    """Σ E σ(w_e·x)² over the neurons from k on, by the trapezoidal rule in one variable each."""
    nodes = np.linspace(-12.0, 12.0, 481)
    weights = np.exp(-(nodes**2) / 2.0)
    at = np.linalg.norm(student.W[k:], axis=1)[:, None] * nodes
    value, _, _ = derivative_tables(student.activation, at)
    return float(np.sum(value**2 @ weights) / weights.sum())


def _gain(dataset: xr.Dataset) -> np.ndarray:
    """What silent neurons add to the trace."""
    silent = dataset["values"].values[:, KINDS.index("silent")]
    return silent.sum(axis=1) - dataset["teacher"].values.sum(axis=1)


def _flat(study: WiderStudents) -> dict[str, tuple]:
    """Loss where the copies of a split neuron part, their shares held, and where spare silent neurons move."""
    teacher = sample_teacher(study.activations[0], study.d, study.k, study.seed)
    problem = Problem(teacher)
    points = {point.kind: point.network for point in optima(teacher, study.k + study.extra, study.seed)}
    rng = np.random.default_rng(study.seed)
    apart, moved = np.zeros(points["split"].W.shape), np.zeros(points["silent"].W.shape)
    copies = rng.standard_normal((study.extra + 1, study.d)) / np.sqrt(study.d)
    apart[study.k - 1 :] = copies - copies.mean(axis=0)  # equal shares: Σ ρ_c δw_c = 0
    moved[study.k :] = rng.standard_normal((study.extra, study.d)) / np.sqrt(study.d)

    def at(kind: str, direction: np.ndarray, step: float) -> Network:
        return points[kind].with_layers({"W": points[kind].W + step * direction})

    return {
        "apart": (("step",), np.array([problem.loss(at("split", apart, t)) for t in STEPS])),
        "moved": (("step",), np.array([problem.loss(at("silent", moved, t)) for t in STEPS])),
    }


def measure(study: WiderStudents, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Ranks, spectra by scaling, interlacing, and what the loss does along flat directions."""
    ranks, top = dataset["rank"].values, dataset["teacher"].values[:, :1]
    expected = np.array([_ranks(study, name, r) for name, r in _known(study, dataset)])
    error = np.abs(dataset["values"].values - dataset["scaled"].values).max(axis=2) / top
    claims = {
        f"wider.rank.{word}": Measured(int(expected[:, j].sum()), int(ranks[:, j].sum()))
        for j, word in enumerate(("silent", "zero", "split", "null"))
    }
    return claims | {
        "wider.split": Measured(0.0, float(error[:, KINDS.index("split")].max())),
        "wider.null": Measured(0.0, float(error[:, KINDS.index("null group")].max())),
        "wider.interlace": Measured(0, _violations(study, dataset)),
        "wider.trace": Measured(
            0.0, float(np.abs(_gain(dataset) / dataset["second_moment"].values - 1).max())
        ),
        "wider.quartic": Measured(4.0, _slope(STEPS, dataset["apart"].values)),
        "wider.tangent": Measured(0.0, float(np.abs(dataset["moved"].values).max())),
    }


def _known(study: WiderStudents, dataset: xr.Dataset) -> list[tuple[str, int]]:
    return list(zip(study.activations, dataset["teacher_rank"].values.tolist(), strict=True))


def _ranks(study: WiderStudents, activation: str, r: int) -> tuple[int, int, int, int]:
    """Of the four kinds, where the teacher has rank r (science 20)."""
    d, k, extra = study.d, study.k, study.extra
    if not activation.startswith("quadratic"):
        return r + extra, r + d, r, r + d + 1
    whole = d * (d + 3) // 2
    return min(r + extra, whole), d + k * d - k * (k - 1) // 2, r, quadratic_count(d, k + 1)


def _violations(study: WiderStudents, dataset: xr.Dataset) -> int:
    """Eigenvalues at silent neurons that leave the interval between their neighbours at the teacher."""
    own = dataset["teacher"].values
    found = dataset["values"].values[:, KINDS.index("silent")]
    slack = 1e-12 * own[:, :1]
    n = own.shape[1] - study.extra
    return int((found < own - slack).sum() + (found[:, study.extra :] > own[:, :n] + slack).sum())


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.polyfit(np.log(x), np.log(np.maximum(y, 1e-300)), 1)[0])
