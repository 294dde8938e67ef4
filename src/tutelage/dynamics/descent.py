"""Runs by steps: compiled loops between recorded steps, many seeds at once, divergence as a step number."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base.compiled import LOOP_COMPILATION, QUICK_COMPILATION
from tutelage.base.progress import Progress
from tutelage.base.types import Array, PyTree
from tutelage.problem import Objective

GROWTH = 1e8
"""A run has diverged when a parameter exceeds this times the largest one at the start (or 1)."""


_STEPS_AT_ONCE, _NUMBERS_AT_ONCE = 64, 2**17
"""Most steps, and random numbers, drawn in one call: a step of d = 50, B = 1 takes 3.6 µs instead of 8.6, of which the
gradient is one (``benchmarks/dynamics_sgd.py``); more at once are no faster and leave the cache."""


@dataclasses.dataclass(frozen=True, eq=False)
class Track:
    """What was recorded: loss and squared distance (runs, times), parameters on demand, step of divergence
    (runs,), the round-off floor of the first run's losses, and the last parameters (runs, P)."""

    loss: np.ndarray
    distance: np.ndarray | None
    diverged: np.ndarray
    records: list[list[PyTree]]
    floor: float
    ends: np.ndarray


class Steps(Protocol):
    """A rule that can be simulated: its state at the start, and one step."""

    def init(self, theta: Array) -> PyTree: ...

    def update(
        self, gradient: Callable[[Array], Array], theta: Array, state: PyTree
    ) -> tuple[Array, PyTree]: ...


class Walker(eqx.Module):
    """One run in flight."""

    theta: Array
    state: PyTree
    diverged: Array


def run_steps(
    objective: Objective,
    rule: Steps,
    starts: np.ndarray,
    steps: np.ndarray,
    seed: int,
    reference: np.ndarray | None,
    record: Callable[[np.ndarray], PyTree] | None,
    progress: Progress | None,
) -> Track:
    """March every start (runs, P) and record at the given steps; call in 64-bit mode.

    ``rule`` has ``init(theta)`` and ``update(gradient, theta, state)``. The loop between two records is one
    compiled call whose length is an argument, so a schedule of records costs one compilation.
    """
    draws = bool(jax.tree.leaves(jax.eval_shape(objective.draw, jax.eval_shape(jax.random.key, 0))))
    keys = jax.random.split(jax.random.key(seed), starts.shape[0]) if draws else None
    theta, target = jnp.asarray(starts), None if reference is None else jnp.asarray(reference)
    # As arrays, as below: Python numbers would be compiled in, once per learning rate or record.
    rule = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, (int, float)) else x, rule)
    never = np.full(starts.shape[0], -1)
    walkers = Walker(theta, jax.vmap(rule.init)(theta), never)
    limit = np.asarray(GROWTH * max(1.0, float(np.max(np.abs(starts)))))
    observe = _observer(objective.recorded, target)
    begin = observe(walkers)
    rows, records, done, at_once = [], [], 0, _steps_at_once(steps) if draws else _STEPS_AT_ONCE
    for step in map(int, steps):
        if step > done:
            walkers = _advance(objective, rule, walkers, keys, np.array([done, step]), limit, at_once)
            done = step
        rows.append(begin if step == 0 else observe(walkers))
        if record is not None:
            records.append([record(one) for one in np.asarray(walkers.theta)])
        if progress is not None:
            progress(done / max(int(steps[-1]), 1))
    loss, distance, _ = (np.stack(column, axis=1) for column in zip(*rows, strict=True))
    return Track(
        loss,
        None if reference is None else distance,
        np.asarray(walkers.diverged),
        records,
        float(np.asarray(begin[2])[0]),
        np.asarray(walkers.theta),
    )


