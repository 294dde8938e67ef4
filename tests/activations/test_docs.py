"""The page on writing an activation runs as printed, and its example obeys the contract."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from tutelage import hessian_at_optimum, sample_teacher
from tutelage.network import Network

PAGE = Path(__file__).parents[2] / "docs" / "activations.md"


def test_the_page_runs_and_its_class_agrees_with_the_built_in_one(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 4
    namespace = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), namespace)
    assert capsys.readouterr().out.split("\n")[:2] == ["(8, 8)", "True"]
    teacher = sample_teacher("sin", d=3, k=2, seed=1)
    ours = Network(teacher.W, teacher.a, namespace["Wave"](1.0))
    np.testing.assert_allclose(
        hessian_at_optimum(ours).dense(), hessian_at_optimum(teacher).dense(), rtol=0, atol=1e-13
    )
    with jax.enable_x64(True):
        assert float(namespace["bent"](jnp.float64(-2.0))) == -0.6
