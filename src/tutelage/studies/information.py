"""Appendix D: Fisher information, tangent kernel and Hessian are one spectrum."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study

if TYPE_CHECKING:
    import xarray as xr

    from tutelage.network import Network


@dataclasses.dataclass(frozen=True)
class Information(Study):
    """Sampled scores and tangent kernels of one network; Couto et al. 2025, appendix D."""

    activation: str = "erf"
    d: int = 6
    k: int = 4
    kernel_inputs: tuple[int, int] = (16, 60)
    scores: int = 100_000
    seed: int = 8

    name: ClassVar[str] = "appendix-d"
    title: ClassVar[str] = "Fisher information and tangent kernel: the same eigenvalues"
    place: ClassVar[str] = "[C25] appendix D, (19)-(20)"
    uses: ClassVar[tuple[str, ...]] = ("tutelage.population", "tutelage.operators", "tutelage.empirical")
    formulas: ClassVar[tuple[str, ...]] = (
        "y ~ N(f<sub>θ</sub>(x), 1):   F = E[(y − f)² ∇f ∇fᵀ] = E[∇f ∇fᵀ] = H at the optimum",
        "tangent kernel (1/n) J Jᵀ (n × n) and sampled Hessian (1/n) Jᵀ J (P × P): equal non-zero eigenvalues",
    )
    words: ClassVar[str] = (
        "Three objects of learning theory are one. The Fisher information says how well data determine the parameters; "
        "the tangent kernel says how similar two inputs look to a network in training; the Hessian says how curved the "
        "loss is. At the optimum their non-zero eigenvalues agree.\n\n"
        "Left: eigenvalues of the exact Hessian (line) and of the covariance of sampled scores, with random labels "
        "(dots). Right: eigenvalues of the tangent kernel on a few inputs (circles) and of the Hessian sampled on the "
        "same inputs (crosses); there are at most as many as inputs."
    )
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "d.fisher",
            "The covariance of sampled scores is the Hessian: root mean square of the entries' z-scores.",
            "[C25] appendix D, (20)",
            "at most",
            1.5,
            "a root mean square over at least P = 28 independent directions varies by 1/√56 = 0.13: nearly four of "
            "these above 1",
            note="1 for the true matrix, up to correlations between entries",
        ),
        Statement(
            "d.trace",
            "The mean squared score is the trace of the Hessian.",
            "[C25] appendix D, (19)",
            "within errors",
            4.0,
        ),
        Statement(
            "d.kernel",
            "Tangent kernel and sampled Hessian share their non-zero eigenvalues: largest difference over λ_max.",
            "[C25] appendix D",
            "at most",
            1e-13,
            "round-off of a dense eigenvalue routine, n · 2e-16 = 1.3e-14 at 60 inputs, and a factor of eight",
            note="two matrices of different sizes, built by different formulas",
        ),
        Statement(
            "d.rank",
            "On fewer inputs than parameters the sampled Hessian has one non-zero eigenvalue per input.",
            "[C25] section 2, appendix D",
            "equal",
        ),
    )

    @classmethod
    def full(cls) -> Information:
        return cls(scores=1_000_000)

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.empirical import Problem, fisher, ntk
        from tutelage.inputs import GaussianInputs
        from tutelage.network import sample_teacher

        teacher = sample_teacher(self.activation, d=self.d, k=self.k, seed=self.seed)
        mean, square, trace = self._scores(teacher, progress)
        data: dict[str, tuple] = {
            "hessian": (("p", "q"), fisher(teacher).dense()),
            "score_mean": (("p", "q"), mean),
            "score_square": (("p", "q"), square),
            "score_trace": (("moment",), trace),
        }
        for i, n in enumerate(self.kernel_inputs):
            X = GaussianInputs().sample(n, self.d, [self.seed, n])
            sampled = Problem.from_teacher(teacher, X).hessian(teacher).dense()
            data[f"kernel_{i}"] = ((f"input_{i}",), np.linalg.eigvalsh(ntk(teacher, X))[::-1])
            data[f"sampled_{i}"] = ((f"parameter_{i}",), np.linalg.eigvalsh(sampled)[::-1])
        return xr.Dataset(data, attrs={"kernel_inputs": list(self.kernel_inputs)})

    def _scores(
        self, teacher: Network, progress: Progress | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Means of s sᵀ, of its squared entries, and of |s|² and |s|⁴, over scores s = (y − f)∇f with random x and y."""
        from tutelage.empirical import Problem
        from tutelage.inputs import GaussianInputs

        rng, chunk = np.random.default_rng(self.seed), 10_000
        mean = square = np.zeros((teacher.n_params, teacher.n_params))
        moments = np.zeros(2)
        for done in range(0, self.scores, chunk):
            X = GaussianInputs().sample(chunk, self.d, rng)
            jacobian = Problem.from_teacher(teacher, X).hessian(teacher).outer.factor_rows() * np.sqrt(chunk)
            scores = rng.standard_normal((chunk, 1)) * jacobian
            mean = mean + scores.T @ scores / self.scores
            square = square + (scores**2).T @ scores**2 / self.scores
            length = np.sum(scores**2, axis=1)
            moments += np.array([length.sum(), (length**2).sum()]) / self.scores
            if progress is not None:
                progress((done + chunk) / self.scores)
        return mean, square, moments

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        H, mean, square = (dataset[name].values for name in ("hessian", "score_mean", "score_square"))
        z = (mean - H) / np.sqrt((square - mean**2) / self.scores)
        trace, fourth = dataset["score_trace"].values
        differences, ranks = [], []
        for i, n in enumerate(self.kernel_inputs):
            kernel, sampled = dataset[f"kernel_{i}"].values, dataset[f"sampled_{i}"].values
            common = min(kernel.size, sampled.size)
            differences.append(np.max(np.abs(kernel[:common] - sampled[:common])) / kernel[0])
            if n < H.shape[0]:
                ranks.append(int((sampled > 1e-12 * sampled[0]).sum()))
        return {
            "d.fisher": Measured(1.0, float(np.sqrt(np.mean(z**2)))),
            "d.trace": Measured(
                float(np.trace(H)), float(trace), float(np.sqrt((fourth - trace**2) / self.scores))
            ),
            "d.kernel": Measured(0.0, float(max(differences))),
            "d.rank": Measured(min(self.kernel_inputs), min(ranks)),
        }
