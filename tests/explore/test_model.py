"""What the page shows is what the library says, and the program on it computes the same."""

import numpy as np
import pytest

import tutelage
from tutelage.explore import State
from tutelage.explore.code import code
from tutelage.explore.model import CERTIFIED_UP_TO, parts

STATES = {
    "erf": State(d=4, k=3, seed=2),
    "linear, trained": State("linear", d=4, k=6, run=True),
    "quadratic": State("quadratic", d=4, k=3, alpha=0.75, width=1),
    "relu": State("relu", d=3, k=4, noise=0.01),
    "samples": State(d=3, k=4, samples=40, seed=1),
    "cauchy": State("sin", d=3, k=4, weights="cauchy"),
    "large": State("linear", d=CERTIFIED_UP_TO + 1, k=30),
    "biases": State("quadratic", d=3, k=4, biases=True),
}


@pytest.fixture(scope="module", params=STATES)
def shown(request):
    """(state, its parts by name, what its program leaves behind)."""
    state, names = STATES[request.param], {}
    exec(code(state), names)
    return state, {part.name: part for part in parts(state)}, names


def test_the_spectrum_is_the_librarys(shown):
    _, found, names = shown
    if "spectrum" not in names:
        assert found["spectrum"].note and not found["spectrum"].lines
        return
    spectrum = names["spectrum"]
    drawn = found["spectrum"].lines["eigenvalues"]
    np.testing.assert_array_equal(drawn.y, spectrum.eigenvalues[::-1][: drawn.y.size])
    assert np.all(spectrum.eigenvalues[::-1][drawn.y.size :] <= spectrum.errors.max())
    assert found["spectrum"].numbers["largest eigenvalue"] == f"{spectrum.values[-1]:.10g}"


def test_the_rank_is_the_librarys(shown):
    _, found, names = shown
    assert found["rank"].numbers["effective parameters"].startswith(f"{names['rank']} (")


def test_the_curve_is_the_librarys(shown):
    _, found, names = shown
    if "curve" in names:
        np.testing.assert_array_equal(found["curve"].lines["predicted"].y, names["curve"].loss)
        np.testing.assert_array_equal(found["curve"].lines["predicted"].x, names["curve"].times)


def test_the_law_is_laid_at_its_quantiles(shown):
    _, found, names = shown
    assert ("law" in found["law"].lines) == ("law" in names)
    if "law" in names:
        line = found["law"].lines["law"]
        count = getattr(names["law"], "rank", names["teacher"].n_params)
        np.testing.assert_allclose(line.y, names["law"].isf((line.x - 0.5) / count), rtol=1e-12)


def test_a_trained_student_is_shown_where_one_is_wanted(shown):
    state, found, names = shown
    assert bool(found["run"].lines) == state.run
    if state.run:
        np.testing.assert_array_equal(found["run"].lines["trained"].y, names["trained"].loss)


def test_recovery_is_the_librarys(shown):
    state, found, names = shown
    m = min(state.width, state.d)
    assert found["recovery"].lines["counted"].x[0] == tutelage.quadratic.critical_samples(state.d, m)
    assert ("certified" in found["recovery"].lines) == ("recovery" in names)
    if "recovery" in names:
        np.testing.assert_array_equal(found["recovery"].lines["certified"].y, names["recovery"].probability)


@pytest.mark.parametrize(
    ("activation", "sizes"), [("erf", [8, 3, 16]), ("quadratic", [1, 10, 13]), ("linear", [8])]
)
def test_the_groups_take_the_places_of_the_eigenvalues_that_are_not_zero(activation, sizes):
    state = State(activation, d=8, k=3)
    found = {part.name: part for part in parts(state)}
    lines = found["groups"].lines.values()
    assert [line.x.size for line in lines] == sizes
    assert sorted(np.concatenate([line.x for line in lines])) == list(range(1, sum(sizes) + 1))
    assert sum(sizes) == tutelage.spectrum(tutelage.sample_teacher(state.spec, 8, 3)).rank


def test_what_has_no_law_says_so():
    found = {part.name: part for part in parts(State("relu", d=3, k=2))}
    assert "no law is known" in found["law"].note and "odd" in found["groups"].note


def test_training_ends_when_its_answer_is_not_wanted_any_more():
    class Enough(Exception):
        pass

    def progress(*_):
        raise Enough

    seen = []
    with pytest.raises(Enough):
        for part in parts(State("linear", d=3, k=2, run=True), progress):
            seen.append(part.name)
    assert seen == ["spectrum", "curve", "law", "groups", "rank"]
