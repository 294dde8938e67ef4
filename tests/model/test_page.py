"""docs/your-own-model.md: its cells run in their order; those of a library that is not installed are passed over."""

import importlib.util
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "your-own-model.md"
CELLS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_the_cells_of_the_page_run():
    names, run = {}, 0
    for code in CELLS:
        wanted = re.findall(r"^import (\w+)", code, re.MULTILINE)
        if all(importlib.util.find_spec(name) for name in wanted):
            exec(compile(code, str(PAGE), "exec"), names)
            run += 1
    assert run >= 9
