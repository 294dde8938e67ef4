"""Free memory is the machine's, capped by every control group above the process, and cheap to ask."""

import psutil
import pytest

from tutelage.base import memory


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """8 GB are free; ``machine(place, limit, used)`` makes a control group of version 2."""
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory, "_groups", lambda: [tmp_path / "job" / "step", tmp_path / "job", tmp_path])
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("", (), {"available": 8_000}))
    memory._available.cache_clear()

    def group(place, limit, used, names=("memory.max", "memory.current")):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        for name, value in zip(names, (limit, used), strict=True):
            (tmp_path / place / name).write_text(f"{value}\n")

    yield group
    memory._available.cache_clear()


def test_without_limits_it_is_what_the_machine_has_free(machine):
    assert memory.available_bytes() == 8_000


def test_the_tightest_group_counts(machine):
    machine(".", "max", 100)
    machine("job", 5_000, 1_000)
    machine("job/step", 20_000, 0)
    assert memory.available_bytes() == 4_000


def test_groups_of_version_one_count_too_and_nothing_is_below_zero(machine):
    machine("job", 5_000, 6_000, ("memory.limit_in_bytes", "memory.usage_in_bytes"))
    assert memory.available_bytes() == 0


def test_broken_files_of_groups_are_passed_over(machine):
    machine("job", "", "x")
    machine(".", 3_000, 0)
    assert memory.available_bytes() == 3_000


def test_it_is_read_once_a_second(machine, monkeypatch):
    asked = []
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: asked.append(1) or type("", (), {"available": 8_000})
    )
    monkeypatch.setattr(memory.time, "monotonic", lambda: 17.25)
    for _ in range(1000):
        memory.available_bytes()
    assert len(asked) == 1
    monkeypatch.setattr(memory.time, "monotonic", lambda: 18.0)
    memory.available_bytes()
    assert len(asked) == 2


@pytest.mark.skipif(not psutil.LINUX, reason="control groups")
def test_the_groups_of_this_process_end_at_the_root():
    found = list(memory._groups())
    assert memory._GROUPS in found and all(folder.is_relative_to(memory._GROUPS) for folder in found)
