"""Your own model, side by side: tutelage (JAX, torch), curvlinops, hessian-eigenthings, PyHessian and matfree on one MLP.

An MLP 20-30-1 with biases on 2000 samples, half squares, float64 in every library: the top eigenvalue, the density from
10 × 100 products, and the trace, at equal products (60) and at equal error. First calls, which compile, are printed apart;
times are medians of warm calls, all libraries in turns, as seconds of wall and of the processor. The truth is the dense
matrix. The error of a trace is the root of its mean square over seeds; at equal error a library that is farther off than
tutelage's 60 products takes the next rung of a ladder until it is not. Error bars are honest where 95 % of the
errors are within three of them. matfree is called twice: with a product as its user writes it, and with ours. Libraries
that are not installed are named and passed over: pip install curvlinops-for-pytorch hessian-eigenthings pyhessian matfree.
Names as arguments run these and tutelage (JAX) alone.
"""

import importlib.util
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse.linalg
import torch
from jax.flatten_util import ravel_pytree

from tutelage import ModelProblem, estimate_trace, spectral_density, spectrum

D, K, N, PRODUCTS, PROBES, STEPS = 20, 30, 2000, 60, 10, 100
CALLS, SEEDS = 7, 60
LADDER = (66, 72, 84, 96, 108, 120, 132, 144, 168, 192, 240, 300, 360, 420, 480)
SLACK = 1.1
"""The root mean square of 60 errors is itself known to 9 %."""

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


# Each contestant answers "top" and "density" without arguments, "trace" from products and a seed; a number comes with its
# error bar or None, a density as points and weights.


