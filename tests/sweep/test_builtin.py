"""The named quantities agree with a dense eigensolver and with the closed forms."""

import numpy as np
import pytest

from tutelage import hessian_at_optimum
from tutelage.dynamics import noise_floor, sgd_stability
from tutelage.sweep import SweepSpec, run
from tutelage.sweep.evaluate import evaluate_point


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    mapping = {
        "quantities": [
            "spectrum",
            "lambda_min",
            "lambda_max",
            "trace_moments",
            "predicted_loss",
            "effective_parameters",
        ],
        "realizations": 2,
        "grid": {"activation": ["linear", "quadratic:alpha=0.5"], "sizes": [[4, 2], [2, 3]]},
        "options": {
            "trace_moments": {"orders": 3},
            "predicted_loss": {"count": 5, "last": 10.0, "noise": 0.1},
        },
    }
    data = run(mapping, store=tmp_path_factory.mktemp("builtin"), workers=0).compute()
    spec = SweepSpec.from_mapping(mapping)
    dense = [np.linalg.eigvalsh(hessian_at_optimum(spec.point(i).teacher()).dense()) for i in range(8)]
    return data, dense


def test_no_point_fails_and_each_says_its_method(found):
    data, _ = found
    assert not data.failed.values.any(), data.error.values
    assert set(data.effective_parameters_status.values.astype(object)) <= {"proven", "probabilistic"}
    assert all(text.startswith("spectrum: ") for text in data.method.values.astype(object))


def test_spectra_equal_the_dense_ones(found):
    data, dense = found
    for i, expected in enumerate(dense):
        blocks = np.isfinite(data.eigenvalues[i].values)
        repeated = np.repeat(data.eigenvalues[i][blocks], data.multiplicities[i][blocks].astype(int))
        np.testing.assert_allclose(repeated, expected, atol=1e-12 * expected[-1])
        assert data.n_params[i] == expected.size


def test_ends_moments_and_ranks_equal_the_dense_ones(found):
    data, dense = found
    for i, expected in enumerate(dense):
        positive = expected[expected > 1e-10 * expected[-1]]
        np.testing.assert_allclose(data.lambda_max[i], expected[-1], rtol=1e-12)
        np.testing.assert_allclose(data.lambda_min[i], positive[0], rtol=1e-9)
        assert data.effective_parameters[i] == positive.size
        for order in data.order.values:
            np.testing.assert_allclose(
                data.trace_moments[i].sel(order=order), np.sum(expected**order), rtol=1e-12
            )


def test_predicted_curves_are_the_mean_over_isotropic_starts(found):
    data, dense = found
    np.testing.assert_allclose(data.time, np.geomspace(0.01, 10.0, 5))
    for i, x in enumerate(dense):
        expected = 0.5 * 0.1**2 * np.sum(x * np.exp(-2 * x * data.time.values[:, None]), axis=1)
        np.testing.assert_allclose(data.predicted_loss[i], expected, rtol=1e-10, atol=1e-16)


def test_the_rank_here_is_the_generic_one_for_random_weights(tmp_path):
    mapping = {"quantities": ["rank", "effective_parameters"], "realizations": 2,
               "grid": {"activation": ["quadratic:alpha=0.5", "erf"], "sizes": [[3, 2], [3, 5]]}}  # fmt: skip
    data = run(mapping, store=tmp_path, workers=0).compute()
    assert not data.failed.values.any(), data.error.values
    np.testing.assert_array_equal(data["rank"], data.effective_parameters)
    erf = data.activation.values.astype(object) == "erf:scale=1.0"
    np.testing.assert_array_equal(data["rank"][erf], (data.k * (data.d + 1))[erf])


def recovery(samples, **options):
    mapping = {
        "quantities": ["recovery"],
        "realizations": 3,
        "grid": {
            "activation": "polynomial:coefficients=0,0,1",
            "d": 4,
            "k": 1,
            "extra": {"samples": samples},
        },
        "options": {"recovery": options},
    }
    spec = SweepSpec.from_mapping(mapping)
    return [evaluate_point(spec, spec.point(i)) for i in range(spec.n_points)]


def test_a_quadratic_teacher_is_recovered_from_enough_samples_and_not_from_few():
    """n_c = 2d - 1 = 7 at m_* = 1; d(d+1)/2 = 10 samples determine any symmetric matrix."""
    results = recovery([3, 14], certify=True)
    assert all(not r.error for r in results), results
    values = [{k: v[1].item() for k, v in r.values.items()} for r in results]
    assert [v["recovered"] for v in values] == [0.0] * 3 + [1.0] * 3
    assert [v["recovery_certificate"] for v in values] == ["not unique"] * 3 + ["unique"] * 3
    assert [v["recovery_samples"] for v in values] == [3.0] * 3 + [14.0] * 3


def test_recovery_of_another_activation_is_a_recorded_error():
    spec = SweepSpec.from_mapping({"quantities": ["recovery"], "grid": {"activation": "erf", "d": 3, "k": 1}})
    assert "InputError: recovery: expected the activation" in evaluate_point(spec, spec.point(0)).error


def test_sgd_quantities_are_the_public_functions(tmp_path):
    grid = {"activation": "linear", "d": 3, "k": 2}
    names = ["sgd_stability", "noise_floor", "predicted_sgd"]
    options = {name: {"batch": 2} for name in names} | {"predicted_sgd": {"batch": 2, "label_noise": 0.01}}
    mapping = {"grid": grid, "quantities": names, "realizations": 1, "options": options}
    found = run(mapping, store=tmp_path, workers=0)
    teacher = SweepSpec.from_mapping(mapping).point(0).teacher()
    limit = sgd_stability(teacher, batch=2)
    assert float(found.stable_rate[0]) == limit.value
    floor = noise_floor(teacher, learning_rate=0.5 * limit.value, batch=2, label_noise=0.01)
    assert float(found.noise_floor[0]) == floor.value
    assert float(found.predicted_sgd[0, -1]) == pytest.approx(floor.value, rel=1e-3)
