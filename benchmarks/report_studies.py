"""Processor seconds of every study of the quick report: computing, judging, drawing; compiled anew, and programs kept.

Claim: the first nineteen studies together under 40 s, every other at most 3 s. All studies run in one process, with imports
and a first figure paid before; compiled programs go to an empty folder and come back from it the second time.

``report_studies.py whole SRC...`` times the whole command for the first nineteen instead, all its processes and imports
counted, for each source folder in turns (Linux): ``git worktree add old COMMIT`` gives one to compare with.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import itertools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER

LATER = {
    "along-training", "biases", "bridge", "counting", "critical-points", "deep-linear", "deeper", "inputs", "large-step",
    "orthonormal-relu", "outliers", "random-start", "sampled-law", "student-width", "tangent-kernel", "wider-students",
}  # fmt: skip
FIRST = (
    "fig1", "fig2", "fig3", "learning_curves", "fig4", "fig5", "fig6", "fig7", "fig8", "fig9", "effective_parameters",
    "appendix-a3", "appendix-d", "sampled", "compare", "recovery", "recovery-map", "recovery-rates", "two-papers",
)  # fmt: skip


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


def whole(source: str, programs: str) -> float:
    """Processor seconds of the report's first studies from one source folder; ``programs`` as TUTELAGE_COMPILED."""
    code = "import sys; from tutelage.cli import main; sys.argv[0] = 'tutelage'; main()"
    only = [word for name in FIRST for word in ("--only", name)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-c", code, "report", "--output", "report", "--store", "store", *only],
            cwd=folder, check=True, capture_output=True,
            env=os.environ | {"PYTHONPATH": os.path.abspath(source), "TUTELAGE_COMPILED": programs},
        )  # fmt: skip
        with contextlib.suppress(ChildProcessError):
            while True:  # the workers, which are this process's children now
                os.waitpid(-1, 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime


def compare(sources: list[str], turns: int = 5) -> None:
    """Medians, programs compiled anew and kept."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)  # grandchildren become children when their parent ends
    with tempfile.TemporaryDirectory() as kept:
        for source in sources:
            whole(source, kept)
        times = {(s, p): [] for s in sources for p in ("off", kept)}
        for _ in range(turns):
            for (source, programs), found in times.items():
                found.append(whole(source, programs))
    for (source, programs), found in times.items():
        shown = ", ".join(f"{t:.1f}" for t in sorted(found))
        print(
            f"{source} {'anew' if programs == 'off' else 'kept'}: {statistics.median(found):.1f} s ({shown})"
        )


if __name__ == "__main__" and sys.argv[1:2] == ["whole"]:
    compare(sys.argv[2:] or ["src"])
elif __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
        os.environ["MPLBACKEND"] = "Agg"
        main(sys.argv[1:])
