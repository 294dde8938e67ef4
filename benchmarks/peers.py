"""Your own model, side by side: tutelage (JAX, torch), curvlinops, hessian-eigenthings, PyHessian and matfree on one MLP.

An MLP 20-30-1 with biases on 2000 samples, half squares, float64 in every library: the top eigenvalue, the trace from 60
products, the density from 10 × 100. Each is called twice: the first call, which compiles, is printed apart from the second.
The truth is the dense matrix. An error bar is honest where the error is within three of it. Libraries that are not
installed are named and passed over: pip install curvlinops-for-pytorch hessian-eigenthings pyhessian matfree. Names as
arguments run these alone.
"""

import importlib.util
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse.linalg
import torch

from tutelage import ModelProblem, estimate_trace, spectral_density, spectrum

D, K, N, PRODUCTS, PROBES, STEPS = 20, 30, 2000, 60, 10, 100

torch.set_num_threads(1)  # for products this small, threads that wait for each other cost more
torch.manual_seed(0)
MODULE = torch.nn.Sequential(torch.nn.Linear(D, K), torch.nn.Tanh(), torch.nn.Linear(K, 1)).double()
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((N, D)), RNG.standard_normal((N, 1))
PARAMS = {name.replace(".", "_"): p.detach().numpy() for name, p in MODULE.named_parameters()}


def apply(p, X):
    return jnp.tanh(X @ p["0_weight"].T + p["0_bias"]) @ p["2_weight"].T + p["2_bias"]


def criterion(outputs, y):
    return 0.5 * ((outputs - y) ** 2).sum(dim=1).mean()


def of_tutelage(problem):
    hessian = problem.hessian()

    def density():
        # Its distribution function, as steps finer than the distances of nodes.
        found = spectral_density(hessian, PROBES, STEPS)
        fine = np.linspace(found.points[0], found.points[-1], 200_001)
        return fine, np.diff(found.cdf(fine), prepend=0.0)

    return {
        "top": lambda: (spectrum(hessian, "lanczos", count=1).values[-1], None),
        "trace": lambda: (found := estimate_trace(hessian, PRODUCTS), found.error),
        "density": density,
    }


def tutelage_jax():
    return of_tutelage(ModelProblem(apply, PARAMS, X, Y))


def tutelage_torch():
    return of_tutelage(ModelProblem.from_torch(MODULE, X, Y))


def curvlinops():
    import curvlinops as peer  # pyright: ignore[reportMissingImports]

    parameters = list(MODULE.parameters())
    data = [(torch.as_tensor(X), torch.as_tensor(Y))]
    # Its mean square error divides by outputs too and has no half: with one output, twice ours.
    operator = peer.HessianLinearOperator(MODULE, torch.nn.MSELoss(), parameters, data)
    scipy_operator = operator.to_scipy(dtype=np.float64)
    return {
        "top": lambda: (
            scipy.sparse.linalg.eigsh(scipy_operator, k=1, which="LA", return_eigenvectors=False)[0] / 2,
            None,
        ),
        "trace": lambda: (float(peer.xtrace(operator, PRODUCTS)) / 2, None),
    }


def hessian_eigenthings():
    import hessian_eigenthings as peer  # pyright: ignore[reportMissingImports]

    data = [(torch.as_tensor(X), torch.as_tensor(Y))]
    operator = peer.HessianOperator(MODULE, data, peer.supervised_loss(criterion))

    def trace():
        found = peer.trace(operator, num_matvecs=PRODUCTS, seed=0)
        return found.estimate, found.stderr

    def density():
        found = peer.spectral_density(operator, num_runs=PROBES, lanczos_steps=STEPS, seed=0)
        weights = found.density * (found.grid[1] - found.grid[0])
        return found.grid.numpy(), weights.numpy()

    return {
        "top": lambda: (
            float(peer.lanczos(operator, k=1, max_iter=60, which="LA", seed=0).eigenvalues[0]),
            None,
        ),
        "trace": trace,
        "density": density,
    }


def pyhessian():
    import pyhessian as peer  # pyright: ignore[reportMissingImports]

    operator = peer.hessian(MODULE, criterion, data=(torch.as_tensor(X), torch.as_tensor(Y)), cuda=False)

    def density():
        points, weights = operator.density(iter=STEPS, n_v=PROBES)
        return np.real(np.concatenate(points)), np.real(np.concatenate(weights))

    return {
        "top": lambda: (operator.eigenvalues(maxIter=200, tol=1e-10)[0][0], None),
        "trace": lambda: (np.mean(operator.trace(maxIter=PRODUCTS, tol=0.0)), None),
        "density": density,
    }


def matfree():
    from matfree import stochtrace

    problem = ModelProblem(apply, PARAMS, X, Y)
    product = problem.hessian().on_device.product
    estimate = jax.jit(lambda vectors: stochtrace.leave_one_out_xtrace()(product, vectors))

    def trace():
        vectors = np.random.default_rng(0).standard_normal((PRODUCTS // 2, problem.n_params))
        with jax.enable_x64(True):
            return float(np.mean(estimate(jnp.asarray(vectors)))), None

    return {"trace": trace}


CONTESTANTS = {
    "tutelage (JAX)": (tutelage_jax, None),
    "tutelage (torch)": (tutelage_torch, None),
    "curvlinops": (curvlinops, "curvlinops"),
    "hessian-eigenthings": (hessian_eigenthings, "hessian_eigenthings"),
    "PyHessian": (pyhessian, "pyhessian"),
    "matfree": (matfree, "matfree"),
}


def timed(call):
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def distance(points, weights, values):
    """The largest distance between two distribution functions, at the true values and beside them."""
    order = np.argsort(points)
    cdf = np.concatenate([[0.0], np.cumsum(weights[order]) / np.sum(weights)])
    n = values.size
    above = cdf[np.searchsorted(points[order], values, side="right")]
    below = cdf[np.searchsorted(points[order], values, side="left")]
    steps = np.arange(n + 1) / n
    return max(np.abs(above - steps[1:]).max(), np.abs(below - steps[:-1]).max())


def described(question, result, values):
    number, bar = result
    if question == "density":
        points, weights = result
        below = np.sum(weights[points < values[0] - 1e-8]) / np.sum(weights)
        return f"KS {distance(points, weights, values):.3f}, {100 * below:.2g} % below the smallest"
    truth = values[-1] if question == "top" else values.sum()
    text = f"relative error {abs(number - truth) / abs(truth):.1e}"
    if bar is None:
        return f"{text}, no error bar"
    return f"{text}, {'honest' if abs(number - truth) <= 3 * bar else 'DISHONEST'} error bar {bar / abs(truth):.1e}"


def main():
    values = np.linalg.eigvalsh(ModelProblem(apply, PARAMS, X, Y).hessian().dense())
    print(f"P = {values.size}, {np.mean(values < 0):.0%} of the eigenvalues below zero")
    for name in sys.argv[1:] or CONTESTANTS:
        make, module = CONTESTANTS[name]
        if module is not None and importlib.util.find_spec(module) is None:
            print(f"{name}: not installed, passed over")
            continue
        for question, call in make().items():
            try:
                (first, _), (again, result) = timed(call), timed(call)
            except RuntimeError as error:  # PyHessian's density asks for torch.eig, which torch has no more
                print(f"{name:20} {question:8} failed: {str(error).splitlines()[0]}")
                continue
            print(
                f"{name:20} {question:8} {again:7.3f} s (first {first:6.2f} s)  {described(question, result, values)}"
            )


if __name__ == "__main__":
    main()
