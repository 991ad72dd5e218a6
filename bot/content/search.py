"""Search over everything that is known: by letters and by meaning, fused by rank.

Pure: it ranks entries for a text and shows nothing. Vectors of meaning come from an `Embedder`,
which somebody else owns and which may be absent; then letters alone rank.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bot.content.passages import Passage, entry_ids, passages
from bot.content.reading import plain
from bot.content.teaching import KNOWN_TO_ENCODER
from bot.domain.languages import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from bot.content.catalogues import Catalogues
    from bot.content.entries import Knowledge
    from bot.domain.ids import LanguageTag

SHORTEST, LONGEST = 3, 5
_SATURATION, _LENGTH = 1.2, 0.6
_TELLING = 3
"""How often a name or a question counts among the letters of its entry."""

_FUSE = 20
_LETTERS, _MEANING = 0.5, 1.0
_ASIDE = 0.96
"""What a sentence inside an entry is worth beside a name or a question that is as near."""

_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff]+")
_LONGEST_QUERY = 400


class Embedder(Protocol):
    """Gives vectors of length one, one row a text."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of meaning."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """Vectors of English passages, with the entry and the worth of each."""

    vectors: NDArray[np.float16]
    owners: NDArray[np.int64]
    worth: NDArray[np.float32]


class Letters:
    """BM25 over pieces of words; each entry is one document."""

    def __init__(self, documents: Sequence[Iterable[Passage]]) -> None:
        counts = [Counter(_document(document)) for document in documents]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float32)
        average = float(lengths.mean()) if len(lengths) else 1.0
        norm = _SATURATION * (1 - _LENGTH + _LENGTH * lengths / (average or 1.0))
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, count in enumerate(counts):
            for piece, times in count.items():
                postings[piece].append((number, times))
        self._places = {piece: place for place, piece in enumerate(postings)}
        self._starts = np.cumsum([0, *(len(found) for found in postings.values())])
        self._owners = np.array([n for f in postings.values() for n, _ in f], dtype=np.int32)
        often = np.array([t for f in postings.values() for _, t in f], dtype=np.float32)
        present = np.diff(self._starts)
        rarity = np.log(1 + (len(documents) - present + 0.5) / (present + 0.5))
        weight = often * (_SATURATION + 1) / (often + norm[self._owners])
        self._weights = (weight * np.repeat(rarity, present)).astype(np.float32)
        self._count = len(documents)

    def scores(self, text: str) -> NDArray[np.float32]:
        """Return a score a document; 0 where nothing matches."""
        found = np.zeros(self._count, dtype=np.float32)
        for piece in set(pieces(text)):
            place = self._places.get(piece)
            if place is not None:
                here = slice(self._starts[place], self._starts[place + 1])
                found[self._owners[here]] += self._weights[here]
        return found


class Search:
    """Finds entries. Indexes of a language are made when it is first asked for."""

    def __init__(
        self,
        knowledge: Knowledge,
        questions: Mapping[str, Mapping[str, tuple[str, ...]]],
        catalogues: Catalogues | None,
    ) -> None:
        self._knowledge = knowledge
        self._questions = questions
        self._catalogues = catalogues
        self._entries = tuple(entry_ids(knowledge))
        self._letters: dict[str, Letters] = {}
        self._meanings: Meanings | None = None
        self._embed: Embedder | None = None

    def told(self) -> list[Passage]:
        """Return the passages whose meaning is compared: English, and questions of all tongues."""
        found = list(passages(self._knowledge, self._questions))
        found += [
            Passage(entry=entry, text=text, telling=True)
            for language, asked in sorted(self._questions.items())
            if language != SOURCE and language in KNOWN_TO_ENCODER
            for entry, texts in asked.items()
            for text in texts
        ]
        return found

    def with_meaning(self, embed: Embedder, vectors: NDArray[np.float16]) -> None:
        """Use meaning too: `vectors` are those of `told()`, in its order."""
        told = self.told()
        places = {entry: place for place, entry in enumerate(self._entries)}
        self._meanings = Meanings(
            vectors=vectors,
            owners=np.array([places[passage.entry] for passage in told], dtype=np.int64),
            worth=np.array([1.0 if passage.telling else _ASIDE for passage in told], np.float32),
        )
        self._embed = embed

    def __call__(self, text: str, language: LanguageTag, count: int = 10) -> tuple[str, ...]:
        """Return ids of the entries that fit best, best first; none for a text without letters."""
        text = text[:_LONGEST_QUERY]
        if not plain(text):
            return ()
        letters = self._by_letters(language).scores(text)
        fused = _LETTERS * _ranks(letters)
        tongue = language.split("-", maxsplit=1)[0]
        if self._meanings is not None and self._embed is not None and tongue in KNOWN_TO_ENCODER:
            near = self._meanings.vectors.astype(np.float32) @ self._embed([text])[0]
            best = np.full(len(self._entries), -1.0, dtype=np.float32)
            np.maximum.at(best, self._meanings.owners, near * self._meanings.worth)
            fused = fused + _MEANING * _ranks(best + 1)
        order = np.argsort(-fused, kind="stable")[:count]
        return tuple(self._entries[at] for at in order if fused[at] > 0)

    def _by_letters(self, language: LanguageTag) -> Letters:
        if language not in self._letters:
            documents: dict[str, list[Passage]] = {entry: [] for entry in self._entries}
            tags = dict.fromkeys((SOURCE, language))
            for tag in tags:
                for passage in passages(self._knowledge, self._questions, self._catalogues, tag):
                    documents[passage.entry].append(passage)
            self._letters[language] = Letters(list(documents.values()))
        return self._letters[language]


def pieces(text: str) -> Iterator[str]:
    """Yield pieces of words of 3 to 5 letters, and pairs of Chinese characters."""
    for word in plain(text).split():
        for run in _CJK.findall(word):
            yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))
        rest = _CJK.sub("", word)
        if rest:
            marked = f" {rest} "
            for size in range(SHORTEST, LONGEST + 1):
                yield from (marked[at : at + size] for at in range(len(marked) - size + 1))


def _document(document: Iterable[Passage]) -> Iterator[str]:
    for passage in document:
        for _ in range(_TELLING if passage.telling else 1):
            yield from pieces(passage.text)


def _ranks(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn scores into shares by rank; what scores nothing has none."""
    order = np.argsort(-scores, kind="stable")
    found = np.zeros(len(scores))
    found[order] = 1.0 / (_FUSE + 1 + np.arange(len(scores)))
    found[scores <= 0] = 0.0
    return found
