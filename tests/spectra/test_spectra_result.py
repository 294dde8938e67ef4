"""The Spectrum value: what it stores, derives, refuses and shows."""

import json

import numpy as np
import pytest

from tutelage.base.errors import AllocationError, InputError
from tutelage.spectra import Spectrum


def example():
    return Spectrum(
        [2.0, 0.0, 1e-3], [1, 5, 2], n_params=8, method="dense", errors=[1e-15, 0.0, 1e-15], rank=3
    )


def test_values_come_sorted_with_their_multiplicities_and_errors():
    spectrum = example()
    assert spectrum.values.tolist() == [0.0, 1e-3, 2.0]
    assert spectrum.multiplicities.tolist() == [5, 2, 1]
    assert spectrum.errors.tolist() == [0.0, 1e-15, 1e-15]
    assert spectrum.eigenvalues.tolist() == [0.0] * 5 + [1e-3] * 2 + [2.0]
    assert spectrum.is_complete


def test_moments_of_the_spectrum():
    assert example().trace() == pytest.approx(2.002, rel=1e-15)
    assert example().frobenius_norm() == pytest.approx(np.sqrt(4 + 2e-6), rel=1e-15)


def test_measure_keeps_the_mass_or_normalizes():
    assert example().measure().mass == 8.0
    assert example().measure(normalized=True).mass == pytest.approx(1.0)
    assert example().measure().points.tolist() == [0.0, 1e-3, 2.0]


def test_numerical_rank_states_tolerance_and_gap():
    spectrum = Spectrum([1e-17, 1e-3, 1.0], [2, 3, 1], 6, "dense", errors=1e-15)
    found = spectrum.numerical_rank()
    rank, tolerance, gap = found.rank, found.tolerance, found.gap
    assert rank == 4
    assert tolerance == pytest.approx(1e-14)
    assert gap == pytest.approx(1e-3 / 1e-15)
    assert spectrum.min_positive() == 1e-3


def test_exact_zeros_leave_an_infinite_gap():
    assert example().numerical_rank().gap == np.inf
    assert example().numerical_rank().rank == 3


def test_a_spectrum_without_positive_values_says_so():
    with pytest.raises(InputError, match="min_positive"):
        Spectrum([0.0], [3], 3, "dense").min_positive()


@pytest.mark.parametrize("counts", [[1.5, 1], [0, 2], [1], [4, 5]])
def test_multiplicities_must_be_positive_integers_that_fit(counts):
    with pytest.raises(InputError, match="Spectrum"):
        Spectrum([0.0, 1.0], counts, 8, "dense")


def test_expanding_too_much_is_refused_with_a_way_out():
    with pytest.raises(AllocationError, match="multiplicities, or measure"):
        _ = Spectrum([1.0], [10**15], 10**15, "symmetry").eigenvalues


def test_dictionary_is_json_and_xarray_carries_the_facts():
    content = json.loads(json.dumps(example().to_dict()))
    assert content["eigenvalues"] == [0.0, 1e-3, 2.0]
    assert content["multiplicities"] == [5, 2, 1]
    assert (content["n_params"], content["rank"], content["method"]) == (8, 3, "dense")
    dataset = example().to_xarray()
    assert dataset.attrs == {"n_params": 8, "method": "dense", "rank": 3}
    assert dataset.value.values.tolist() == [0.0, 1e-3, 2.0]


def test_plot_has_logarithmic_axes_and_one_point_per_end_of_a_block():
    axes = example().plot()
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    line = axes.lines[0]
    assert line.get_xdata().tolist() == [1, 1, 2, 3]
    assert line.get_ydata().tolist() == [2.0, 2.0, 1e-3, 1e-3]
    assert "5 at zero" in axes.get_title()


def test_representations_name_size_rank_and_method():
    assert repr(example()) == "Spectrum(P=8, 3 distinct in [0, 2], rank 3, method='dense')"
    assert "<td>5</td>" in example()._repr_html_()
