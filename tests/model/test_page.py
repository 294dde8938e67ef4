"""docs/your-own-model.md: its cells run in their order; those of a library that is not installed are passed over."""

import importlib.util
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "your-own-model.md"
CELLS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_the_cells_of_the_page_run():
    names, absent = {}, set()
    for code in CELLS:
        wanted = set(re.findall(r"^import (\w+)", code, re.MULTILINE))
        if lacking := {name for name in wanted if not importlib.util.find_spec(name)}:
            absent |= lacking
        else:
            exec(compile(code, str(PAGE), "exec"), names)
    assert len(CELLS) >= 9 and absent <= {"torch", "flax"}