def of_tutelage(problem):
    hessian = problem.hessian()

    def density():
        # Its distribution function, as steps finer than the distances of nodes.
        found = spectral_density(hessian, PROBES, STEPS)
        fine = np.linspace(found.points[0], found.points[-1], 200_001)
        return fine, np.diff(found.cdf(fine), prepend=0.0)

    return {
        "top": lambda: (spectrum(hessian, "lanczos", count=1).values[-1], None),
        "trace": lambda products, seed: (found := estimate_trace(hessian, products, seed), found.error),
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

    def trace(products, seed):
        torch.manual_seed(seed)
        return float(peer.xtrace(operator, products)) / 2, None

    def top():
        found = scipy.sparse.linalg.eigsh(scipy_operator, k=1, which="LA", return_eigenvectors=False)
        return found[0] / 2, None

    return {"top": top, "trace": trace}


def hessian_eigenthings():
    import hessian_eigenthings as peer  # pyright: ignore[reportMissingImports]

    data = [(torch.as_tensor(X), torch.as_tensor(Y))]
    operator = peer.HessianOperator(MODULE, data, peer.supervised_loss(criterion))

    def top():
        return float(peer.lanczos(operator, k=1, max_iter=60, which="LA", seed=0).eigenvalues[0]), None

    def trace(products, seed):
        found = peer.trace(operator, num_matvecs=products, seed=seed)
        return found.estimate, found.stderr

    def density():
        found = peer.spectral_density(operator, num_runs=PROBES, lanczos_steps=STEPS, seed=0)
        weights = found.density * (found.grid[1] - found.grid[0])
        return found.grid.numpy(), weights.numpy()

    return {"top": top, "trace": trace, "density": density}


def pyhessian():
    import pyhessian as peer  # pyright: ignore[reportMissingImports]

    operator = peer.hessian(MODULE, criterion, data=(torch.as_tensor(X), torch.as_tensor(Y)), cuda=False)

    def trace(products, seed):
        torch.manual_seed(seed)
        return np.mean(operator.trace(maxIter=products, tol=0.0)), None

    def density():
        points, weights = operator.density(iter=STEPS, n_v=PROBES)
        return np.real(np.concatenate(points)), np.real(np.concatenate(weights))

    return {
        "top": lambda: (operator.eigenvalues(maxIter=200, tol=1e-10)[0][0], None),
        "trace": trace,
        "density": density,
    }


def of_matfree(product, size):
    from matfree import stochtrace

    estimate = jax.jit(lambda vectors: stochtrace.leave_one_out_xtrace()(product, vectors))

    def trace(products, seed):
        vectors = np.random.default_rng(seed).standard_normal((products // 2, size))
        with jax.enable_x64(True):
            return float(np.mean(estimate(jnp.asarray(vectors)))), None

    return {"trace": trace}


def matfree():
    with jax.enable_x64(True):
        theta, restore = ravel_pytree(PARAMS)
        inputs, targets = jnp.asarray(X), jnp.asarray(Y)

    def loss(theta):
        return 0.5 * jnp.mean(jnp.sum((apply(restore(theta), inputs) - targets) ** 2, axis=1))

    return of_matfree(lambda v: jax.jvp(jax.grad(loss), (theta,), (v,))[1], theta.size)


def matfree_with_ours():
    problem = ModelProblem(apply, PARAMS, X, Y)
    return of_matfree(problem.hessian().on_device.product, problem.n_params)


OURS = "tutelage (JAX)"
CONTESTANTS = {
    OURS: (tutelage_jax, None),
    "tutelage (torch)": (tutelage_torch, None),
    "curvlinops": (curvlinops, "curvlinops"),
    "hessian-eigenthings": (hessian_eigenthings, "hessian_eigenthings"),
    "PyHessian": (pyhessian, "pyhessian"),
    "matfree": (matfree, "matfree"),
    "matfree, our H v": (matfree_with_ours, "matfree"),
}


def made(names):
    """The contestants that are installed, each with its answers."""
    found = {}
    for name in names:
        make, module = CONTESTANTS[name]
        if module is not None and importlib.util.find_spec(module) is None:
            print(f"{name}: not installed, passed over")
        else:
            found[name] = make()
    return found


def in_turns(calls, rounds):
    """Of each call by name: the seconds of its first run, medians of its warm ones on the wall and the processor, results.

    ``rounds`` are the arguments of each round; what fails is named and left out.
    """
    first = {}
    for name, call in list(calls.items()):
        begin = time.perf_counter()
        try:
            call(*rounds[0])
        except RuntimeError as error:  # PyHessian's density asks for torch.eig, which torch has no more
            print(f"{name:20} failed: {str(error).splitlines()[0]}")
            continue
        first[name] = time.perf_counter() - begin
    spent, results = {name: [] for name in first}, {name: [] for name in first}
    for arguments in rounds:
        for name in first:
            begin = time.perf_counter(), time.process_time()
            results[name].append(calls[name](*arguments))
            spent[name].append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return {name: (first[name], *np.median(spent[name], axis=0), results[name]) for name in first}


def told(name, what, found, says):
    first, wall, processor, _ = found
    print(
        f"{name:20} {what:12} {wall:7.3f} s, processor {processor:7.3f} s (first call {first:6.2f} s)  {says}"
    )


def distance(points, weights, values):
    """The largest distance between two distribution functions, at the true values and beside them."""
    order = np.argsort(points)
    cdf = np.concatenate([[0.0], np.cumsum(weights[order]) / np.sum(weights)])
    n = values.size
    above = cdf[np.searchsorted(points[order], values, side="right")]
    below = cdf[np.searchsorted(points[order], values, side="left")]
    steps = np.arange(n + 1) / n
    return max(np.abs(above - steps[1:]).max(), np.abs(below - steps[:-1]).max())


def of_number(results, truth):
    """The root mean square of the relative error, and whether error bars hold it."""
    errors = np.array([number - truth for number, _ in results])
    rms = float(np.sqrt(np.mean(errors**2)) / abs(truth))
    if results[0][1] is None:
        return rms, "no error bar"
    bars = np.array([bar for _, bar in results])
    held = np.mean(np.abs(errors) <= 3 * bars)
    return (
        rms,
        f"bar {np.mean(bars) / abs(truth):.2g}, {'honest' if held >= 0.95 else 'NOT HONEST'}: {held:.0%} within 3",
    )


def of_density(result, values):
    points, weights = result
    below = np.sum(weights[points < values[0] - 1e-8]) / np.sum(weights)
    return f"KS {distance(points, weights, values):.3f}, {100 * below:.2g} % below the smallest"


def errors(call, products, truth):
    return of_number([call(products, seed) for seed in range(SEEDS)], truth)


def at_equal_error(calls, truth, known, target):
    """The first rung of the ladder whose error is at most the target, and what was found there, of each library."""
    reached = {}
    for name, call in calls.items():
        rungs = iter(LADDER)
        products, found = PRODUCTS, known[name]
        while found[0] > target and (products := next(rungs, None)) is not None:
            found = errors(call, products, truth)
        if products is None:
            print(f"{name:20} does not reach {target:.2%} with {LADDER[-1]} products")
        else:
            reached[name] = products, *found
    return reached


def main():
    values = np.linalg.eigvalsh(ModelProblem(apply, PARAMS, X, Y).hessian().dense())
    print(f"P = {values.size}, {np.mean(values < 0):.0%} of the eigenvalues below zero")
    contestants = made(dict.fromkeys([OURS, *sys.argv[1:]]) if sys.argv[1:] else CONTESTANTS)
    for question in ("top", "density"):
        calls = {name: answers[question] for name, answers in contestants.items() if question in answers}
        for name, found in in_turns(calls, [()] * CALLS).items():
            results = found[-1]
            says = of_density(results[0], values) if question == "density" else ""
            if question == "top":
                error, bar = of_number(results, values[-1])
                says = f"relative error {error:.1e}, {bar}"
            told(name, question, found, says)
    calls, truth = {name: answers["trace"] for name, answers in contestants.items()}, values.sum()
    known = {name: errors(call, PRODUCTS, truth) for name, call in calls.items()}
    target = SLACK * known[OURS][0]
    equal = {name: (PRODUCTS, *found) for name, found in known.items()}
    for title, asked in (
        (f"equal products, errors over {SEEDS} seeds", equal),
        (f"equal error, at most {target:.2%}", at_equal_error(calls, truth, known, target)),
    ):
        print(f"trace, {title}")
        turns = {name: lambda seed, name=name, m=one[0]: calls[name](m, seed) for name, one in asked.items()}
        for name, found in in_turns(turns, [(seed,) for seed in range(3 * CALLS)]).items():
            products, error, bar = asked[name]
            told(name, f"{products} products", found, f"error {error:.2%}, {bar}")


if __name__ == "__main__":
    main()
