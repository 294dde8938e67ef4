"""Reduced sizes at which the tests judge a study and record its numbers."""

from tutelage.studies.along_training import RankAlongTraining
from tutelage.studies.biases import BiasesAdd
from tutelage.studies.bridge import Bridge
from tutelage.studies.compare import Compare
from tutelage.studies.critical_points import CriticalPointsStudy
from tutelage.studies.deep_linear import DeepLinearSpectrum
from tutelage.studies.deeper import DeeperNetworks
from tutelage.studies.effective_parameters import EffectiveParameters
from tutelage.studies.erf_spectrum import ErfSpectrum
from tutelage.studies.information import Information
from tutelage.studies.inputs import ColouredInputs
from tutelage.studies.large_step import LargeStepStudy
from tutelage.studies.learning_curves import LearningCurves
from tutelage.studies.near_optimum import NearOptimum
from tutelage.studies.orthonormal_relu import OrthonormalRelu
from tutelage.studies.outliers import Outliers
from tutelage.studies.random_start import RandomStartStudy
from tutelage.studies.recovery_curves import RecoveryCurves
from tutelage.studies.recovery_map import RecoveryMap
from tutelage.studies.recovery_rates import RecoveryRates
from tutelage.studies.sampled_hessian import SampledHessian
from tutelage.studies.sampled_law import SampledLaw
from tutelage.studies.setup import Setup
from tutelage.studies.student_width import StudentWidth
from tutelage.studies.tangent_kernel import TangentKernelSpectrum
from tutelage.studies.two_papers import TwoPapers
from tutelage.studies.wider_students import WiderStudents

SETUP = Setup(d=2, k=3, activations=("quadratic:alpha=1.0",))
NEAR_OPTIMUM = NearOptimum(d=4, k=3, batch=128, ends=(40, 600, 4000), points=60)
LEARNING_CURVES = LearningCurves(sizes=((6, 8), (9, 4)), teachers=3, large=24)
ERF_SPECTRUM = ErfSpectrum(
    sizes=(12, 16), shapes=((12, 12), (16, 8), (8, 16)), teachers=4, large_sizes=(12, 24, 48), limit_sizes=(50, 100)
)  # fmt: skip
# (5, 7), the exceptional size, is inside.
EFFECTIVE_PARAMETERS = EffectiveParameters(d_max=5, k_max=8)
INFORMATION = Information(activation="linear", d=3, k=2, kernel_inputs=(2, 12), scores=20_000)
SAMPLED = SampledHessian(d=4, k=3, samples=(6, 12, 18, 200, 800, 3200), repeats=24)
COMPARE = Compare(d=3, k=3, activations=("linear", "quadratic:alpha=0.5", "erf"))
BRIDGE = Bridge(shape=(20, 3), inputs=80, last=2.0, runs=8)
CURVES = RecoveryCurves(
    panels=((4, 1), (6, 2)), instances=20, points=3, grid_instances=24, loose_instances=20,
    descent_loss=1e-4, descent_instances=12,
)  # fmt: skip
MAP = RecoveryMap(d=4, instances=16, points=4, dimensions=(6, 8, 16), shift_instances=(20, 24, 30))
RATES = RecoveryRates(algebraic=((4, 1, 8), (6, 2, 4)), exponential=((3, 4),), last_time=1e5)
PAPERS = TwoPapers(sizes=((5, 2), (14, 2)), instances=(10, 40))
OUTLIERS = Outliers(activations=("cos", "quadratic:alpha=0.5"), sizes=(20, 80), teachers=5, traces=20)
DEEPER = DeeperNetworks(largest=3, trace_teachers=30)
DEEP_LINEAR = DeepLinearSpectrum(
    cases=((40, 40, 40), (40, 20, 30)), widths=(30, 120), repeats=3, teachers=300
)
SAMPLED_LAW = SampledLaw(sizes=(5, 12), repeats=3)
TANGENT_KERNEL = TangentKernelSpectrum(cases=((40, 60, 30),), sizes=(20, 100), repeats=3)
CRITICAL_POINTS = CriticalPointsStudy(eigenvalues=(2.0, 1.0, -0.6, -1.5), k=2, students=40)
STUDENT_WIDTH = StudentWidth(instances=24, dimension=120, draws=12)
ORTHONORMAL_RELU = OrthonormalRelu(starts=16)
LARGE_STEP = LargeStepStudy(shapes=((240, 160, 480),), rates=(0.25, 4.0, 8.0), runs=6)
RANDOM_START = RandomStartStudy(runs=8)
BIASES = BiasesAdd(d_max=4, k_max=6, teachers=1)
WIDER = WiderStudents(activations=("erf", "quadratic:alpha=0.5"), d=4, k=2)
INPUTS = ColouredInputs(
    sizes=(20, 60), repeats=4, moments=300, shape=(8, 12), exponents=(0.0, 1.0, 2.0), runs=8
)
ALONG = RankAlongTraining(d=3, k=2, runs=2, last=200.0, points=10)
