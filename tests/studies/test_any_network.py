"""The studies of biases, wider students, inputs and training at reduced size: claims pass, and wrong data fail."""

import numpy as np
import pytest
import reduced
from falsify import check_study, computed_with, mapped, scaled

from tutelage.studies.biases import BiasesAdd


def shifted(name, by):
    return mapped(name, lambda values: values + by)


def test_biases_add_one():
    study = reduced.BIASES
    changes = {
        "biases.linear": shifted("biased_linear", 1),
        # Without its square the network has fewer parameters to gain, and counts differ at some sizes.
        "biases.quadratic": mapped(
            "biased_quadratic", lambda values: values + (np.arange(values.shape[1]) == 2)
        ),
        "biases.erf": shifted("biased_erf", 1),
        # One a network, whatever its width.
        "biases.neuron": lambda dataset: dataset.assign(biased_erf=dataset["plain_erf"] + 1),
        "biases.square": shifted("biased_square", -1),
        # 35 in place of the exceptional 34.
        "biases.cubic": mapped("biased_cubic", lambda values: np.where(values == 34, 35, values)),
        "biases.here": shifted("here", 1),
    }
    check_study(study, study.compute(), changes)


def test_biases_are_seen_whatever_the_activation_of_the_data():
    """The quadratic without its square is linear: it would gain one as well, and its counts would still be wrong."""
    study = reduced.BIASES
    linear = BiasesAdd(study.d_max, study.k_max, alpha=0.0, teachers=1).compute()
    assert (linear["biased_quadratic"] != study.compute()["biased_quadratic"]).any()


def test_wider_students():
    study = reduced.WIDER
    kinds = {"silent": 0, "zero": 1, "split": 2, "null": 3}

    def raised(j):
        return mapped("rank", lambda values: values + (np.arange(4) == j))

    changes = {f"wider.rank.{word}": raised(j) for word, j in kinds.items()}
    changes |= {
        "wider.split": scaled(1 + 1e-10, "scaled"),
        "wider.null": scaled(1 + 1e-10, "scaled"),
        "wider.interlace": scaled(10.0, "teacher"),
        "wider.trace": scaled(1 + 1e-8, "second_moment"),
        # Curvature, or a loss that does not grow.
        "wider.quartic": mapped("apart", np.sqrt),
        "wider.tangent": lambda dataset: dataset.assign(moved=dataset["apart"]),
    }
    check_study(study, study.compute(), changes)


@pytest.mark.slow
def test_inputs_that_are_not_white():
    study = reduced.INPUTS
    dataset = study.compute()
    white = computed_with(type(study)(**{**study.parameters(), "exponents": (0.0, 1e-3, 2e-3)}))(dataset)
    far = {f"inputs.law.{word}": shifted("distance", 0.1) for word in ("power", "spikes")}
    # No approach: the distance of the smallest size at every one.
    still = {
        f"inputs.rate.{word}": mapped("distance", lambda values: values[:, :1] + 0.0 * values)
        for word in ("power", "spikes")
    }
    changes = (
        far
        | still
        | {
            "inputs.mean": scaled(1.5, "moment"),
            "inputs.second": scaled(2.0, "moment"),
            "inputs.bounds": scaled(40.0, "ratio"),
            "inputs.steps": mapped("predicted_steps", lambda values: values * np.arange(1, values.size + 1)),
            # The steps of white inputs under every condition.
            "inputs.growth": lambda data: data.assign(
                {
                    name: (data[name].dims, np.broadcast_to(data[name].values[:1], data[name].shape))
                    for name in ("steps", "log_loss")
                }
            ),
        }
    )
    check_study(study, dataset, changes, skip={"inputs.law.power", "inputs.law.spikes"})
    # White inputs need the same number of steps, however their exponents are called.
    assert np.ptp(np.log(white["predicted_steps"].values)) < 0.1


@pytest.mark.slow
def test_the_rank_along_training():
    study = reduced.ALONG
    changes = {f"along.rank.{name}": shifted("exact", 1) for name in ("linear", "quadratic", "erf")}
    changes |= {
        "along.start": scaled(0.05, "functional"),
        # It does not fade.
        "along.functional": mapped("functional", lambda values: values[:, :1] + 0.0 * values),
        "along.readable": shifted("functional", 1.0),
    }
    check_study(study, study.compute(), changes)
