"""What a specification accepts, what it refuses and how it says so."""

import copy
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.base.errors import InputError
from tutelage.sweep import SweepSpec, load_spec
from tutelage.sweep.spec import subset
from tutelage.teachers import sample_teacher

TOML = """
quantities = ["lambda_max", "sweep_functions:draw"]
seed = 3
realizations = 2
[grid]
activation = ["erf", "quadratic:alpha=0.7"]
d = {start = 4, stop = 16, num = 3, spacing = "log"}
ratio = [0.5, 1.0]
weights = ["normal", "student_t:nu=3"]
[grid.extra]
noise = [0.1, 0.2]
[options."sweep_functions:draw"]
scale = 2.0
"""


def test_a_toml_file_becomes_the_grid_it_names(tmp_path):
    (tmp_path / "My.toml").write_text(TOML)
    spec = load_spec(tmp_path / "My.toml")
    assert spec.name == "my" and spec.search_path == (str(tmp_path),)
    assert spec.activations == ("erf:scale=1.0", "quadratic:alpha=0.7")
    assert spec.sizes == ((4, 2), (4, 4), (8, 4), (8, 8), (16, 8), (16, 16))
    assert spec.shape == (2, 6, 2, 2, 1, 2) and spec.n_points == 96
    assert spec.options == {"sweep_functions:draw": {"scale": 2.0}}


def test_points_are_the_product_in_the_documented_order(tmp_path):
    (tmp_path / "a.toml").write_text(TOML)
    spec = load_spec(tmp_path / "a.toml")
    product = itertools.product(spec.activations, spec.sizes, spec.weights, (0.1, 0.2), (3,), (0, 1))
    for index, (activation, (d, k), weights, noise, seed, realization) in enumerate(product):
        point = spec.point(index)
        assert (point.activation, point.d, point.k, point.weights) == (activation, d, k, weights)
        assert (point.seed, point.realization, point.extra) == (seed, realization, {"noise": noise})
    assert index == spec.n_points - 1


def test_a_point_is_a_pure_function_of_its_parameters(mapping):
    spec = SweepSpec.from_mapping(mapping)
    point, again = spec.point(5), spec.point(5)
    expected = sample_teacher(point.activation, point.d, point.k, point.seed, realization=point.realization)
    np.testing.assert_array_equal(point.teacher().W, expected.W)
    assert point.rng().normal() == again.rng().normal()
    assert point.rng().normal() != spec.point(4).rng().normal()


def test_the_mapping_round_trips_and_the_key_names_the_question(mapping):
    spec = SweepSpec.from_mapping(mapping)
    assert SweepSpec.from_mapping(spec.to_mapping()) == spec
    moved = SweepSpec.from_mapping({**mapping, "search_path": ["/elsewhere", *mapping["search_path"]]})
    assert moved == spec and moved.key == spec.key
    assert SweepSpec.from_mapping({**mapping, "seed": [0, 8]}).key != spec.key


@given(count=st.integers(1, 40))
def test_shards_partition_the_grid(count):
    spec = SweepSpec(("x",), ("linear",), ((1, 1),), realizations=tuple(range(17)))
    parts = [subset(spec, (i + 1, count)) for i in range(count)]
    assert [index for part in parts for index in part] == list(range(17))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def changed(mapping, path, value):
    """The mapping with one entry set (or removed: None)."""
    result = copy.deepcopy(mapping)
    table = result
    *parents, last = path
    for key in parents:
        table = table.setdefault(key, {})
    if value is None:
        del table[last]
    else:
        table[last] = value
    return result