def _steps_at_once(steps: np.ndarray) -> int:
    """A power of two up to the mean distance of the records: a record in the middle of a block draws the rest in vain."""
    mean = max(1, int(steps[-1]) // steps.size)
    return min(_STEPS_AT_ONCE, 1 << (mean.bit_length() - 1))


@functools.partial(eqx.filter_jit, compiler_options=LOOP_COMPILATION)
def _advance(
    objective: Objective, rule: Steps, walkers: Walker, keys: Array | None, span: Array, limit: Array,
    at_once: int,
) -> Walker:  # fmt: skip
    """Blocks of steps, whose batches are drawn at once: the same numbers as one by one, at a fraction of the time. Without keys
    nothing is drawn, and a block, whose length is compiled in, has the same for all schedules."""

    def draw(step: Array) -> PyTree:
        if keys is None:
            return None
        return jax.vmap(lambda key: objective.draw(jax.random.fold_in(key, step)))(keys)

    def one(walker: Walker, drawn: PyTree, step: Array) -> Walker:
        theta, state = rule.update(lambda at: objective.gradient(at, drawn), walker.theta, walker.state)
        # NaN compares false: one test catches both overflow and invalid numbers.
        lost = ~jnp.all(jnp.abs(theta) < limit)
        diverged = jnp.where((walker.diverged < 0) & lost, step + 1, walker.diverged)
        return Walker(theta, state, diverged)

    def block(index: Array, current: Walker) -> Walker:
        first = span[0] + index * size
        drawn = jax.vmap(draw)(first + jnp.arange(size))

        def all_runs(step: Array, current: Walker) -> Walker:
            here = jax.tree.map(lambda leaf: leaf[step - first], drawn)
            return jax.vmap(one, in_axes=(0, 0, None))(current, here, step)

        return jax.lax.fori_loop(first, jnp.minimum(first + size, span[1]), all_runs, current)

    numbers = sum(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(draw, span[0])))
    size = max(1, min(at_once, _NUMBERS_AT_ONCE // max(1, numbers)))
    return jax.lax.fori_loop(0, (span[1] - span[0] + size - 1) // size, block, walkers)


Observed: TypeAlias = tuple[Array, Array, Array]
"""Loss, squared distance and round-off floor of every run; NaN after divergence."""


def _observer(objective: Objective, reference: Array | None) -> Callable[[Walker], Observed]:
    """Compiled, unless NumPy has these losses as quickly: on a processor, where the parameters need no journey."""
    plain = objective.plain()
    if plain is None or jax.default_backend() != "cpu":
        return lambda walkers: _observe(objective, walkers, reference)

    def observe(walkers: Walker) -> Observed:
        thetas, alive = np.asarray(walkers.theta), np.asarray(walkers.diverged) < 0
        loss, floor = np.array([plain(theta) for theta in thetas]).T
        with np.errstate(all="ignore"):
            distance = np.sum((thetas - (0.0 if reference is None else np.asarray(reference))) ** 2, axis=1)
        return np.where(alive, loss, np.nan), np.where(alive, distance, np.nan), floor

    return observe


@functools.partial(eqx.filter_jit, compiler_options=QUICK_COMPILATION)
def _observe(objective: Objective, walkers: Walker, reference: Array | None) -> Observed:
    loss, floor = jax.lax.map(objective.observed, walkers.theta)
    distance = jnp.sum((walkers.theta - (0.0 if reference is None else reference)) ** 2, axis=1)
    alive = walkers.diverged < 0
    return jnp.where(alive, loss, jnp.nan), jnp.where(alive, distance, jnp.nan), floor


@dataclasses.dataclass(frozen=True)
class OptaxRule:
    """Any optax optimiser as a rule to simulate; it has no scalar filter to predict with."""

    optimiser: Any

    def init(self, theta: Array) -> PyTree:
        """The optimiser's state."""
        return self.optimiser.init(theta)

    def update(self, gradient: Callable[[Array], Array], theta: Array, state: PyTree) -> tuple[Array, PyTree]:
        """One optax update."""
        updates, state = self.optimiser.update(gradient(theta), state, theta)
        return theta + updates, state
