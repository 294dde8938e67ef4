"""Activations: nonlinearities with closed or quadrature dual kernels, and their written forms.

Every class imported here that has a ``name`` of its own is built in: one file in this folder and one line below.
"""

from __future__ import annotations

from tutelage.activations.base import ACTIVATIONS as ACTIVATIONS
from tutelage.activations.base import Activation as Activation
from tutelage.activations.closed_form import Elementary as Elementary
from tutelage.activations.erf import Erf as Erf
from tutelage.activations.erf import NormalCdf as NormalCdf
from tutelage.activations.exponential import Exp as Exp
from tutelage.activations.exponential import GaussianBump as GaussianBump
from tutelage.activations.facts import EVEN as EVEN
from tutelage.activations.facts import ODD as ODD
from tutelage.activations.facts import Reflection as Reflection
from tutelage.activations.gelu import Gelu as Gelu
from tutelage.activations.numerical import Numerical as Numerical
from tutelage.activations.periodic import Cos as Cos
from tutelage.activations.periodic import Sin as Sin
from tutelage.activations.polynomial import Linear as Linear
from tutelage.activations.polynomial import Polynomial as Polynomial
from tutelage.activations.polynomial import Quadratic as Quadratic
from tutelage.activations.rectified import Abs as Abs
from tutelage.activations.rectified import LeakyRelu as LeakyRelu
from tutelage.activations.rectified import Relu as Relu
from tutelage.activations.registry import as_activation as as_activation
from tutelage.activations.registry import parse_activation as parse_activation
from tutelage.activations.registry import register_activation as register_activation
from tutelage.activations.sigmoidal import Sigmoid as Sigmoid
from tutelage.activations.sigmoidal import Silu as Silu
from tutelage.activations.sigmoidal import Softplus as Softplus
from tutelage.activations.sigmoidal import Tanh as Tanh

for _class in list(vars().values()):
    if isinstance(_class, type) and issubclass(_class, Activation) and "name" in vars(_class):
        register_activation(_class)