REFUSALS = [
    (["quantitys"], ["rank"], "unknown key 'quantitys'; did you mean 'quantities'"),
    (["realisations"], 3, "did you mean 'realizations'"),
    (["grid", "activations"], "erf", "unknown key of \\[grid\\] 'activations'; did you mean 'activation'"),
    (["quantities"], ["lamda_min"], "unknown quantity 'lamda_min'; did you mean 'lambda_min'"),
    (["quantities"], [], "at least one quantity"),
    (["quantities"], ["rank", "rank"], "'rank' twice"),
    (["quantities"], [3], "expected text for quantities, got 3"),
    (["quantities"], None, "expected the key 'quantities'"),
    (["quantities"], ["a module:f"], "expected module:function, got 'a module:f'"),
    (["quantities"], ["os:"], "expected module:function"),
    (["grid"], None, "expected the key 'grid'"),
    (["grid"], 3, "expected a table \\[grid\\]"),
    (["grid", "activation"], None, "expected activation in \\[grid\\]"),
    (["grid", "activation"], "erv", "unknown name 'erv'; did you mean 'erf'"),
    (["grid", "activation"], [], "at least one activation"),
    (["grid", "activation"], ["erf", "erf:scale=1"], "expected different values for activation"),
    (["grid", "weights"], "cauchi", "unknown name 'cauchi'; did you mean 'cauchy'"),
    (["grid", "weights"], [1], "expected text for weights"),
    (["grid", "d"], 0, "expected d >= 1, got 0"),
    (["grid", "d"], 2.5, "expected an integer d, got 2.5"),
    (["grid", "d"], [], "at least one value for d"),
    (["grid", "d"], [3, 3], "expected different values for d, got 3 twice"),
    (["grid", "d"], {"start": 1}, "expected start, stop and one of step and num for d"),
    (["grid", "d"], {"start": 1, "stop": 5, "stepp": 1}, "unknown key of the range d 'stepp'; did you mean 'step'"),
    (["grid", "d"], {"start": 9, "stop": 5, "step": 1}, "expected stop >= start for d"),
    (["grid", "d"], {"start": 1, "stop": 5, "num": 3, "spacing": "lg"}, "unknown d.spacing 'lg'; did you mean 'log'"),
    (["grid", "ratio"], 0.5, "give one of the three"),
    (["grid", "sizes"], [[3, 2]], "give one of the three"),
    (["grid", "k"], None, "give one of the three"),
    (["grid", "extra"], {"d": [1]}, "expected a new name for an extra axis, got 'd'"),
    (["grid", "extra"], {"noise": [1, "a"]}, "only numbers or only text for noise"),
    (["grid", "extra"], 3, "expected a table \\[grid.extra\\]"),
    (["seed"], -1, "expected seed >= 0, got -1"),
    (["seed"], "zero", "expected an integer seed, got 'zero'"),
    (["realizations"], 0, "expected realizations >= 1, got 0"),
    (["realizations"], True, "expected an integer realizations"),
    (["options"], 3, "expected a table \\[options\\]"),
    (["options"], {"rank": {}}, "unknown quantity in \\[options\\] 'rank'"),
    (["options"], {"sweep_functions:draw": 3}, "expected a table"),
    (["memory_bytes"], "2 GB", "expected a number for memory_bytes"),
    (["name"], "a/b", "lower-case letters"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), REFUSALS)
def test_a_wrong_entry_is_refused_with_what_to_do(mapping, path, value, message):
    with pytest.raises(InputError, match=message):
        SweepSpec.from_mapping(changed(mapping, path, value))


def test_an_unknown_option_of_a_quantity_names_the_nearest(mapping):
    wrong = {**mapping, "quantities": ["trace_moments"], "options": {"trace_moments": {"order": 3}}}
    with pytest.raises(InputError, match="unknown option of trace_moments 'order'; did you mean 'orders'"):
        SweepSpec.from_mapping(wrong)


def test_files_that_are_not_toml_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file; check the path"):
        load_spec(tmp_path / "none.toml")
    (tmp_path / "a.toml").write_text("quantities = [")
    with pytest.raises(InputError, match="expected a TOML file"):
        load_spec(tmp_path / "a.toml")


@pytest.mark.parametrize("shard", [(0, 3), (4, 3), (1, 0)])
def test_a_wrong_shard_is_refused(mapping, shard):
    with pytest.raises(InputError, match="expected"):
        subset(SweepSpec.from_mapping(mapping), shard)
