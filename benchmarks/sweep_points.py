"""Points a second of a sweep of ``lambda_max`` on one worker, with the spectra of a task in batches and without.

Claim: at least five times as many points a second as when every spectrum is computed alone and refined (the peer, in the
same run: the same sweep with batches turned off, every Hessian by its operator). Points are erf, quadratic and
ReLU teachers of a few sizes; imports and compilation are paid before the clock starts, by a sweep of other teachers.
Times are of the processor: on a loaded machine the disk would decide.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from tutelage.spectra import solve
from tutelage.store import provenance
from tutelage.sweep import evaluate, run

CASES = {"erf": [[5, 5], [10, 10], [20, 5]], "quadratic": [[10, 20]], "relu": [[8, 8]]}
RUNS = 5


def seconds(spec: dict, folder: Path, batches: bool) -> float:
    """Processor time of the sweep in this process."""
    share, resolves, only = evaluate._share, evaluate._resolves, solve.only_spectrum
    if not batches:
        evaluate._share, evaluate._resolves, solve.only_spectrum = (
            lambda *_: None,
            lambda _: True,
            lambda *_: None,
        )
    try:
        start = time.process_time()
        found = run(spec, store=folder, workers=0)
        assert not found.failed.values.any()
        return time.process_time() - start
    finally:
        evaluate._share, evaluate._resolves, solve.only_spectrum = share, resolves, only


def main(realizations: int = 1000) -> None:
    machine = provenance()
    print(f"machine: {machine['cpu']}, {machine['threads']} processors, {machine['platform']}")
    for activation, sizes in CASES.items():
        for d, k in sizes:
            spec = {
                "quantities": ["lambda_max"],
                "grid": {"activation": activation, "d": d, "k": k},
                "realizations": realizations,
            }
            times: dict[bool, list[float]] = {True: [], False: []}
            with tempfile.TemporaryDirectory() as folder:
                for repeat in range(RUNS + 1):
                    for batches, found in times.items():
                        where = Path(folder) / f"{repeat}-{batches}"
                        found.append(seconds({**spec, "seed": repeat}, where, batches))
            alone, together = (statistics.median(times[batches][1:]) for batches in (False, True))
            print(
                f"{activation} {d}x{k}: {realizations / alone:.0f} points/s alone (peer), "
                f"{realizations / together:.0f} in batches; ratio {alone / together:.1f} (claim: >= 5)"
            )


if __name__ == "__main__":
    main()
