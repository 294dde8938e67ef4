"""The public surface, its two lists, and what an import costs."""

import ast
import inspect
import pkgutil
from pathlib import Path

import jax
import numpy as np
import pytest

import tutelage


def test_every_public_name_can_be_imported():
    for name in sorted(tutelage.__all__):
        assert getattr(tutelage, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        _ = tutelage.not_a_name


def _imports_for_checkers():
    """What the ``if TYPE_CHECKING`` block imports, as (module, name), and that each is given on under its own name."""
    tree = ast.parse(Path(tutelage.__file__).read_text(encoding="utf-8"))
    (block,) = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    found = []
    for statement in block.body:
        assert isinstance(statement, ast.ImportFrom)
        for alias in statement.names:
            assert alias.asname == alias.name, f"{alias.name}: write `{alias.name} as {alias.name}`"
            found.append((statement.module, alias.name))
    return found


def test_type_checkers_and_python_see_the_same_names():
    table = [(module, name) for module, names in tutelage._PUBLIC.items() for name in names.split()]
    rooms = [("tutelage", room) for room in tutelage._ROOMS.split()]
    assert sorted(_imports_for_checkers()) == sorted(table + rooms)


def test_dir_is_the_public_surface_and_nothing_else():
    assert dir(tutelage) == sorted(tutelage.__all__)
    assert len(set(tutelage.__all__)) == len(tutelage.__all__)
    assert [name for name in dir(tutelage) if name.startswith("_")] == ["__version__"]


def test_every_package_and_module_is_reachable_after_import_tutelage(python):
    there = {module.name for module in pkgutil.iter_modules(tutelage.__path__)} - {"__main__"}
    assert set(tutelage._ROOMS.split()) == there
    lines = "\n".join(f"assert tutelage.{room}.__name__ == 'tutelage.{room}'" for room in sorted(there))
    assert python(f"import tutelage\n{lines}") == ""


def test_no_public_name_hides_a_module():
    """``import tutelage.x`` writes ``x`` into the package: a public function of that name would be lost."""
    assert not set(tutelage._ROOMS.split()) & set(tutelage._MODULE_OF)


@pytest.mark.parametrize("name", sorted(tutelage._MODULE_OF))
def test_every_public_name_is_documented(name):
    assert len(inspect.getdoc(getattr(tutelage, name)) or "") > 20


def test_importing_tutelage_loads_neither_jax_nor_scipy_nor_matplotlib(python):
    code = "import sys, tutelage, tutelage.cli; print([m for m in ('jax', 'scipy', 'numpy', 'matplotlib') if m in sys.modules])"
    assert python(code) == "[]"


def test_no_global_is_flipped_by_use(python):
    code = (
        "import numpy, tutelage as t, jax; before = (jax.config.jax_enable_x64, numpy.geterr())\n"
        "t.hessian_at_optimum(t.sample_teacher('erf', 2, 2)).matvec([1.0] * 6)\n"
        "print(before == (jax.config.jax_enable_x64, numpy.geterr()), jax.numpy.ones(1).dtype)"
    )
    assert python(code) == "True float32"


def test_results_do_not_depend_on_the_users_precision():
    teacher = tutelage.sample_teacher("erf", 3, 2)
    with jax.enable_x64(True):
        inside = tutelage.hessian_at_optimum(teacher).dense()
    outside = tutelage.hessian_at_optimum(teacher).dense()
    assert outside.dtype == np.float64 and np.array_equal(inside, outside)
