"""Print the lowest version of every direct dependency that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
wanted = list(project["dependencies"])
for extra in ("dynamics", "sweep", "convex", "explore"):  # what tutelage[all] installs
    wanted += project["optional-dependencies"][extra]
for requirement in wanted:
    name, lowest = re.fullmatch(r"([\w-]+)>=([\w.]+)", requirement).groups()
    print(f"{name}=={lowest}")
