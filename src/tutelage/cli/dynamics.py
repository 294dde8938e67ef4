"""The learning curve near the optimum: predicted, and simulated on the same axis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tutelage.cli.support import ActivationText

if TYPE_CHECKING:
    from tutelage.network import Network


def dynamics(
    *,
    activation: ActivationText = "",
    d: Annotated[int | None, Parameter(name=("-d", "--d"))] = None,
    k: Annotated[int | None, Parameter(name=("-k", "--k"))] = None,
    seed: int = 0,
    weights: Path | None = None,
    biases: str = "",
    inputs: str = "",
    noise: float = 1e-3,
    rule: str = "flow",
    learning_rate: float | None = None,
    momentum: float | None = None,
    until: float | None = None,
    simulate: bool = False,
    batch: int | None = None,
    label_noise: float | None = None,
    runs: int = 1,
    json: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    plot: Path | None = None,
) -> int:
    """Predict the loss of a student that starts at its teacher plus noise; `--simulate` trains one beside it.

    Example: `tutelage dynamics --activation linear -d 10 -k 20 --rule gd --learning-rate 0.1 --simulate
    --plot c.png`

    `--rule sgd --batch 4 --label-noise 0.01` draws the mean of SGD, its floor, the curve at the largest stable rate and a run.

    Parameters
    ----------
    activation
        `linear`, `quadratic:alpha=0.7`, `erf:scale=1`, ..., or a class of your own, `module:Class:key=value`.
    d
        Input dimension.
    k
        Hidden width.
    seed
        Of the teacher, and of the start when it is simulated.
    weights
        An npz file with `W` (k, d), `a` (k,) or (m, k), and biases `b` and `c` if any, instead of a random teacher.
    biases
        Law of random biases, `normal`, `uniform`, ...: hidden ones of variance 1/d, output ones of variance 1/k.
    inputs
        Law of the inputs: `spiked:strength=5,count=2`, `power_law:exponent=1`, or an npz file with `mean` and `covariance`.
    noise
        Standard deviation of every parameter of the start around the teacher.
    rule
        `flow`, `gd`, `heavy_ball`, `nesterov` or `sgd` (fresh inputs at every step).
    learning_rate
        Of the stepping rules; a warning gives the largest stable one when it is exceeded. `sgd` takes half of it by default.
    momentum
        Of `heavy_ball` and `nesterov` (default 0.9).
    until
        Final time (learning rate × steps); by default until the mean loss has fallen by six decades.
    simulate
        Also train one student and predict ITS curve (not the mean over starts).
    batch
        Simulate online SGD with this many fresh inputs per step instead of full gradients (`sgd`: 1 by default).
    label_noise
        Variance of normal noise on the labels, for `sgd`.
    runs
        Simulated runs, whose mean is shown, for `sgd`.
    json
        Write times, losses and time scales to this file (`-` prints them instead of the table).
    plot
        Write a figure with logarithmic axes: `.png`, `.pdf` or `.svg`.
    """
    from tutelage.base import check
    from tutelage.base.errors import InputError
    from tutelage.cli.dynamics_curve import CurveQuestion, answer_curve
    from tutelage.cli.dynamics_sgd import SgdQuestion, answer_sgd
    from tutelage.cli.support import FIGURE_SUFFIXES, check_output
    from tutelage.input_families import parse_inputs

    if json is not None:
        json = check_output(json, "dynamics --json")
    if plot is not None:
        plot = check_output(plot, "dynamics --plot", FIGURE_SUFFIXES)
    if until is not None:
        check.number(until, "dynamics", "--until", above=0.0)
    if rule == "sgd" and momentum is not None:
        raise InputError("dynamics: sgd takes no --momentum; choose --rule heavy_ball or nesterov")
    if rule != "sgd" and (label_noise is not None or runs != 1):
        raise InputError("dynamics: --label-noise and --runs are those of SGD; choose --rule sgd")
    teacher = _teacher(activation, d, k, seed, weights, biases)
    law = parse_inputs(inputs, teacher.d)
    if rule == "sgd":
        asked = SgdQuestion(noise, learning_rate, batch or 1, label_noise or 0.0, until, runs, seed)
        return answer_sgd(teacher, law, asked, json, plot)
    asked = CurveQuestion(noise, rule, learning_rate, momentum, until, simulate, batch, seed)
    return answer_curve(teacher, law, asked, json, plot)


def _teacher(
    activation: str, d: int | None, k: int | None, seed: int, weights: Path | None, biases: str
) -> Network:
    from tutelage.base.errors import InputError
    from tutelage.network_file import load_network
    from tutelage.teachers import sample_teacher

    if weights is not None:
        if biases:
            raise InputError("dynamics: --weights holds its own biases; leave --biases out")
        if d is not None or k is not None:
            raise InputError("dynamics: expected --weights or -d and -k, got both; leave the sizes out")
        return load_network(weights, activation or None)
    missing = [
        flag for flag, value in (("--activation", activation), ("-d", d), ("-k", k)) if value in ("", None)
    ]
    if missing:
        raise InputError(f"dynamics: missing {', '.join(missing)}; give them, or --weights FILE.npz")
    return sample_teacher(activation, d, k, seed, biases=biases)
