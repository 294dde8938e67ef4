"""SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt: not inside an import, and not to be forgotten."""

import importlib
import os
import signal
import sys
import threading
import time

import pytest

from tutelage.base import interrupts
from tutelage.base.interrupts import interruptible

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(interrupts, "_SOON", 0.01)
    monkeypatch.setattr(interrupts, "_LATER", 0.05)


def wait():
    """Longer than any interrupt takes."""
    for _ in range(500):
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_each_signal_ends_the_block_and_leaves_its_own_handler(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), number)
        wait()
    assert signal.getsignal(number) == before
    time.sleep(0.1)  # and nothing comes after it


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.1)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_import_is_finished_first(tmp_path, monkeypatch):
    (tmp_path / "interrupted_module.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(0.1)\nWHOLE = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt), interruptible():
        importlib.import_module("interrupted_module")
        wait()
    assert sys.modules.pop("interrupted_module").WHOLE


def test_an_import_that_does_not_end_is_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(interrupts, "_LONGEST_IMPORT", 0.1)
    (tmp_path / "endless_module.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\nwhile True:\n    time.sleep(0.01)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt), interruptible():
        importlib.import_module("endless_module")


class Careless:
    """Whatever is raised in a destructor is printed and forgotten."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.02)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_was_swallowed_comes_again():
    with pytest.raises(KeyboardInterrupt), interruptible():
        thing = Careless()
        del thing
        wait()


def test_what_cleans_up_is_left_in_peace():
    """Nested blocks, a generator among them, have more time than the next interrupt takes."""
    cleaned = []

    def generated():
        try:
            yield
        finally:
            time.sleep(0.2)
            cleaned.append("generator")

    with pytest.raises(KeyboardInterrupt), interruptible():
        generator = generated()
        next(generator)
        try:
            os.kill(os.getpid(), signal.SIGINT)
            wait()
        finally:
            generator.close()
            time.sleep(0.2)
            cleaned.append("block")
    assert cleaned == ["generator", "block"]


def test_a_second_ctrl_c_interrupts_the_cleaning():
    with pytest.raises(KeyboardInterrupt), interruptible():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            wait()
            raise AssertionError("it went on")


def test_other_threads_are_left_alone():
    found = []

    def elsewhere():
        with interruptible():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]
