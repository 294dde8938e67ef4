"""Jobs for the tests of workers: spawned processes import them by name."""

import gc
import os
import signal
import sys
import time
from pathlib import Path


def product(a, b, progress):
    progress(1.0)
    return a * b


def fail(message, progress):
    raise ValueError(message)


def die(progress):
    os.kill(os.getpid(), signal.SIGKILL)


def endless(progress):
    time.sleep(600)


def announced(file, progress):
    Path(file).write_text(str(os.getpid()))
    time.sleep(600)


def threads(progress):
    return os.environ["NPROC"]


def collector(progress):
    return gc.get_threshold()[0], "tutelage.report.forked" in sys.modules
