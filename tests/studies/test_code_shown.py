"""The lines of Python under every figure of the report run as they are printed, and show something."""

import matplotlib.pyplot as plt
import pytest

from tutelage import studies


@pytest.mark.parametrize("name", studies.available())
def test_the_code_of_a_section_runs_and_shows_something(name, capsys):
    namespace = {}
    exec(compile(studies.cards()[name].code, name, "exec"), namespace)
    axes = [value for value in namespace.values() if hasattr(value, "get_lines")]
    assert capsys.readouterr().out or any(a.get_lines() or a.patches or a.collections for a in axes)
    assert plt.get_fignums() == [], "a figure is left open"
