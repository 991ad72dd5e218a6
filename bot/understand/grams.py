"""Character and word n-grams as sparse rows over a vocabulary: what a text looks like."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bot.understand.folding import for_grams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

SHORTEST, LONGEST = 2, 5
_CJK = (("\u3040", "\u30ff"), ("\u3400", "\u9fff"), ("\uac00", "\ud7af"), ("\u0e00", "\u0e7f"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Sparse rows: the values of row i stand at starts[i]:starts[i + 1]."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.float32]
    width: int

    def __len__(self) -> int:
        return len(self.starts) - 1


def grams(text: str) -> Iterator[str]:
    """Yield the n-grams of a text: inside words, whole words, and pairs of words."""
    words = for_grams(text).split()
    for word in words:
        if _is_cjk(word):
            yield from _pieces(word, 1, 3)
            continue
        yield f"={word}"
        yield from _pieces(f" {word} ", SHORTEST, LONGEST)
    for first, second in pairwise(words):
        yield f"={first} {second}"


def _pieces(word: str, shortest: int, longest: int) -> Iterator[str]:
    for size in range(shortest, longest + 1):
        for start in range(len(word) - size + 1):
            yield word[start : start + size]


def _is_cjk(word: str) -> bool:
    return any(first <= letter <= last for letter in word for first, last in _CJK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Which n-grams count, and how rare each is."""

    places: Mapping[str, int]
    rarity: NDArray[np.float32]

    def rows(self, texts: Iterable[str]) -> Rows:
        """Return texts as rows of length one; the first column is always there."""
        counted = []
        for text in texts:
            counts: dict[int, int] = {}
            for gram in grams(text):
                place = self.places.get(gram)
                if place is not None:
                    counts[place] = counts.get(place, 0) + 1
            counted.append(_arrays(counts))
        return _rows(counted, self.rarity)

    @classmethod
    def learn(
        cls, texts: Iterable[str], *, least: int = 2, most: int = 40_000
    ) -> tuple[Vocabulary, Rows]:
        """Return the n-grams that stand in at least `least` texts, and the texts as rows."""
        numbers: dict[str, int] = {}
        seen: list[int] = []
        counted = []
        for text in texts:
            counts: dict[int, int] = {}
            for gram in grams(text):
                number = numbers.setdefault(gram, len(numbers))
                counts[number] = counts.get(number, 0) + 1
            seen += [0] * (len(numbers) - len(seen))
            for number in counts:
                seen[number] += 1
            counted.append(_arrays(counts))
        kept = sorted(
            (gram for gram, number in numbers.items() if seen[number] >= least),
            key=lambda gram: (-seen[numbers[gram]], gram),
        )[:most]
        # Column 0 is the constant of every row.
        places = {gram: place for place, gram in enumerate(kept, start=1)}
        often = np.array([0, *(seen[numbers[gram]] for gram in kept)], dtype=np.float32)
        rarity = (np.log((1 + len(counted)) / (1 + often)) + 1).astype(np.float32)
        place_of = np.zeros(len(numbers), dtype=np.int64)
        place_of[[numbers[gram] for gram in kept]] = np.arange(1, len(kept) + 1)
        for row, (found, often_here) in enumerate(counted):
            placed = place_of[found]
            counted[row] = placed[placed > 0], often_here[placed > 0]
        return cls(places=places, rarity=rarity), _rows(counted, rarity)


def _arrays(counts: Mapping[int, int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return (
        np.fromiter(counts, dtype=np.int64, count=len(counts)),
        np.fromiter(counts.values(), dtype=np.float32, count=len(counts)),
    )


def _rows(
    counted: Iterable[tuple[NDArray[np.int64], NDArray[np.float32]]], rarity: NDArray[np.float32]
) -> Rows:
    """Weigh n-grams (places, how often) of each text by how rare they are."""
    starts, columns, values = [0], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for found, numbers in counted:
        weights = (1.0 + np.log(numbers)) * rarity[found]
        length = float(np.sqrt((weights * weights).sum())) or 1.0
        columns.append(np.concatenate([np.zeros(1, dtype=np.int64), found]))
        values.append(np.concatenate([np.ones(1, dtype=np.float32), weights / length]))
        starts.append(starts[-1] + len(found) + 1)
    return Rows(
        starts=np.array(starts, dtype=np.int64),
        columns=np.concatenate(columns),
        values=np.concatenate(values).astype(np.float32),
        width=len(rarity),
    )
