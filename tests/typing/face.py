"""What a type checker knows of the public face: ``make test`` checks this file, nobody runs it."""

from typing import assert_type

import numpy as np

import tutelage

teacher = tutelage.sample_teacher("erf", d=3, k=2, seed=0)
assert_type(teacher, tutelage.Network)
assert_type(tutelage.__version__, str)
assert_type(tutelage.Erf(), tutelage.Erf)
assert_type(tutelage.parse_activation("erf"), tutelage.Activation)

assert_type(tutelage.spectrum(teacher), tutelage.Spectrum)
assert_type(tutelage.eigensystem(teacher), tutelage.Eigensystem)
assert_type(tutelage.explain_method(teacher), tutelage.Explanation)
at_optimum: tutelage.LossHessian = tutelage.hessian_at_optimum(teacher)

assert_type(tutelage.hessian_rank(teacher), tutelage.RankResult)
assert_type(tutelage.flat_directions(teacher), tutelage.FlatDirections)

measure = tutelage.spectral_measure(teacher, start=tutelage.NoisyTeacher(1e-3))
assert_type(tutelage.predict_loss(measure, tutelage.log_times(1.0, 1e4)), tutelage.Curve)
assert_type(tutelage.simulate(teacher, start=tutelage.NoisyTeacher(1e-3), times=[0.0, 1.0]), tutelage.Curve)
rule: tutelage.Rule = tutelage.GradientDescent(0.1)

problem = tutelage.Problem(teacher)
assert_type(problem, tutelage.Problem)
anywhere: tutelage.LossHessian = problem.hessian(teacher)
assert_type(tutelage.empirical.Problem(np.zeros((5, 3)), np.zeros(5)), tutelage.empirical.Problem)

assert_type(tutelage.laws.MarchenkoPastur(0.5), tutelage.laws.MarchenkoPastur)
error: type[ValueError] = tutelage.InputError
