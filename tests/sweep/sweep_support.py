"""What the sweep tests share."""

import xarray as xr


def same_values(found: xr.Dataset, expected: xr.Dataset) -> None:
    """Equal bit for bit, but for the time it took."""
    found, expected = (d.compute().drop_vars("seconds") for d in (found, expected))
    assert list(found.point.values) == list(expected.point.values)
    xr.testing.assert_equal(found, expected)
