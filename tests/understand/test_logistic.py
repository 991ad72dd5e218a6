from __future__ import annotations

import numpy as np

from bot.understand.grams import Rows, Vocabulary
from bot.understand.logistic import dense, fit, softmax, sparse


def points() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.RandomState(7)
    rows = chance.randn(300, 3).astype(np.float32)
    rows[:, 0] = 1
    which = (rows[:, 1] - rows[:, 2] > 0).astype(int) + (rows[:, 1] > 1)
    return rows, np.eye(3, dtype=np.float32)[which]


def test_what_can_be_learnt_is_learnt() -> None:
    rows, wanted = points()
    found = softmax(dense(rows).forward(fit(dense(rows), wanted, strength=100)))
    assert (found.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.95


def test_sparse_rows_learn_what_dense_rows_learn() -> None:
    rows, wanted = points()
    count, width = rows.shape
    as_sparse = Rows(
        starts=np.arange(0, count * width + 1, width),
        columns=np.tile(np.arange(width), count),
        values=rows.ravel(),
        width=width,
    )
    one = fit(dense(rows), wanted, strength=10)
    other = fit(sparse(as_sparse), wanted, strength=10)
    assert np.allclose(one, other, atol=0.05)


def test_large_scores_do_not_overflow() -> None:
    found = softmax(np.array([[1e4, -1e4, 0]], dtype=np.float32))
    assert np.isfinite(found).all()


def test_a_text_without_known_letters_is_still_a_row() -> None:
    vocabulary, taught = Vocabulary.learn(["ab ab", "ab cd"], least=1)
    again = vocabulary.rows(["ab ab", "ab cd"])
    assert (taught.columns == again.columns).all()
    assert (taught.values == again.values).all()
    rows = vocabulary.rows(["", "zzz", "ab"])
    assert len(rows) == 3
    assert sparse(rows).forward(np.ones((rows.width, 2), dtype=np.float32)).shape == (3, 2)
