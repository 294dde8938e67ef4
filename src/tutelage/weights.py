"""Laws of teacher weights: every one is centred and scaled to variance 1/fan-in where the variance exists."""

from __future__ import annotations

import abc
import dataclasses
import functools
import sys
import threading
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import scipy  # scipy.stats is loaded when a distribution is asked for: 0.7 s, which normal weights do without

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.spec import format_spec, parse_spec
from tutelage.base.value import Shown

if TYPE_CHECKING:
    from scipy.stats.distributions import rv_frozen

Weights: TypeAlias = "WeightLaw | str | rv_frozen"
"""A weight law, its written form, or a frozen scipy.stats distribution."""

_DRAWING = threading.Lock()
_NORMAL_QUARTILE = NormalDist().inv_cdf(0.75)


class WeightLaw(Shown, abc.ABC):
    """A law of independent weights.

    ``distribution`` is a frozen ``scipy.stats`` law. Weights are drawn from it, centred at its mean and divided by
    its standard deviation times ``sqrt(fan_in)``. Where the variance is infinite (Cauchy, Student-t with nu <= 2)
    they are centred at the median and scaled so that the interquartile range is that of N(0, 1/fan_in).
    """

    name: ClassVar[str]

    @property
    @abc.abstractmethod
    def distribution(self) -> Any:
        """The frozen scipy.stats law before centring and scaling."""

    @property
    def has_variance(self) -> bool:
        """Whether the variance exists and is finite."""
        return bool(np.isfinite(self.distribution.var()))

    def location_and_scale(self) -> tuple[float, float]:
        """Subtract the first, divide by the second: mean 0 and variance 1, or median 0 and normal quartiles."""
        law = self.distribution
        if self.has_variance:
            return float(law.mean()), float(law.std())
        lower, middle, upper = (float(q) for q in law.ppf([0.25, 0.5, 0.75]))
        return middle, (upper - lower) / (2 * _NORMAL_QUARTILE)

    @property
    def kurtosis(self) -> float:
        r""":math:`\kappa_4 = E w^4 / (E w^2)^2` of the centred law (3 for normal); inf or nan where it does not exist."""
        return float(self.distribution.stats(moments="k")) + 3.0 if self.has_variance else float("inf")

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
        """Independent weights of the given shape, float64."""
        distribution, location, scale = _standardised(self)
        # SciPy lends the generator to the distribution while it draws, so a shared one serves one thread at a time.
        with _DRAWING:
            draws = np.asarray(distribution.rvs(size=shape, random_state=rng), dtype=np.float64)
        draws -= location
        draws /= scale * np.sqrt(fan_in)
        return draws

    @property
    def spec(self) -> str:
        """The written form, ``name:key=value``."""
        return format_spec(self.name, self)


@functools.lru_cache(maxsize=64)
def _standardised(law: WeightLaw) -> tuple[Any, float, float]:
    """The frozen law with its location and scale, kept: SciPy needs 4 ms to freeze one, a teacher 50 us to draw."""
    return (law.distribution, *law.location_and_scale())


@dataclasses.dataclass(frozen=True)
class Normal(WeightLaw):
    """N(0, 1/fan_in), the paper's law and the default."""

    name: ClassVar[str] = "normal"

    @property
    def distribution(self) -> Any:
        return scipy.stats.norm()

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
        """The draws of scipy.stats, bit for bit."""
        return rng.standard_normal(shape) / np.sqrt(fan_in)


@dataclasses.dataclass(frozen=True)
class Uniform(WeightLaw):
    """Uniform on a centred interval."""

    name: ClassVar[str] = "uniform"

    @property
    def distribution(self) -> Any:
        return scipy.stats.uniform(-1.0, 2.0)


@dataclasses.dataclass(frozen=True)
class Rademacher(WeightLaw):
    """+1 or -1 with equal probability, over sqrt(fan_in)."""

    name: ClassVar[str] = "rademacher"

    @property
    def distribution(self) -> Any:
        return scipy.stats.rv_discrete(values=([-1, 1], [0.5, 0.5]))()


@dataclasses.dataclass(frozen=True)
class Laplace(WeightLaw):
    """Two-sided exponential."""

    name: ClassVar[str] = "laplace"

    @property
    def distribution(self) -> Any:
        return scipy.stats.laplace()


@dataclasses.dataclass(frozen=True)
class StudentT(WeightLaw):
    """Student's t with ``nu`` degrees of freedom; no variance for nu <= 2."""

    nu: float
    name: ClassVar[str] = "student_t"

    def __post_init__(self) -> None:
        check.number(self.nu, "StudentT", "nu", above=0.0)

    @property
    def distribution(self) -> Any:
        return scipy.stats.t(self.nu)


@dataclasses.dataclass(frozen=True)
class Cauchy(WeightLaw):
    """Cauchy: neither mean nor variance; scaled by its quartiles."""

    name: ClassVar[str] = "cauchy"

    @property
    def distribution(self) -> Any:
        return scipy.stats.cauchy()


@dataclasses.dataclass(frozen=True)
class FromScipy(WeightLaw, Shown):
    """Any frozen scipy.stats distribution, ``FromScipy(scipy.stats.gennorm(1.5))``."""

    frozen: Any
    name: ClassVar[str] = "scipy"

    @property
    def distribution(self) -> Any:
        return self.frozen


WEIGHT_LAWS: dict[str, type] = {
    law.name: law for law in (Normal, Uniform, Rademacher, Laplace, StudentT, Cauchy)
}


def as_bias_law(value: Any) -> WeightLaw | None:
    """The law of biases, as :func:`as_weight_law`; no biases for None, ``""`` and ``"none"``."""
    return (
        None if value is None or (isinstance(value, str) and value in ("", "none")) else as_weight_law(value)
    )


def as_weight_law(value: Any) -> WeightLaw:
    """A weight law from itself, its written form (``"student_t:nu=3"``) or a frozen scipy.stats distribution."""
    if isinstance(value, WeightLaw):
        return value
    if isinstance(value, str):
        return parse_spec(value, WEIGHT_LAWS, "weight law")
    stats = sys.modules.get("scipy.stats")  # whoever has a distribution has loaded it
    if stats is not None and isinstance(value, stats.rv_discrete) and value.numargs == 0:
        value = value()  # rv_discrete(values=...): nothing is left to freeze
    if stats is not None and isinstance(value, stats.distributions.rv_frozen):
        return FromScipy(value)
    raise InputError(
        f"weight law: expected a law, its name or a frozen scipy.stats distribution, got {type(value).__name__}; "
        f"known names: {', '.join(sorted(WEIGHT_LAWS))}"
    )
