"""Learning dynamics near the optimum: a measure against a filter is a curve, and a simulation is the same
kind of curve."""

from tutelage.dynamics.beside import predict_run
from tutelage.dynamics.bulk import bulk_loss, bulk_strength
from tutelage.dynamics.curve import Curve, log_steps, log_times, overlay
from tutelage.dynamics.diagnose import Diagnosis, diagnose
from tutelage.dynamics.diagnose_model import ModelDiagnosis
from tutelage.dynamics.label_noise import data_excess, flat_drift, predict_drift
from tutelage.dynamics.lanczos_curve import lanczos_loss
from tutelage.dynamics.linear import linear_loss
from tutelage.dynamics.matching import Match, match_neurons
from tutelage.dynamics.optimum_kind import OptimumKind, optimum_kind
from tutelage.dynamics.order_parameters import OnlineEquations, overlap_rates, predict_overlaps
from tutelage.dynamics.predict import loss_cumulants, predict_loss, predict_parameters
from tutelage.dynamics.rules import (
    CustomFilter,
    GradientDescent,
    GradientFlow,
    HeavyBall,
    Nesterov,
    Rule,
    StabilityWarning,
    parse_rule,
)
from tutelage.dynamics.sgd import NoiseFloor, StableRate, noise_floor, predict_sgd, sgd_stability
from tutelage.dynamics.simulate import simulate
from tutelage.dynamics.start_measure import StartMeasure, spectral_measure
from tutelage.dynamics.starts import NoisyTeacher, RandomStart
from tutelage.dynamics.timescales import Timescales, active_directions, asymptote, time_to_loss, timescales
from tutelage.dynamics.track import track

__all__ = [
    "Curve",
    "CustomFilter",
    "Diagnosis",
    "GradientDescent",
    "GradientFlow",
    "HeavyBall",
    "Match",
    "ModelDiagnosis",
    "Nesterov",
    "NoiseFloor",
    "NoisyTeacher",
    "OnlineEquations",
    "OptimumKind",
    "RandomStart",
    "Rule",
    "StabilityWarning",
    "StableRate",
    "StartMeasure",
    "Timescales",
    "active_directions",
    "asymptote",
    "bulk_loss",
    "bulk_strength",
    "data_excess",
    "diagnose",
    "flat_drift",
    "lanczos_loss",
    "linear_loss",
    "log_steps",
    "log_times",
    "loss_cumulants",
    "match_neurons",
    "noise_floor",
    "optimum_kind",
    "overlap_rates",
    "overlay",
    "parse_rule",
    "predict_drift",
    "predict_loss",
    "predict_overlaps",
    "predict_parameters",
    "predict_run",
    "predict_sgd",
    "sgd_stability",
    "simulate",
    "spectral_measure",
    "time_to_loss",
    "timescales",
    "track",
]
