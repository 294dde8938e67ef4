"""The lines of Python under every figure of the report run as they are printed, and show something."""

import ast

import matplotlib.pyplot as plt
import pytest

from tutelage import studies


def last_value(code, name):
    """Run ``code`` as a notebook's cell: the value of its last expression, if it ends with one."""
    tree, namespace = ast.parse(code), {}
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)
    return None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), namespace)


@pytest.mark.parametrize("name", studies.available())
def test_the_code_of_a_section_runs_and_shows_something(name, capsys):
    shown = last_value(studies.cards()[name].code, name)
    printed = capsys.readouterr().out
    assert printed or shown is not None
    assert plt.get_fignums() == [], "a figure is left open"
