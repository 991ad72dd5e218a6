"""Logistic regression over dense or sparse rows, with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot.understand.grams import Rows

    Matrix = NDArray[np.float32]

STEPS = 60
_MEMORY = 8
_ENOUGH = 1e-3
_ARMIJO = 1e-4
_BLOCK = 4_096


@dataclass(frozen=True, slots=True)
class Product:
    """Rows times weights, and the other way round for gradients."""

    forward: Callable[[Matrix], Matrix]
    backward: Callable[[Matrix], Matrix]
    width: int


def dense(rows: Matrix) -> Product:
    """Return the products of dense rows."""
    return Product(lambda weights: rows @ weights, lambda error: rows.T @ error, rows.shape[1])


def sparse(rows: Rows) -> Product:
    """Return the products of sparse rows; every row and every column must have a value."""
    owner = np.repeat(np.arange(len(rows)), np.diff(rows.starts))
    order = np.argsort(rows.columns, kind="stable")
    by_column = rows.columns[order]
    present, first = np.unique(by_column, return_index=True)
    owner_by_column, values_by_column = owner[order], rows.values[order, None]
    values, starts, columns = rows.values[:, None], rows.starts[:-1], rows.columns
    of_rows, of_columns = _blocks(starts, len(columns)), _blocks(first, len(columns))

    def forward(weights: Matrix) -> Matrix:
        found = np.empty((len(rows), weights.shape[1]), dtype=np.float32)
        for some, part in of_rows:
            picked = weights[columns[part]]
            picked *= values[part]
            np.add.reduceat(picked, starts[some] - part.start, axis=0, out=found[some])
        return found

    def backward(error: Matrix) -> Matrix:
        gradient = np.zeros((rows.width, error.shape[1]), dtype=np.float32)
        for some, part in of_columns:
            picked = error[owner_by_column[part]]
            picked *= values_by_column[part]
            gradient[present[some]] = np.add.reduceat(picked, first[some] - part.start, axis=0)
        return gradient

    return Product(forward, backward, rows.width)


def _blocks(starts: NDArray[np.int64], length: int) -> list[tuple[slice, slice]]:
    """Cut segments into blocks that stay in the processor's cache: segments, and their values."""
    edges = np.append(starts, length)
    found, begin = [], 0
    while begin < len(starts):
        end = int(np.searchsorted(edges, edges[begin] + _BLOCK, side="right")) - 1
        end = max(end, begin + 1)
        found.append((slice(begin, end), slice(int(edges[begin]), int(edges[end]))))
        begin = end
    return found


def softmax(scores: Matrix) -> Matrix:
    """Return probabilities a row; large scores do not overflow."""
    scores = scores - scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def fit(
    product: Product,
    target: Matrix,
    *,
    strength: float,
    weights: NDArray[np.float32] | None = None,
    steps: int = STEPS,
) -> Matrix:
    """Learn weights (width, classes) whose softmax comes near to `target` (rows, classes).

    Args:
        product: The rows.
        target: Rows of probabilities.
        strength: How much evidence counts against caution (the C of others).
        weights: How much each row counts; all alike by default.
        steps: At most so many steps of L-BFGS.
    """
    each = np.ones(len(target), dtype=np.float32) if weights is None else weights
    caution = np.float32(1.0 / strength)

    def loss(at: Matrix) -> tuple[float, Matrix]:
        share = softmax(product.forward(at))
        told = float(-(each * np.log((share * target).sum(axis=1) + 1e-12)).sum())
        gradient = product.backward((share - target) * each[:, None])
        # The first row holds the constants, which caution does not pull at.
        pulled = at.copy()
        pulled[0] = 0
        return told + 0.5 * float(caution) * float((pulled * pulled).sum()), (
            gradient + caution * pulled
        )

    return _descend(loss, np.zeros((product.width, target.shape[1]), dtype=np.float32), steps)


def _descend(loss: Callable[[Matrix], tuple[float, Matrix]], at: Matrix, steps: int) -> Matrix:
    """L-BFGS with a backtracking line search."""
    pairs: list[tuple[Matrix, Matrix, float]] = []
    value, gradient = loss(at)
    goal = _ENOUGH * float(np.linalg.norm(gradient))
    for _ in range(steps):
        if float(np.linalg.norm(gradient)) <= goal:
            break
        direction = -_curved(gradient, pairs)
        slope = float((gradient * direction).sum())
        length = 1.0 if pairs else 1.0 / max(1.0, float(np.linalg.norm(gradient)))
        for _ in range(20):
            there = at + np.float32(length) * direction
            new_value, new_gradient = loss(there)
            if new_value <= value + _ARMIJO * length * slope:
                break
            length /= 2
        else:
            break
        step, turn = there - at, new_gradient - gradient
        bend = float((step * turn).sum())
        if bend > 0:
            pairs = [*pairs[-(_MEMORY - 1) :], (step, turn, 1.0 / bend)]
        at, value, gradient = there, new_value, new_gradient
    return at


def _curved(gradient: Matrix, pairs: list[tuple[Matrix, Matrix, float]]) -> Matrix:
    found = gradient.copy()
    kept = []
    for step, turn, weight in reversed(pairs):
        share = np.float32(weight * float((step * found).sum()))
        found -= share * turn
        kept.append(share)
    if pairs:
        step, turn, weight = pairs[-1]
        found *= np.float32(1.0 / (weight * float((turn * turn).sum())))
    for (step, turn, weight), share in zip(pairs, reversed(kept), strict=True):
        back = np.float32(weight * float((turn * found).sum()))
        found += (share - back) * step
    return found
