"""The rank of a network's tangent space by explicit polynomial expansion over the rationals (FLINT mpoly)."""

from fractions import Fraction

import flint
import numpy as np
import pytest


def _rational(value):
    value = Fraction(value)
    return flint.fmpq(value.numerator, value.denominator)


@pytest.fixture(scope="session")
def tangent_rank():
    """The oracle as a fixture: test files cannot import each other."""
    return _tangent_rank


def _tangent_rank(weights, biases, coefficients):
    """Rank of d f / d theta as polynomials in x.

    Every parameter in turn gets a formal increment e; the coefficient of e^1 of the outputs is a row of
    monomial coefficients. ``weights`` (n_out, n_in) per layer, ``biases`` vectors or None, ``coefficients``
    per hidden layer.
    """
    d = weights[0].shape[1]
    context = flint.fmpq_mpoly_ctx.get([*(f"x{i}" for i in range(d)), "e"], "lex")
    *inputs, step = (context.gen(i) for i in range(d + 1))
    rows = []
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        for index in np.ndindex(*weight.shape):
            rows.append(_row(context, inputs, step, weights, biases, coefficients, (layer, "W", index)))
        if bias is not None:
            for index in range(len(bias)):
                rows.append(_row(context, inputs, step, weights, biases, coefficients, (layer, "b", index)))
    columns = {key: n for n, key in enumerate(sorted({key for row in rows for key in row}))}
    matrix = flint.fmpq_mat(len(rows), max(len(columns), 1))
    for i, row in enumerate(rows):
        for key, value in row.items():
            matrix[i, columns[key]] = value
    return matrix.rank()


def _row(context, inputs, step, weights, biases, coefficients, where):
    values = inputs
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        pre = []
        for i in range(weight.shape[0]):
            total = context.constant(0) if bias is None else context.constant(_rational(bias[i]))
            if where == (layer, "b", i):
                total += step
            for j, value in enumerate(values):
                total += value * _rational(weight[i, j])
                if where == (layer, "W", (i, j)):
                    total += value * step
            pre.append(total)
        if layer == len(weights) - 1:
            values = pre
            break
        values = []
        for u in pre:
            value = context.constant(0)
            for c in reversed(coefficients[layer]):
                value = value * u + _rational(c)
                value = _linear_in_step(context, value)
            values.append(value)
    return {
        (output, *key[:-1]): coefficient
        for output, value in enumerate(values)
        for key, coefficient in value.to_dict().items()
        if key[-1] == 1
    }


def _linear_in_step(context, value):
    return context.from_dict({key: c for key, c in value.to_dict().items() if key[-1] <= 1})
