"""How soon the explorer answers: from the arrow key on a slider to the changed number on the page, in Chromium.

Moves ``d`` (of quadratic networks ``k``) of a warm page by one, thirty times for each activation, to sizes not seen before
("on") and between two that were, and prints medians. Usage: ``python benchmarks/explorer.py [MOVES]``.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time

from playwright.sync_api import Page, sync_playwright

CASES = ("linear", "erf", "quadratic", "relu", "tanh")
SIZES = ((10, 20), (25, 25), (45, 45))
_READ = "() => Bokeh.documents[0].get_model_by_name('numbers').text.match(/largest eigenvalue<.th><td>([^<]+)/)?.[1] ?? ''"
_CHANGED = f"before => {{ const now = ({_READ})(); return now && now !== before; }}"


def moved(page: Page, moves: int, fresh: bool) -> list[float]:
    """Milliseconds of each move: ever further to the right, or right and left in turns between two sizes."""
    handle = page.locator(".controls .noUi-handle:visible").nth(1 if "quadratic" in page.url else 0)
    handle.focus()
    taken = []
    for move in range(moves + 2):
        before = page.evaluate(_READ)
        start = time.perf_counter()
        handle.press("ArrowRight" if fresh or move % 2 == 0 else "ArrowLeft")
        page.wait_for_function(_CHANGED, arg=before, timeout=120_000)
        taken.append(1000 * (time.perf_counter() - start))
    return taken[2:]


def main(moves: int = 30) -> None:
    command = [sys.executable, "-m", "tutelage", "explore", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as play:
        assert server.stdout is not None
        address = server.stdout.readline().split()[4]
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        for d, k in SIZES:
            for activation in CASES:
                page.goto(f"{address}?activation={activation}&d={d}&k={k}")
                page.wait_for_function(
                    f"() => window.Bokeh && Bokeh.documents.length && ({_READ})()", timeout=300_000
                )
                for fresh in (True, False) if d + moves < 48 else (False,):
                    taken = moved(page, moves, fresh)
                    load = os.getloadavg()[0]
                    print(
                        f"{activation:10} d = {d}, k = {k}{' on' if fresh else ''}: median "
                        f"{statistics.median(taken):.0f} ms, slowest {max(taken):.0f} ms, load {load:.0f}",
                        flush=True,
                    )
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
