"""Processor seconds of every study of the quick report: computing, judging, drawing; compiled anew, and programs kept.

Claim: the first seventeen studies together under 40 s, every other at most 3 s. All studies run in one process, with imports
and a first figure paid before; compiled programs go to an empty folder and come back from it the second time.
"""

from __future__ import annotations

import io
import itertools
import os
import sys
import tempfile
import time

LATER = {
    "along-training", "biases", "bridge", "counting", "critical-points", "deep-linear", "deeper", "inputs", "large-step",
    "orthonormal-relu", "outliers", "random-start", "sampled-law", "student-width", "tangent-kernel", "two-papers",
    "wider-students",
}  # fmt: skip


def seconds(name: str) -> list[float]:
    """Computing, judging, drawing."""
    import matplotlib.pyplot as plt

    from tutelage.studies import study_class

    study, marks = study_class(name).quick(), [time.process_time()]
    dataset = study.compute()
    marks.append(time.process_time())
    study.claims(dataset)
    marks.append(time.process_time())
    study.draw(dataset).savefig(io.BytesIO(), format="png")
    study.draw_judged(dataset)
    plt.close("all")
    marks.append(time.process_time())
    return [end - start for start, end in itertools.pairwise(marks)]


def main(names: list[str]) -> None:
    import jax

    from tutelage.studies import available

    seconds("fig1")
    totals = {False: [0.0, 0.0], True: [0.0, 0.0]}
    for name in names or available():
        told = []
        for again in (0, 1):
            jax.clear_caches()
            each = seconds(name)
            totals[name in LATER][again] += sum(each)
            told.append(f"{sum(each):5.2f} s ({', '.join(f'{part:.2f}' for part in each)})")
        print(f"{name:22} anew {told[0]}, kept {told[1]}", flush=True)
    for later, (anew, kept) in totals.items():
        print(f"{'later' if later else 'first'} studies together: anew {anew:.1f} s, kept {kept:.1f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
        os.environ["MPLBACKEND"] = "Agg"
        main(sys.argv[1:])
