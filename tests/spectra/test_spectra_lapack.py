"""Dense eigenvalues against prescribed spectra."""

import numpy as np
import pytest
import scipy.linalg

from tutelage.spectra.lapack import backward_error, symmetric_eigenvalues, two_stage_available


def prescribed(values, seed=0):
    """A symmetric matrix with these eigenvalues (Haar rotation)."""
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values),) * 2))[0]
    matrix = (rotation * values) @ rotation.T
    return (matrix + matrix.T) / 2


@pytest.mark.parametrize("two_stage", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 40, 300])
def test_a_prescribed_spectrum_is_recovered_within_its_error_bar(n, two_stage):
    values = np.sort(np.random.default_rng(n).normal(size=n) ** 3)
    found = symmetric_eigenvalues(prescribed(values), two_stage=two_stage)
    # the rotation itself rounds: the same bound once more
    assert np.abs(found - values).max() <= 2 * backward_error(n, np.abs(values).max())


def test_both_routines_agree():
    matrix = prescribed(np.geomspace(1e-8, 1, 250))
    plain = symmetric_eigenvalues(matrix.copy(), two_stage=False)
    staged = symmetric_eigenvalues(matrix.copy(), two_stage=True)
    assert np.abs(plain - staged).max() <= backward_error(250, 1.0)


def test_without_the_two_stage_routine_the_plain_driver_answers(monkeypatch):
    from tutelage.spectra import lapack

    monkeypatch.setattr(lapack, "_two_stage_routine", lambda: None)
    assert not two_stage_available()
    matrix = prescribed(np.arange(20.0))
    expected = scipy.linalg.eigvalsh(matrix)
    assert np.allclose(symmetric_eigenvalues(matrix, two_stage=True), expected, rtol=0, atol=1e-13)


def test_an_unusable_library_is_passed_over(monkeypatch, tmp_path):
    from tutelage.spectra import lapack

    folder = tmp_path / "scipy.libs"
    folder.mkdir()
    (folder / "libscipy_openblas-broken.so").write_text("not a library")
    (tmp_path / "scipy").mkdir()
    monkeypatch.setattr(lapack.scipy, "__file__", str(tmp_path / "scipy" / "__init__.py"))
    assert lapack._two_stage_routine.__wrapped__() is None


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_order_does_not_matter(order):
    values = np.linspace(-1, 1, 50)
    matrix = np.asarray(prescribed(values), order=order)
    for two_stage in (False, True):
        assert np.allclose(symmetric_eigenvalues(matrix.copy(order), two_stage=two_stage), values, atol=1e-13)
