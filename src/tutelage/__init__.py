"""tutelage: exact Hessian spectra, ranks and learning curves of student networks near their teacher.

Names are imported on first use, so that ``import tutelage`` and ``tutelage --help`` stay quick (JAX costs 0.7 s).
A public name is written twice: in the table, for Python, and among the imports, for editors and type checkers.
A test holds the two together.
"""

import importlib  # nothing else: `python -m tutelage` has the current folder on its path until __main__ takes it off

TYPE_CHECKING = False  # what checkers take for true, without an import

if TYPE_CHECKING:
    from tutelage import activations as activations
    from tutelage import architecture as architecture
    from tutelage import base as base
    from tutelage import cli as cli
    from tutelage import deep_network as deep_network
    from tutelage import dynamics as dynamics
    from tutelage import empirical as empirical
    from tutelage import explore as explore
    from tutelage import input_families as input_families
    from tutelage import inputs as inputs
    from tutelage import landscape as landscape
    from tutelage import laws as laws
    from tutelage import layout as layout
    from tutelage import measure as measure
    from tutelage import model as model
    from tutelage import moments as moments
    from tutelage import network as network
    from tutelage import network_file as network_file
    from tutelage import network_torch as network_torch
    from tutelage import operators as operators
    from tutelage import plotting as plotting
    from tutelage import population as population
    from tutelage import problem as problem
    from tutelage import quadratic as quadratic
    from tutelage import rank as rank
    from tutelage import report as report
    from tutelage import source as source
    from tutelage import spectra as spectra
    from tutelage import store as store
    from tutelage import studies as studies
    from tutelage import sweep as sweep
    from tutelage import teachers as teachers
    from tutelage import weights as weights
    from tutelage.activations import Abs as Abs
    from tutelage.activations import Activation as Activation
    from tutelage.activations import Cos as Cos
    from tutelage.activations import Elementary as Elementary
    from tutelage.activations import Erf as Erf
    from tutelage.activations import Exp as Exp
    from tutelage.activations import GaussianBump as GaussianBump
    from tutelage.activations import Gelu as Gelu
    from tutelage.activations import LeakyRelu as LeakyRelu
    from tutelage.activations import Linear as Linear
    from tutelage.activations import NormalCdf as NormalCdf
    from tutelage.activations import Numerical as Numerical
    from tutelage.activations import Polynomial as Polynomial
    from tutelage.activations import Quadratic as Quadratic
    from tutelage.activations import Relu as Relu
    from tutelage.activations import Sigmoid as Sigmoid
    from tutelage.activations import Silu as Silu
    from tutelage.activations import Sin as Sin
    from tutelage.activations import Softplus as Softplus
    from tutelage.activations import Tanh as Tanh
    from tutelage.activations import parse_activation as parse_activation
    from tutelage.activations import register_activation as register_activation
    from tutelage.architecture import Architecture as Architecture
    from tutelage.base.average import Average as Average
    from tutelage.base.average import average as average
    from tutelage.base.errors import AllocationError as AllocationError
    from tutelage.base.errors import InputError as InputError
    from tutelage.base.errors import MissingExtraError as MissingExtraError
    from tutelage.base.errors import NoHessianError as NoHessianError
    from tutelage.base.errors import NotAvailableError as NotAvailableError
    from tutelage.base.errors import StoreError as StoreError
    from tutelage.base.estimate import Estimate as Estimate
    from tutelage.deep_network import DeepNetwork as DeepNetwork
    from tutelage.dynamics import Curve as Curve
    from tutelage.dynamics import CustomFilter as CustomFilter
    from tutelage.dynamics import Diagnosis as Diagnosis
    from tutelage.dynamics import GradientDescent as GradientDescent
    from tutelage.dynamics import GradientFlow as GradientFlow
    from tutelage.dynamics import HeavyBall as HeavyBall
    from tutelage.dynamics import ModelDiagnosis as ModelDiagnosis
    from tutelage.dynamics import Nesterov as Nesterov
    from tutelage.dynamics import NoiseFloor as NoiseFloor
    from tutelage.dynamics import NoisyTeacher as NoisyTeacher
    from tutelage.dynamics import OnlineEquations as OnlineEquations
    from tutelage.dynamics import RandomStart as RandomStart
    from tutelage.dynamics import Rule as Rule
    from tutelage.dynamics import StabilityWarning as StabilityWarning
    from tutelage.dynamics import StableRate as StableRate
    from tutelage.dynamics import Timescales as Timescales
    from tutelage.dynamics import active_directions as active_directions
    from tutelage.dynamics import asymptote as asymptote
    from tutelage.dynamics import data_excess as data_excess
    from tutelage.dynamics import diagnose as diagnose
    from tutelage.dynamics import flat_drift as flat_drift
    from tutelage.dynamics import lanczos_loss as lanczos_loss
    from tutelage.dynamics import log_steps as log_steps
    from tutelage.dynamics import log_times as log_times
    from tutelage.dynamics import loss_cumulants as loss_cumulants
    from tutelage.dynamics import match_neurons as match_neurons
    from tutelage.dynamics import noise_floor as noise_floor
    from tutelage.dynamics import overlap_rates as overlap_rates
    from tutelage.dynamics import overlay as overlay
    from tutelage.dynamics import parse_rule as parse_rule
    from tutelage.dynamics import predict_drift as predict_drift
    from tutelage.dynamics import predict_loss as predict_loss
    from tutelage.dynamics import predict_overlaps as predict_overlaps
    from tutelage.dynamics import predict_parameters as predict_parameters
    from tutelage.dynamics import predict_run as predict_run
    from tutelage.dynamics import predict_sgd as predict_sgd
    from tutelage.dynamics import sgd_stability as sgd_stability
    from tutelage.dynamics import simulate as simulate
    from tutelage.dynamics import spectral_measure as spectral_measure
    from tutelage.dynamics import time_to_loss as time_to_loss
    from tutelage.dynamics import timescales as timescales
    from tutelage.empirical import fisher as fisher
    from tutelage.empirical import ntk as ntk
    from tutelage.input_families import estimated as estimated
    from tutelage.input_families import power_law as power_law
    from tutelage.input_families import spiked as spiked
    from tutelage.inputs import GaussianInputs as GaussianInputs
    from tutelage.layout import Layout as Layout
    from tutelage.measure import Integral as Integral
    from tutelage.measure import Measure as Measure
    from tutelage.model import ModelProblem as ModelProblem
    from tutelage.network import Network as Network
    from tutelage.network_file import load_network as load_network
    from tutelage.network_file import save_network as save_network
    from tutelage.operators import LossHessian as LossHessian
    from tutelage.operators import MatrixOperator as MatrixOperator
    from tutelage.operators import SymmetricOperator as SymmetricOperator
    from tutelage.population import LossValue as LossValue
    from tutelage.population import Problem as Problem
    from tutelage.population import hessian_at_optimum as hessian_at_optimum
    from tutelage.population.deep import deep_hessian as deep_hessian
    from tutelage.problem import AbstractProblem as AbstractProblem
    from tutelage.problem import Minimum as Minimum
    from tutelage.rank import FlatDirections as FlatDirections
    from tutelage.rank import RankResult as RankResult
    from tutelage.rank import compress as compress
    from tutelage.rank import continuous_symmetries as continuous_symmetries
    from tutelage.rank import effective_parameters as effective_parameters
    from tutelage.rank import equivalent as equivalent
    from tutelage.rank import flat_directions as flat_directions
    from tutelage.rank import hessian_rank as hessian_rank
    from tutelage.rank import log_determinant as log_determinant
    from tutelage.rank import participation_ratio as participation_ratio
    from tutelage.rank import rank_at_time as rank_at_time
    from tutelage.rank import rank_with_samples as rank_with_samples
    from tutelage.rank import ridge_count as ridge_count
    from tutelage.rank import verify as verify
    from tutelage.source import hessian_of as hessian_of
    from tutelage.spectra import Eigensystem as Eigensystem
    from tutelage.spectra import Explanation as Explanation
    from tutelage.spectra import NumericalRank as NumericalRank
    from tutelage.spectra import Spectrum as Spectrum
    from tutelage.spectra import eigensystem as eigensystem
    from tutelage.spectra import estimate_frobenius_norm as estimate_frobenius_norm
    from tutelage.spectra import estimate_trace as estimate_trace
    from tutelage.spectra import explain_method as explain_method
    from tutelage.spectra import spectral_density as spectral_density
    from tutelage.spectra import spectrum as spectrum
    from tutelage.spectra import spectrum_many as spectrum_many
    from tutelage.store import Store as Store
    from tutelage.store import load_dataset as load_dataset
    from tutelage.store import provenance as provenance
    from tutelage.store import save_dataset as save_dataset
    from tutelage.teachers import sample_teacher as sample_teacher
    from tutelage.teachers import sample_teachers as sample_teachers
    from tutelage.weights import FromScipy as FromScipy
    from tutelage.weights import WeightLaw as WeightLaw

