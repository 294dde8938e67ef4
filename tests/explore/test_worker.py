"""The last value wins, and no state is computed after a newer one."""

import threading

from tutelage.explore import State
from tutelage.explore.worker import Latest


def test_states_that_were_passed_over_are_not_computed():
    begun, go, done, ended = threading.Event(), threading.Event(), [], threading.Event()

    def work(state, check):
        begun.set()
        assert go.wait(60)
        check()
        done.append(state.d)
        ended.set()

    latest = Latest(work)
    latest.ask(State(d=1))
    assert begun.wait(60)
    for d in range(2, 10):
        latest.ask(State(d=d))
    go.set()
    assert ended.wait(60)
    assert done == [9]
    latest.end()


def test_slow_work_is_not_begun_for_a_state_that_is_passed_over():
    begun, done, ended = [], [], threading.Event()

    def work(state, check):
        begun.append(state.d)
        if state.d == 1:
            latest.ask(State(d=2))
        latest.settle(0.01)
        done.append(state.d)
        ended.set()

    latest = Latest(work)
    latest.ask(State(d=1))
    assert ended.wait(60)
    assert (begun, done) == ([1, 2], [2])
    latest.end()
