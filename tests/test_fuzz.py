"""Bad arguments, seeded: every public name and every command answers, or refuses in one sentence; nothing hangs or is left."""

import contextlib
import inspect
import io
import multiprocessing.resource_tracker
import signal
import subprocess
import sys
import warnings

import numpy as np
import psutil
import pytest

import tutelage
from tutelage import Network, Problem
from tutelage.base.errors import InputError
from tutelage.cli import commands, run

pytestmark = pytest.mark.slow

NETWORK = Network([[1.0, 0.5], [0.3, -1.0]], [1.0, -1.0], "erf")
STUDENT = Network([[1.1, 0.4], [0.3, -1.0]], [1.0, -1.0], "erf")
X = np.random.default_rng(0).standard_normal((5, 2))
BAD = [
    np.nan, np.inf, -1, 0, 2.5, 1e308, -1e-320, 10**30, True, None, "", "x\x1b[31m", "\ud800", b"a", [], {}, (),
    object(), int, len, np.full((2, 2), np.nan), np.ones((2, 2)) * 1j, np.ma.masked_equal(np.eye(2), 0),
    np.ones((2, 2, 2)), np.array(["a"]), np.array([object()]), np.ones(0), np.ones((0, 2)), [[1.0], [2.0, 3.0]],
    np.float32(1.0), np.eye(3)[:2], -np.eye(2), np.full(2, 1e308), np.array([[1, np.inf]]),
]  # fmt: skip
GOOD = [NETWORK, Problem(NETWORK), X, "erf", [0.0, 1.0], 3]
ROOMS = [
    "laws", "activations", "empirical", "quadratic", "landscape", "dynamics", "rank", "spectra", "model", "weights",
    "inputs", "input_families", "store", "studies", "sweep",
]  # fmt: skip
LONG = {"landscape.find_minima", "find_minima"}
"""The right answer to a right call takes a minute."""
MADE_BY_OTHERS = {"empirical.EmpiricalHessian"}
"""Put together by functions of the library alone, of arrays that JAX may be tracing: nothing is checked."""
SECONDS = 20


def public():
    """Every callable by name: of the package, and of the rooms that list their names."""
    rooms = {*tutelage._ROOMS.split(), "__version__"}
    found = {name: getattr(tutelage, name) for name in sorted(tutelage.__all__) if name not in rooms}
    for room in ROOMS:
        module = getattr(tutelage, room)
        names = getattr(module, "__all__", None) or [name for name in vars(module) if own(module, name)]
        found |= {f"{room}.{name}": getattr(module, name) for name in names}
    return {
        name: value for name, value in found.items() if callable(value) and name not in MADE_BY_OTHERS | LONG
    }


def own(module, name):
    """Whether a room without a list of its names made this one."""
    home = getattr(getattr(module, name), "__module__", None) or ""
    return not name.startswith("_") and home.startswith(module.__name__)


def parameters(function):
    try:
        all_of_them = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p for p in all_of_them if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def bad_arguments(function, rng):
    args, named = [], {}
    for p in parameters(function):
        from_ = BAD + GOOD if rng.random() < 0.75 else GOOD
        value = from_[rng.integers(len(from_))]
        if p.default is p.empty and p.kind is not p.KEYWORD_ONLY:
            args.append(value)
        elif p.default is p.empty or rng.random() < 0.25:
            named[p.name] = value
    return args, named


def right_calls():
    """Calls that work, of each of which one argument at a time is spoilt."""
    t, measure, operator = tutelage, tutelage.spectral_measure(NETWORK, 0.1), tutelage.hessian_of(NETWORK)
    problem, of_data, law = (
        Problem(NETWORK),
        tutelage.empirical.Problem(X, X[:, 0]),
        t.laws.MarchenkoPastur(0.5),
    )
    return [
        (Network, ([[1.0, 0.5]], [1.0], "erf")), (Problem, (NETWORK,)), (t.spectrum, (NETWORK, "dense")),
        (t.eigensystem, (NETWORK,)), (t.hessian_of, (np.eye(2),)), (t.spectral_density, (NETWORK,)),
        (t.ntk, (NETWORK, X)), (t.fisher, (NETWORK, X)), (t.hessian_rank, (NETWORK,)),
        (t.effective_parameters, (NETWORK,)), (t.flat_directions, (NETWORK,)), (t.compress, (NETWORK,)),
        (t.equivalent, (NETWORK, STUDENT)), (t.sample_teacher, ("erf", 3, 2, 0)), (t.Architecture, ((2, 2, 1), "erf")),
        (t.predict_loss, (measure, [0.0, 1.0], "flow")), (t.spectral_measure, (NETWORK, 0.1)),
        (t.time_to_loss, (measure, 1e-3)), (t.timescales, (NETWORK,)), (t.NoisyTeacher, (0.1,)),
        (t.GaussianInputs, ([0.0, 0.0], np.eye(2))), (t.empirical.Problem, (X, X[:, 0])),
        (t.Spectrum, ([0.0, 1.0], [1, 1], 2, "dense")), (t.Measure, ([0.0, 1.0], [0.5, 0.5])),
        (t.laws.MarchenkoPastur, (0.5,)), (t.laws.ChiSquare, (3,)), (t.laws.Wishart, (4, 3, 0.25)),
        (t.quadratic.critical_samples, (4, 2)), (t.quadratic.sample_quadratic_teacher, (4, 2, 0)),
        (t.quadratic.sample_inputs, (3, 4, 0)), (t.parse_activation, ("erf",)), (t.load_network, ("x.npz",)),
        (problem.loss, (STUDENT,)), (problem.gradient, (STUDENT,)), (problem.hessian, (STUDENT,)),
        (problem.with_theta, (STUDENT, STUDENT.theta)), (of_data.loss, (STUDENT,)), (of_data.hessian, (STUDENT,)),
        (NETWORK, (X,)), (NETWORK.with_theta, (NETWORK.theta,)), (law.pdf, (0.5,)), (law.cdf, (0.5,)),
        (law.ppf, (0.5,)), (law.moment, (2,)), (operator.matvec, (NETWORK.theta,)), (operator.matmat, (np.eye(6),)),
    ]  # fmt: skip


