"""What `tutelage dynamics` writes, draws and prints of its curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutelage.dynamics import Curve, Rule, Timescales
    from tutelage.network import Network

_ROWS = 12


def content(
    teacher: Network,
    rates: Timescales,
    rule: str,
    noise: float,
    seed: int,
    curves: list[Curve],
    notes: list[str],
) -> dict[str, Any]:
    """The documented JSON keys."""
    content: dict[str, Any] = {
        "activation": teacher.activation.spec,
        "d": teacher.d,
        "k": teacher.k,
        "n_params": teacher.n_params,
        "seed": seed,
        "noise": noise,
        "rule": rule,
        "timescales": rates.to_dict(),
        "warnings": notes,
        "times": curves[0].times,
        "predicted_mean": curves[0].loss,
        "predicted_std": curves[0].std,
    }
    if len(curves) > 1:
        content |= {
            "predicted": curves[1].loss,
            "simulated": curves[2].loss,
            "diverged_at": curves[2].diverged_at,
        }
    return content


def draw(teacher: Network, curves: list[Curve], measure: Any, times: Any, rule: Rule, path: Path) -> None:
    import numpy as np

    from tutelage.cli.support import save_figure
    from tutelage.dynamics import asymptote
    from tutelage.plotting.style import BLACK, BLUE, ORANGE, RED, panels, style

    with style():
        figure, (axes,) = panels(1, width=6.4, height=4.2)
        mean, *rest = curves
        mean.plot(axes, color=BLUE)
        for curve, look in zip(
            rest, ({"color": RED}, {"color": ORANGE, "ls": "", "marker": "."}), strict=False
        ):
            curve.plot(axes, band=False, **look)
        late = asymptote(measure, times[times > 0], rule)
        low = np.nanmin(mean.loss[mean.loss > 0])
        inside = late.loss > 0.3 * low
        label = "slowest direction" if inside.any() else "slowest direction: below this range"
        axes.plot(late.times[inside], late.loss[inside], color=BLACK, lw=1.0, ls="--", label=label)
        axes.set_ylim(bottom=0.3 * low)
        axes.set_title(f"{teacher.activation.spec}, d = {teacher.d}, k = {teacher.k}, P = {teacher.n_params}")
        axes.legend()
        save_figure(figure, path)


def print_curves(teacher: Network, rates: Timescales, curves: list[Curve]) -> None:
    import numpy as np

    from tutelage.cli.support import print_table, say

    title = f"{teacher.activation.spec}, d = {teacher.d}, k = {teacher.k}, P = {teacher.n_params}"
    shown = (
        ("smallest non-zero eigenvalue", f"{rates.smallest:.6g} ± {rates.smallest_error:.1e}"),
        ("largest eigenvalue", f"{rates.largest:.6g}"),
        ("learning directions", f"{rates.rank} of {rates.n_params} ({rates.rank_kind})"),
        ("time constant of the end, 1/(2λ_min)", f"{rates.time_constant:.6g}"),
        ("largest stable learning rate, 2/λ_max", f"{rates.stable_rate:.6g}"),
        ("best constant learning rate", f"{rates.best_rate:.6g}"),
        (
            "best momentum, at learning rate",
            f"{rates.best_momentum:.6g}, {rates.best_momentum_rate:.6g}",
        ),
    )
    print_table(title, ("quantity", "value"), shown)
    chosen = np.unique(np.linspace(0, len(curves[0]) - 1, _ROWS).astype(int))
    columns = ["time", *(curve.label for curve in curves)]
    print_table(
        "loss",
        columns,
        [(float(curves[0].times[i]), *(float(c.loss[i]) for c in curves)) for i in chosen],
        columns[1:2] if len(curves) > 1 else (),  # the mean over starts, beside what happened to this one
    )
    lost = curves[-1].diverged_at
    if lost is not None:
        say(f"the run diverged at step {lost}")
