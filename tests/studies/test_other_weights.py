"""Figures 8 and 9 at reduced size: claims pass, and weights of another law make each of them fail."""

import numpy as np
from drawn import check_figure
from falsify import check_study, mapped, scaled

from tutelage.studies.narrow_weights import NarrowWeights
from tutelage.studies.wide_weights import FINITE, WideWeights


def other(name, source):
    """The data of another weight law in the place of this one's."""
    return lambda dataset: dataset.assign({name: dataset[source]})


def test_wide():
    study = WideWeights(d=40, k=80, teachers=40, readouts=1500)
    dataset = study.compute()
    changes = {f"fig8.limit.{law}": other(f"eigenvalues_{law}", "eigenvalues_cauchy") for law in FINITE}
    changes |= {
        f"fig8.effect.{law}": other(f"readout_{law}", "readout_uniform") for law in ("normal", "laplace")
    }
    changes["fig8.effect.uniform"] = scaled(2**0.5, "readout_uniform")
    changes["fig8.effect.rademacher"] = other("readout_rademacher", "readout_uniform")
    changes["fig8.cauchy"] = other("eigenvalues_cauchy", "eigenvalues_normal")
    check_study(study, dataset, changes, skip={f"fig8.limit.{law}" for law in FINITE})
    check_figure(study.draw(dataset), panels=5)


def test_narrow():
    study = NarrowWeights(d=60, k=20, teachers=1500)
    dataset = study.compute()
    check_study(
        study,
        dataset,
        {
            "fig9.normal": other("eigenvalues_normal", "eigenvalues_laplace"),
            "fig9.distance.uniform": other("eigenvalues_uniform", "eigenvalues_normal"),
            "fig9.distance.laplace": other("eigenvalues_laplace", "eigenvalues_normal"),
            "fig9.atom": mapped("eigenvalues_rademacher", lambda v: np.where(v == v[:, :1], v + 0.1, v)),
        },
        skip={"fig9.normal", "fig9.distance.uniform", "fig9.distance.laplace"},
    )
