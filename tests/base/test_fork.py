"""A fork of a process in which JAX runs hangs at its next call: it is refused, with the way out."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no fork")

_CHILD = """
import os, sys, warnings
warnings.simplefilter("ignore")  # JAX and Python warn of forks, too
import numpy as np, jax, tutelage
teacher = tutelage.sample_teacher("erf", 2, 2)
{before}
child = os.fork()
if child == 0:
    try:
        {call}
        print("done")
    except tutelage.InputError as error:
        print(error)
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
"""

CALLS = {
    "hessian": "tutelage.hessian_at_optimum(teacher)",
    "spectrum": "tutelage.spectrum(teacher, 'dense')",
    "ntk": "tutelage.ntk(teacher, np.ones((2, 2)))",
    "curve": "tutelage.dynamics.bulk_loss('tanh', 3, 3, 0.1, [1.0])",
    "simulation": "tutelage.simulate(tutelage.Problem(teacher), tutelage.NoisyTeacher(0.1), times=[1.0])",
    "sweep": "tutelage.sweep.run({'quantities': ['rank'], 'grid': {'activation': 'erf', 'd': 1, 'k': 1}}, workers=0)",
}


@pytest.mark.parametrize("call", CALLS)
def test_what_calls_jax_is_refused_in_a_fork(python, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = python(_CHILD.format(before=CALLS["spectrum"], call=CALLS[call]))
    assert "got a fork of one in which JAX runs" in said and "get_context('spawn')" in said
    assert not list(tmp_path.iterdir())


def test_jax_that_others_started_counts(python):
    said = python(
        _CHILD.format(before="import tutelage.spectra; jax.numpy.ones(2).sum()", call=CALLS["spectrum"])
    )
    assert "get_context('spawn')" in said


NUMPY_ALONE = [
    "pass", "tutelage.quadratic.certify_uniqueness(np.eye(2), np.eye(2))", "tutelage.spectrum(teacher)",
    "tutelage.dynamics.bulk_loss('erf', 3, 3, 0.1, [1.0])",
]  # fmt: skip


@pytest.mark.parametrize("call", NUMPY_ALONE)
def test_what_does_not_call_jax_works_in_a_fork(python, call):
    assert python(_CHILD.format(before=CALLS["spectrum"], call=call)) == "done"


def test_a_fork_before_the_first_call_works(python):
    assert python(_CHILD.format(before="", call="tutelage.hessian_at_optimum(teacher).dense()")) == "done"


def test_pools_of_spawned_processes_work_and_forked_ones_are_told(tmp_path):
    (tmp_path / "pooled.py").write_text(
        "import multiprocessing, sys, warnings, tutelage\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "def f(k):\n    return int(tutelage.spectrum(tutelage.sample_teacher('linear', 2, k), 'dense').n_params)\n"
        "if __name__ == '__main__':\n"
        "    warnings.simplefilter('ignore')\n"
        "    f(1)\n"
        "    with ProcessPoolExecutor(1, multiprocessing.get_context(sys.argv[1])) as pool:\n"
        "        found = pool.submit(f, 2)\n"
        "        print(found.exception() or found.result())\n"
    )
    for way, said in (("spawn", "6"), ("fork", "get_context('spawn')")):
        command = [sys.executable, str(tmp_path / "pooled.py"), way]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert said in done.stdout, done.stderr