__version__ = "0.1.0"

_PUBLIC = {
    "tutelage.activations": """
        Abs Activation Cos Elementary Erf Exp GaussianBump Gelu LeakyRelu Linear NormalCdf Numerical
        Polynomial Quadratic Relu Sigmoid Silu Sin Softplus Tanh parse_activation register_activation
    """,
    "tutelage.architecture": "Architecture",
    "tutelage.base.average": "Average average",
    "tutelage.base.errors": """
        AllocationError InputError MissingExtraError NoHessianError NotAvailableError StoreError
    """,
    "tutelage.base.estimate": "Estimate",
    "tutelage.deep_network": "DeepNetwork",
    "tutelage.dynamics": """
        Curve CustomFilter Diagnosis GradientDescent GradientFlow HeavyBall ModelDiagnosis Nesterov
        NoiseFloor NoisyTeacher OnlineEquations RandomStart Rule StabilityWarning StableRate
        Timescales active_directions asymptote data_excess diagnose flat_drift lanczos_loss log_steps
        log_times loss_cumulants match_neurons noise_floor overlap_rates overlay parse_rule
        predict_drift predict_loss predict_overlaps predict_parameters predict_run predict_sgd
        sgd_stability simulate spectral_measure time_to_loss timescales
    """,
    "tutelage.empirical": "fisher ntk",
    "tutelage.input_families": "estimated power_law spiked",
    "tutelage.inputs": "GaussianInputs",
    "tutelage.layout": "Layout",
    "tutelage.measure": "Integral Measure",
    "tutelage.model": "ModelProblem",
    "tutelage.network": "Network",
    "tutelage.network_file": "load_network save_network",
    "tutelage.operators": "LossHessian MatrixOperator SymmetricOperator",
    "tutelage.population": "LossValue Problem hessian_at_optimum",
    "tutelage.population.deep": "deep_hessian",
    "tutelage.problem": "AbstractProblem Minimum",
    "tutelage.rank": """
        FlatDirections RankResult compress continuous_symmetries effective_parameters equivalent
        flat_directions hessian_rank log_determinant participation_ratio rank_at_time
        rank_with_samples ridge_count verify
    """,
    "tutelage.source": "hessian_of",
    "tutelage.spectra": """
        Eigensystem Explanation NumericalRank Spectrum eigensystem estimate_frobenius_norm
        estimate_trace explain_method spectral_density spectrum spectrum_many
    """,
    "tutelage.store": "Store load_dataset provenance save_dataset",
    "tutelage.teachers": "sample_teacher sample_teachers",
    "tutelage.weights": "FromScipy WeightLaw",
}
"""Module -> the names it gives to ``tutelage``."""

_ROOMS = """
    activations architecture base cli deep_network dynamics empirical explore
    input_families inputs landscape laws layout measure model moments network
    network_file network_torch operators plotting population problem quadratic rank
    report source spectra store studies sweep teachers weights
"""
"""Packages and modules reached as ``tutelage.laws`` after ``import tutelage`` alone."""

if not TYPE_CHECKING:  # a checker that saw __getattr__ would accept every name
    _MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names.split()}

    __all__ = [*sorted(_MODULE_OF), *_ROOMS.split(), "__version__"]

    def __getattr__(name):
        if name in _MODULE_OF:
            return getattr(importlib.import_module(_MODULE_OF[name]), name)
        if name in _ROOMS.split():
            return importlib.import_module(f"tutelage.{name}")
        raise AttributeError(f"module 'tutelage' has no attribute {name!r}")

    def __dir__():
        return sorted(__all__)
