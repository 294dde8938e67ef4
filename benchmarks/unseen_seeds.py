"""How often does each claim of the report hold on random numbers that nobody saw when its threshold was written?

Every study of the quick report is computed anew with ``--count`` other seeds, and its claims are judged by the same
thresholds. A claim that holds on the report's seed only by luck shows here. Results are kept line by line in
``--record`` under the version of the code that computed them, so that an interrupted run goes on.

    python benchmarks/unseen_seeds.py --first 1000 --count 20
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from tutelage.base.progress import silent
from tutelage.cli.support import fraction_bars
from tutelage.report.workers import Failed, default_workers, longest_first, run_all
from tutelage.store import code_version
from tutelage.studies import available, cards, study_class
from tutelage.studies.judge import CORRECTED, FAILS, HOLDS


def judged(name: str, offset: int, progress) -> list[dict]:
    """The claims of one study with its seed moved by ``offset``."""
    study = study_class(name).quick().reseeded(offset)
    return [claim.to_dict() for claim in study.claims(study.compute(progress))]


def recorded(path: Path, code: str) -> dict[tuple[str, int], list[dict]]:
    """(study, offset) -> claims, as far as this code has computed them."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        with contextlib.suppress(
            json.JSONDecodeError
        ):  # half a line: an earlier run was killed while it wrote
            rows.append(json.loads(line))
    return {(row["study"], row["offset"]): row["claims"] for row in rows if row["code"] == code}


@contextlib.contextmanager
def appended(path: Path) -> Iterator[IO[str]]:
    """The record, at the beginning of a new line even where an earlier run was killed in the middle of one."""
    half = path.exists() and not path.read_bytes().endswith(b"\n")
    with path.open("a") as stream:
        stream.write("\n" if half else "")
        yield stream


def compute(
    names: list[str], offsets: range, path: Path
) -> tuple[dict[tuple[str, int], list[dict]], dict[str, str]]:
    """Everything asked for, and why some jobs have no claims; what is missing is computed, longest studies first."""
    code = code_version()
    found = recorded(path, code)
    missing = [(name, offset) for offset in offsets for name in names if (name, offset) not in found]
    order = longest_first(missing, lambda job: cards()[job[0]].cost)
    jobs = {f"{name}@{offset}": functools.partial(judged, name, offset) for name, offset in order}
    failures: dict[str, str] = {}
    with fraction_bars() as bars, appended(path) as stream:
        overall = bars("unseen seeds")
        for done, (job, outcome) in enumerate(run_all(jobs, default_workers(), lambda _: silent), 1):
            overall(done / len(jobs))
            if isinstance(outcome, Failed):
                failures[job] = outcome.message
                print(f"{job}: {outcome.message}", flush=True)
                continue
            name, offset = job.split("@")
            row = {"study": name, "offset": int(offset), "code": code, "claims": outcome}
            stream.write(json.dumps(row) + "\n")
            stream.flush()
            found[name, int(offset)] = outcome
    return {key: claims for key, claims in found.items() if key[0] in names and key[1] in offsets}, failures


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--first", type=int, default=1000, help="first number added to the seeds (default 1000)"
    )
    parser.add_argument("--count", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--only", nargs="*", help="studies (default: all)")
    parser.add_argument(
        "--record", type=Path, default=Path("unseen_seeds.jsonl"), help="where results are kept"
    )
    chosen = parser.parse_args(arguments)
    names = chosen.only or list(available())
    found, failures = compute(names, range(chosen.first, chosen.first + chosen.count), chosen.record)
    tally: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for claims in found.values():
        for claim in claims:
            tally[claim["id"]][claim["verdict"]] += 1
    total = sum(tally.values(), collections.Counter())
    print(
        f"{len(tally)} claims, {total.total()} verdicts: "
        + ", ".join(f"{total[v]} {v}" for v in (HOLDS, CORRECTED, FAILS))
    )
    print("claims whose verdict is not the same on every seed:")
    for claim, counts in sorted(tally.items(), key=lambda item: -item[1][FAILS]):
        if len(counts) > 1 or counts[FAILS]:
            print(f"  {claim:32} " + ", ".join(f"{n} {v}" for v, n in counts.most_common()))
    if failures:
        print(f"{len(failures)} of {len(found) + len(failures)} studies on a seed could not be computed:")
        for job, message in failures.items():
            print(f"  {job:32} {message}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
