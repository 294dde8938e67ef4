"""Who may touch Python's collector of garbage: a command, which owns its process; never the library."""

import subprocess
import sys

_PROGRAM = """
import gc, sys
import tutelage
from tutelage.cli import main
before = gc.get_threshold()
sys.argv = ["tutelage", "--version"]
try:
    main()
finally:
    print(before[0], gc.get_threshold()[0], gc.isenabled())
"""


def test_a_command_looks_rarely_and_the_library_leaves_the_collector_as_it_is():
    default = subprocess.run(
        [sys.executable, "-c", "import gc; print(gc.get_threshold()[0])"], capture_output=True
    )
    found = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, check=True)
    before, after, enabled = found.stdout.split()[-3:]
    assert before == default.stdout.split()[0] and int(after) >= 10 * int(before) and enabled == b"True"