def spoilt_calls():
    for function, args in right_calls():
        for i, p in enumerate(parameters(function)):
            for value in BAD:
                if i < len(args):
                    yield function, [*args[:i], value, *args[i + 1 :]], {}
                else:
                    yield function, list(args), {p.name: value}


class HangError(BaseException):
    """Not an Exception, so that nothing on the way catches it."""


@contextlib.contextmanager
def limited(seconds):
    def ring(*_):
        raise HangError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fault_of(function, args, named):
    """None, or what was raised beyond InputError and TypeError."""
    try:
        with limited(SECONDS), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(*args, **named)
    except (InputError, TypeError):
        return None
    except BaseException as error:  # KeyboardInterrupt of a fault of ours is one too
        return f"{getattr(function, '__qualname__', function)}{(args, named)!r:.200}: {type(error).__name__}: {error!s:.100}"
    return None


def test_2000_bad_calls_of_every_public_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng, table = np.random.default_rng(0), public()
    names = list(table)
    calls = (
        (table[names[i % len(names)]], *bad_arguments(table[names[i % len(names)]], rng)) for i in range(2000)
    )
    faults = [fault for call in calls if (fault := fault_of(*call))]
    assert not faults, "\n".join(faults)


def test_one_bad_argument_in_a_right_call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng, calls = np.random.default_rng(0), list(spoilt_calls())
    chosen = [calls[i] for i in rng.permutation(len(calls))[:2000]]
    faults = [fault for call in chosen if (fault := fault_of(*call))]
    assert not faults, "\n".join(faults)


VALUES = [
    "0", "-1", "3", "1e9", "nan", "inf", "", "x", "1:5", "5:1", "999999999999", "2.5", "erf", "/nonexistent/x.json", "\x1b[31m",
    "a=b", "--", "é", "relu:slope=x", "tanh", "-",
]  # fmt: skip
OPTIONS = [
    "--activation", "-d", "-k", "--seed", "--realizations", "--method", "--noise", "--rule", "--learning-rate", "--until",
    "--batch", "--json", "--plot", "--weights", "--widths", "--primes", "--instances", "-n", "-m", "--starts", "--nope",
    "--momentum", "--max-order", "--study", "--help",
]  # fmt: skip


def command_line(rng, names):
    """A command with two to six options and values, of which some belong to it."""
    line = [names[rng.integers(len(names))]] if rng.random() < 0.97 else []
    for _ in range(rng.integers(2, 7)):
        line.append(OPTIONS[rng.integers(len(OPTIONS))])
        if rng.random() < 0.9:
            line.append(VALUES[rng.integers(len(VALUES))])
    return line


def test_300_command_lines(tmp_path, monkeypatch, capsys):
    """In this process, where JAX is warm, in an empty folder; one in thirty also as a process of its own."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    names = [name for name in commands() if name not in ("report", "reproduce")]  # minutes of right answers
    faults, before = [], children()
    for i in range(300):
        line = command_line(rng, names)
        fault = run_here(line, capsys) if i % 30 else run_apart(line)
        faults += [] if fault is None else [f"{line}: {fault}"]
    assert not faults, "\n".join(faults)
    assert children() <= before


def children():
    """Processes below this one, without the resource tracker, which Python keeps for as long as it runs."""
    tracker = multiprocessing.resource_tracker._resource_tracker._pid
    return {process.pid for process in psutil.Process().children(recursive=True)} - {tracker}


def run_here(line, capsys):
    try:
        with limited(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = run(line)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return fault_in(code, "".join(capsys.readouterr()))


def run_apart(line):
    argv = [sys.executable, "-m", "tutelage", *line]
    done = subprocess.run(argv, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
    return fault_in(done.returncode, (done.stdout + done.stderr).decode(errors="replace"))


def fault_in(code, text):
    bad = code not in (0, 2, 130) or "Traceback" in text or "please report" in text
    return f"exit {code}: {text[-300:]}" if bad else None
