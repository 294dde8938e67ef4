"""The studies of noisy SGD at reduced size: claims pass, and wrong data make each of them fail."""

import numpy as np
import reduced
from falsify import check_study, mapped, scaled

from tutelage.studies.counting import Counting


def test_the_bridge():
    study = reduced.BRIDGE
    changes = {f"bridge.rates.{name}": scaled(1.0 + 1e-6, f"overlaps_{name}") for name in study.activations}
    changes |= {
        "bridge.decay": mapped("decay_loss", np.sqrt),  # the factor 2 of the exponent lost
        "bridge.loss": scaled(2.0, "ode_loss"),
        "bridge.overlaps": scaled(2.0, "ode_overlap"),
    }
    check_study(study, study.compute(), changes)


def test_counting_parameters():
    study = Counting(samples=1000, fits=60)
    changes = {f"counting.{name}": scaled(0.5, f"reading_{name}") for name, *_ in study.cases}
    # A reading of P instead of the rank.
    changes["counting.flat"] = scaled(30 / 14, "reading_wide")
    check_study(study, study.compute(), changes)
