"""The explorer: a local page of sliders over spectra, ranks, learning curves and recovery (extra ``explore``)."""

from tutelage.explore.state import State as State
