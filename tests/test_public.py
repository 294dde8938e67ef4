"""The public surface, what an import costs, and the walls between the towers."""

import jax
import numpy as np
import pytest

import tutelage


def test_every_public_name_can_be_imported():
    for name in sorted(tutelage.__all__):
        assert getattr(tutelage, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        _ = tutelage.not_a_name


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
