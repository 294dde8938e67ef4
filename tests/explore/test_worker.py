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
