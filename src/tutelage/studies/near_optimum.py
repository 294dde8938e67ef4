"""Fig. 3: networks started near their teacher, trained, and laid over the predicted curve and its
asymptote."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study
from tutelage.studies.repeats import Repeats

if TYPE_CHECKING:
    import xarray as xr

    from tutelage.dynamics import Curve, StartMeasure, Timescales
    from tutelage.network import Network

_SGD = "sgd"
LATE = 1.0 / 3.0
"""Slopes are fitted over this last part of a run."""
EARLY = 1.0 / 24.0
"""The first slope is fitted over this first part: one time constant of the SGD run."""
_LAST_DECADES = Repeats(
    1e-3,
    reason="at its end the SGD run is 1e-10 to 1e-9 from the teacher: round-off of its weights is 1e-6 or more",
)
_WINDOW = Repeats(
    5e-3,
    reason="two thirds of 60 steps is a step: round-off decides whether the window has that point (2.4e-3 seen)",
)


def _of_each(activations: tuple[str, ...]) -> tuple[Statement, ...]:
    result = []
    for name in activations:
        result += [
            Statement(
                f"fig3.curve.{name}",
                f"Full gradient descent of the {name} network follows the whole predicted curve: largest "
                f"relative "
                "difference over the first six decades of loss.",
                "[C25] (6)-(7)",
                "at most",
                0.01,
                "the error of the quadratic prediction is first order in the noise, 1e-5, times the square root of "
                "P and a condition number of ten to a hundred",
                note="noise 1e-5",
            ),
            Statement(
                f"fig3.slope.{name}",
                f"The slope of log ε over the last third of that run ({name}).",
                "[C25] (7)",
                "within relative",
                0.035,
                "two errors of 1 % in log ε, as for the curve, over its drop in the window, which is at least 1.5 "
                "ln 1.5 = 0.6 for t^(−3/2)",
                note="the prediction's slope over the same window, which need not be −2λ_min yet",
                repeats=_WINDOW,
            ),
        ]
    return tuple(result)


@dataclasses.dataclass(frozen=True)
class NearOptimum(Study):
    """SGD and gradient descent near the optimum; Couto et al. 2025, Fig. 3 and (6)-(7).

    ``sgd_end`` and ``ends`` are final times in units of the time constant 1/(2 λ_min) (linear network under
    SGD) and numbers of gradient-descent steps (the three activations).
    """

    d: int = 10
    k: int = 20
    seed: int = 3
    noise: float = 1e-3
    batch: int = 1024
    sgd_rate: float = 0.01
    sgd_end: float = 24.0
    small_noise: float = 1e-5
    ends: tuple[int, int, int] = (60, 6000, 10000)
    points: int = 100

    name: ClassVar[str] = "fig3"
    title: ClassVar[str] = "Learning near the optimum: predicted and trained"
    place: ClassVar[str] = "[C25] Fig. 3, (6)-(7)"
    cost: ClassVar[float] = 25.0
    uses: ClassVar[tuple[str, ...]] = (
        "tutelage.activations", "tutelage.moments", "tutelage.population", "tutelage.operators",
        "tutelage.spectra", "tutelage.dynamics",
    )  # fmt: skip
    formulas: ClassVar[tuple[str, ...]] = (
        "ε(t) = ½ Σ λ<sub>i</sub> e<sup>−2λ<sub>i</sub>t</sup> (v<sub>i</sub>·δ<sub>0</sub>)²",
        "mean over starts: (s²/2) Σ λ<sub>i</sub> e<sup>−2λ<sub>i</sub>t</sup>",
        "long times: C e<sup>−2λ<sub>min</sub>t</sup>",
    )
    words: ClassVar[str] = (
        "A student starts at its teacher plus a little noise and is trained. Upper left, as in the paper: a "
        "linear network "
        "under stochastic gradient descent (blue) and the exponential of the smallest non-zero "
        "eigenvalue (black), "
        "its constant fixed at the final time. The red line is what the paper does not draw: the WHOLE "
        "curve, "
        "predicted from the Hessian and the start without training anything.\n\n"
        "Upper right: the same for full gradient descent of three activations. The linear network ends on its "
        "exponential. "
        "The error-function network has eigenvalues down to 1e-7 and below: within any run it follows a "
        "power law, "
        "and its exponential lies beyond.\n\n"
        "Below, the local rates −d log ε/dt of the curves above them: dots trained, lines predicted, dashed 2λ_min. The "
        "claims fit their slopes over the shaded windows, the last third of a run and, for comparison, its beginning."
    )
    activations: ClassVar[tuple[str, ...]] = ("linear", "quadratic", "erf")
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "fig3.rate",
            "The long-time loss of the linear network under SGD falls like exp(−2 λ_min t): slope of log "
            "ε over the "
            "last third.",
            "[C25] Fig. 3",
            "within relative",
            0.035,
            "a step of η moves the slope by ηλ/2 = 0.7 % and the flat directions move the minimum by about the "
            "noise times √P, 1 %; chance gives √(2/B) over the steps of the window, 0.3 %, and six of these are "
            "allowed, since other directions add to it",
            note="one run; correction: the slope of the predicted curve over the same window, in which the second "
            "slowest direction may not have died out",
            repeats=_LAST_DECADES,
        ),
        Statement(
            "fig3.faster",
            "Initially it falls faster, by the larger eigenvalues: slope over the first time constant of the slowest "
            "direction, a 24th of the run, over the slope over the last third.",
            "[C25] Fig. 3",
            "at least",
            1.2,
            "an excess four times what the slope itself is allowed; the spectrum predicts more",
            repeats=_LAST_DECADES,
        ),
        Statement(
            "fig3.whole",
            "The whole SGD curve is the predicted one: largest |log₁₀| of their ratio over the first six "
            "decades.",
            "ours",
            "at most",
            0.05,
            "chance multiplies the slow component by a random walk: over six decades |log₁₀| has a standard "
            "deviation of 0.43 ηλ √(8n/B) = 0.012 (n = 535 steps, B = 1024), and four of these are allowed",
        ),
        *_of_each(activations),
        Statement(
            "fig3.exponential.erf",
            "At the end of its run the erf network, too, decays at the rate λ_min.",
            "[C25] section 2.1",
            "within relative",
            0.1,
            "a difference of logarithms of neighbouring points, each good to 1 %, a tenth apart",
            note="correction: at the rate −½ d log ε/dt of the whole predicted curve; over 12 teachers of (10, 20) "
            "the slowest direction carries 90 % of the mean loss only from t = 2e5 to 4e8 on, at 1e-11 to 1e-7 of "
            "the start: beyond this run, and at noise 1e-5 below the round-off of a loss written as a difference",
        ),
    )

    @classmethod
    def full(cls) -> NearOptimum:
        return cls(batch=2048, ends=(60, 30000, 200000), points=160)

    def teacher(self, activation: str) -> Network:
        """The teacher of one panel."""
        from tutelage.network import sample_teacher

        return sample_teacher(activation, d=self.d, k=self.k, seed=self.seed)

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        runs = (_SGD, *self.activations)
        columns: dict[str, list[np.ndarray]] = {name: [] for name in ("time", "loss", "predicted", "late")}
        ends = []
        for i, run in enumerate(runs):
            found = self._train(run)
            for name in columns:
                columns[name].append(_padded(found[name], self.points + 2))
            ends.append((found["smallest"], found["largest"]))
            if progress is not None:
                progress((i + 1) / len(runs))
        smallest, largest = (np.array(values) for values in zip(*ends, strict=True))
        data: dict[str, Any] = {name: (("run", "point"), np.stack(rows)) for name, rows in columns.items()}
        data |= {"smallest": ("run", smallest), "largest": ("run", largest)}
        return xr.Dataset(
            data, coords={"run": list(runs)}, attrs={"d": self.d, "k": self.k, "batch": self.batch}
        )

    def _train(self, run: str) -> dict[str, Any]:
        """One run beside the two predictions and the asymptote that meets it at the final time."""
        from tutelage.dynamics import (
            GradientDescent,
            NoisyTeacher,
            asymptote,
            log_steps,
            predict_loss,
            simulate,
        )
        from tutelage.population import Problem

        rates, own = self._predicted(run)
        teacher, start = self.teacher(_network(run)), NoisyTeacher(self._noise(run))
        rate, last = self._schedule(run, rates.smallest, rates.largest)
        steps, rule = log_steps(last, self.points), GradientDescent(rate)
        batch = self.batch if run == _SGD else None
        trained = simulate(Problem(teacher), start, rule, steps=steps, seed=self.seed, batch=batch)
        return {
            "time": trained.times,
            "loss": trained.loss,
            "predicted": predict_loss(own, trained.times, rule).loss,
            "late": asymptote(own, trained.times, rule, through=trained).loss,
            "smallest": rates.smallest,
            "largest": rates.largest,
        }

    def _schedule(self, run: str, smallest: float, largest: float) -> tuple[float, int]:
        """Learning rate and last step."""
        if run == _SGD:
            return self.sgd_rate, round(self.sgd_end / (2.0 * smallest * self.sgd_rate))
        return 0.5 / largest, self.ends[self.activations.index(run)]

    def _noise(self, run: str) -> float:
        return self.noise if run == _SGD else self.small_noise

    def _predicted(self, run: str) -> tuple[Timescales, StartMeasure]:
        """The spectrum's time scales and the measure of the run's own start."""
        return _of_start(_network(run), self.d, self.k, self.seed, self._noise(run))

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.dynamics import GradientDescent, predict_loss

        found: dict[str, Measured] = {}
        for run in (_SGD, *self.activations):
            trained = _curve(dataset.sel(run=run))
            rates, start = self._predicted(run)
            rule = GradientDescent(self._schedule(run, rates.smallest, rates.largest)[0])
            own = predict_loss(start, trained.times, rule)
            window = ((1.0 - LATE) * trained.times[-1], trained.times[-1])
            slope, expected = _slope(trained, window), _slope(own, window)
            six = own.loss > 1e-6 * own.loss[0]
            if run == _SGD:
                early = _slope(trained, (0.0, EARLY * trained.times[-1]))
                found["fig3.rate"] = Measured(-2.0 * rates.smallest, slope, corrected=expected)
                found["fig3.faster"] = Measured(1.0, early / slope)
                ratio = np.log10(trained.loss[six] / own.loss[six])
                found["fig3.whole"] = Measured(0.0, float(np.max(np.abs(ratio))))
                continue
            difference = np.abs(trained.loss[six] / own.loss[six] - 1.0)
            found[f"fig3.curve.{run}"] = Measured(0.0, float(np.max(difference)))
            found[f"fig3.slope.{run}"] = Measured(expected, slope)
            if run == "erf":
                rate, corrected = (float(c.decay_rate()[-3]) for c in (trained, own))
                found["fig3.exponential.erf"] = Measured(rates.smallest, rate, corrected=corrected)
        return found


def _network(run: str) -> str:
    return "linear" if run == _SGD else run


@functools.lru_cache(maxsize=8)
def _of_start(activation: str, d: int, k: int, seed: int, noise: float) -> tuple[Timescales, StartMeasure]:
    """Kept, because computing and judging a study ask for the same ones."""
    from tutelage.dynamics import NoisyTeacher, spectral_measure, timescales
    from tutelage.network import sample_teacher

    teacher = sample_teacher(activation, d=d, k=k, seed=seed)
    displacement = NoisyTeacher(noise).displacement(teacher.n_params, seed)
    return timescales(teacher), spectral_measure(teacher, displacement)


def _slope(curve: Curve, window: tuple[float, float]) -> float:
    """NaN, which no claim survives, where the data of another study leave the curve without a positive
    loss."""
    shown = (curve.times >= window[0]) & (curve.times <= window[1]) & (curve.loss > 0)
    return curve.slope_between(*window) if np.count_nonzero(shown) > 1 else float("nan")


def _padded(values: np.ndarray, size: int) -> np.ndarray:
    """Runs record slightly different numbers of distinct steps."""
    return np.concatenate([values, np.full(size - values.size, np.nan)])


def _curve(run: xr.Dataset) -> Curve:
    from tutelage.dynamics import Curve

    kept = np.isfinite(run["time"].values)
    return Curve(run["time"].values[kept], run["loss"].values[kept])
