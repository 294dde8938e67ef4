"""Reads one command line per line, forks a child that runs it, answers with its pid and then its exit code."""

import json
import os
import signal
import sys
import tempfile

import dask.array  # noqa: F401
import scipy.stats  # noqa: F401
import xarray  # noqa: F401
import zarr  # noqa: F401

import tutelage.activations
import tutelage.network
import tutelage.sweep  # noqa: F401
from tutelage import cli


def answer(**content):
    print(json.dumps(content), flush=True)


for line in sys.stdin:
    command = json.loads(line)
    with tempfile.TemporaryFile("w+") as output:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            if command["log"]:
                os.environ["SWEEP_LOG"] = command["log"]
            code = 1
            try:
                code = cli.run(command["arguments"])
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        answer(pid=pid)
        _, status = os.waitpid(pid, 0)
        output.seek(0)
        answer(code=os.waitstatus_to_exitcode(status), out=output.read())
