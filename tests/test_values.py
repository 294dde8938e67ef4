"""Values in the hands of a user: pictures as the last line of a cell, tables for pandas, HTML that shows and does not act."""

import dataclasses

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
import pandas as pd
import pytest

import tutelage
from tutelage.base.errors import InputError
from tutelage.base.value import Value, html_table
from tutelage.landscape.minima import Level
from tutelage.laws.distance import Distance, KolmogorovSmirnov

TEACHER = tutelage.sample_teacher("erf", d=3, k=2, seed=0)
PROBLEM = tutelage.Problem(TEACHER)


@pytest.fixture(scope="module")
def values():
    spectrum = tutelage.spectrum(TEACHER)
    measure = tutelage.spectral_measure(TEACHER, start=1e-3)
    return {
        "spectrum": spectrum,
        "curve": tutelage.predict_loss(measure, [0.0, 1.0, 10.0]),
        "measure": tutelage.Measure([1.0, 2.0], [0.25, 0.75]),
        "law": tutelage.laws.LinearNetwork(d=4, k=2),
        "start": measure,
        "rank": tutelage.hessian_rank(TEACHER),
        "timescales": tutelage.timescales(TEACHER),
        "average": tutelage.average(float, [1.0, 2.0]),
    }


def test_every_plot_returns_axes_that_show_themselves_and_leaves_no_figure(values):
    for name in ("spectrum", "curve", "measure", "law"):
        axes = values[name].plot()
        assert axes._repr_png_().startswith(b"\x89PNG"), name
        assert values[name].plot(axes) is axes
    assert tutelage.overlay(values["curve"])._repr_png_().startswith(b"\x89PNG")
    assert plt.get_fignums() == []


def test_every_value_is_a_table_in_a_notebook_and_for_pandas(values, tmp_path):
    for name, value in values.items():
        assert "<table>" in value._repr_html_(), name
        table = value.to_pandas()
        assert len(table) >= 1 and len(table.columns) >= 1, name
        value.to_csv(tmp_path / f"{name}.csv")
        written = pd.read_csv(tmp_path / f"{name}.csv")
        pd.testing.assert_frame_equal(written, table, check_dtype=False)


def test_named_tuples_and_laws_of_inputs_are_tables_too():
    integral = tutelage.Measure([1.0, 2.0], [0.25, 0.75]).integrate(lambda x: x)
    inputs = tutelage.GaussianInputs([3.0, 4.0], [[2.0, 1.0], [1.0, 2.0]])
    level = Level(0.5, 3, np.ones(4), 1e-12)
    for value in (integral, level, Distance(0.1, 0.2, 0.3), KolmogorovSmirnov(0.1, 0.2, 5)):
        html = value._repr_html_()
        assert f"<caption>{type(value).__name__}</caption>" in html
        assert all(f"<th>{name}</th>" in html for name in value._fields)
    assert "<td>norm 5</td>" in inputs._repr_html_() and "R (2, 2)" in inputs._repr_html_()
    assert "the identity" in tutelage.GaussianInputs()._repr_html_()


def test_every_result_that_is_a_named_tuple_shows_itself():
    for room in (tutelage, tutelage.laws, tutelage.landscape, tutelage.dynamics, tutelage.rank):
        for name in dir(room):
            value = getattr(room, name)
            if isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields"):
                assert hasattr(value, "_repr_html_"), name


def test_html_escapes_what_would_act():
    assert "<script" not in html_table("<script>", {"<b>": "<i>\x1b"}) and "\x1b" not in html_table(
        "a", {"b": "\x1b"}
    )


@dataclasses.dataclass(frozen=True, eq=False)
class _Mixed(Value):
    number: float
    short: np.ndarray
    table: np.ndarray


def test_a_table_has_a_row_for_every_entry_and_columns_for_further_axes():
    table = _Mixed(2.0, np.arange(2.0), np.arange(6.0).reshape(3, 2)).to_pandas()
    assert list(table.columns) == ["number", "short", "table[0]", "table[1]"] and len(table) == 5
    assert table["table[1]"].dropna().tolist() == [1.0, 3.0, 5.0] and set(table.number) == {2.0}


def test_the_final_network_of_a_run_has_its_last_loss():
    run = tutelage.simulate(PROBLEM, tutelage.NoisyTeacher(1e-2), "gd:learning_rate=0.1", steps=[0, 50])
    assert PROBLEM.loss(run.final) == pytest.approx(run.loss[-1], rel=1e-9)
    several = tutelage.simulate(
        PROBLEM, tutelage.NoisyTeacher(1e-2), "gd:learning_rate=0.1", steps=[0, 50], runs=2
    )
    assert [PROBLEM.loss(end) for end in several.final] == pytest.approx(several.runs[:, -1], rel=1e-9)


def test_a_run_that_diverged_has_no_final_network():
    with pytest.warns(tutelage.StabilityWarning):
        run = tutelage.simulate(PROBLEM, tutelage.NoisyTeacher(1.0), "gd:learning_rate=1e6", steps=[0, 200])
    assert run.diverged_at is not None and (run.final is None or np.max(np.abs(run.final.W)) > 1e8)


def test_minimise_ends_where_the_gradient_is_gone():
    found = PROBLEM.minimise(tutelage.RandomStart().sample(TEACHER, 3))
    assert np.linalg.norm(PROBLEM.gradient(found.student)) < 1e-6
    assert found.loss == PROBLEM.loss(found.student) < PROBLEM.loss(tutelage.RandomStart().sample(TEACHER, 3))


@pytest.mark.parametrize("rule", [optax.adam(1e-6), optax.rmsprop(1e-6), optax.sgd(0.1, momentum=0.5)])
def test_any_optax_optimiser_has_a_prediction_that_its_run_follows_near_the_optimum(rule):
    how = {"start": tutelage.NoisyTeacher(1e-4), "rule": rule, "steps": [0, 5, 20], "seed": 1}
    predicted, trained = tutelage.predict_run(PROBLEM, **how), tutelage.simulate(PROBLEM, **how)
    assert trained.loss == pytest.approx(predicted.loss, rel=0.01)


def test_predict_run_is_predict_loss_where_there_is_a_filter():
    start = tutelage.NoisyTeacher(1e-4).displacement(TEACHER.n_params, 1)
    how = {"rule": "gd:learning_rate=0.1", "steps": [0, 5, 20]}
    one = tutelage.predict_run(PROBLEM, start, **how)
    other = tutelage.predict_loss(tutelage.spectral_measure(TEACHER, start), **how)
    assert one.loss == pytest.approx(other.loss, rel=1e-9)


def test_an_average_has_the_error_of_its_mean():
    draws = np.random.default_rng(0).standard_normal(400)
    found = tutelage.average(lambda x: [x, x + 1], draws)
    assert found.mean == pytest.approx([draws.mean(), draws.mean() + 1])
    assert found.error == pytest.approx([draws.std(ddof=1) / 20] * 2)
    assert found.quantile([0.5]).shape == (1, 2)
    with pytest.raises(InputError, match="at least two teachers, got 1"):
        tutelage.average(float, [1.0])
    with pytest.raises(InputError, match="one shape"):
        tutelage.average(lambda n: np.zeros(n), [1, 2])


@pytest.mark.parametrize(
    ("fn", "advice"), [(np.tanh, "jnp.tanh"), (lambda u: np.tanh(u), "jnp in place of np")]
)
def test_a_function_of_numpy_is_told_to_be_one_of_jax(fn, advice):
    with pytest.raises(InputError, match=advice):
        tutelage.Numerical(fn)
    assert tutelage.Numerical(jnp.tanh).spec == "numerical:fn=tanh"
