"""Which language a text is in: scripts decide what they can, letters in a row the rest.

Short texts tell little: the guess says how sure it is, and how many words it saw.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.understand.folding import for_encoder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_SCRIPTS = (
    ("am", "\u1200", "\u139f"),
    ("my", "\u1000", "\u109f"),
    ("hi", "\u0900", "\u097f"),
    ("zh", "\u3400", "\u9fff"),
    ("arabic", "\u0600", "\u06ff"),
    ("arabic", "\ufb50", "\ufdff"),
    ("cyrillic", "\u0400", "\u04ff"),
)
_PERSIAN = frozenset("پچژگکی")
_UKRAINIAN, _RUSSIAN = frozenset("іїєґ"), frozenset("ыэъё")
_ARABIC = frozenset("ةأإ")
"""Letters that Persian hardly writes; ي and ك are typed by Persian speakers too."""
_ARABIC_WORDS = frozenset("في على الى إلى عن هذا هذه ذلك ماذا لا ما أنا انا نحن كيف متى".split())  # noqa: SIM905
_ARABIC_WORDS |= frozenset("الذي التي ان أن لم لن مع هل أريد اريد منذ".split())  # noqa: SIM905
_PERSIAN_WORDS = frozenset("است این که را با از برای می شد چه کمک کنید سلام نیست هستم".split())  # noqa: SIM905
_UKRAINIAN_WORDS = frozenset("та що не мене нас як це для де до треба чи мій".split())  # noqa: SIM905
_RUSSIAN_WORDS = frozenset("и что не меня нас как это для где мы он они его мой".split())  # noqa: SIM905
LATIN = ("en", "es", "fr", "pt", "sw", "tr", "id")
ENOUGH_WORDS, CLEAR = 3, 0.85
"""From so many words and so sure on, a guess may change the language of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The likeliest language; `words` is how many words it rests on."""

    language: str
    sure: float
    words: int

    @property
    def clear(self) -> bool:
        """Tell whether one may act on it."""
        return self.words >= ENOUGH_WORDS and self.sure >= CLEAR


Latin = "Callable[[str], Mapping[str, float]]"


class Languages:
    """Guesses among our languages; `latin` tells those apart that share the Latin script."""

    def __init__(self, latin: Callable[[str], Mapping[str, float]] | None = None) -> None:
        self._latin = latin

    def guess(self, text: str) -> Guess | None:
        """Return the likeliest language, or None for a text without letters."""
        folded = for_encoder(text)
        script = _script(folded)
        words = folded.split()
        if script is None:
            return None
        if script == "latin":
            return self._of_latin(folded, len(words))
        if script == "arabic":
            return _between("ar", "fa", words, (_ARABIC, frozenset()), _PERSIAN,
                            _ARABIC_WORDS, _PERSIAN_WORDS)  # fmt: skip
        if script == "cyrillic":
            return _between("ru", "uk", words, (_RUSSIAN, _UKRAINIAN), _UKRAINIAN,
                            _RUSSIAN_WORDS, _UKRAINIAN_WORDS)  # fmt: skip
        count = len(folded.replace(" ", "")) // 2 + 1 if script == "zh" else len(words)
        return Guess(language=script, sure=0.99, words=count)

    def _of_latin(self, text: str, words: int) -> Guess | None:
        if self._latin is None:
            return None
        shares = self._latin(text)
        best = max(shares, key=lambda tag: shares[tag])
        return Guess(language=best, sure=shares[best], words=words)


def _script(text: str) -> str | None:
    """Return the script of most letters; a few Latin letters in another script are names."""
    counts: dict[str, int] = {}
    for letter in text:
        if unicodedata.category(letter)[0] not in "LM":
            continue
        name = next((name for name, low, high in _SCRIPTS if low <= letter <= high), None)
        if name is None and letter.isalpha():
            name = "latin" if letter < "\u0250" else None
        if name is not None:
            # One Chinese character says as much as several letters.
            counts[name] = counts.get(name, 0) + (3 if name == "zh" else 1)
    return max(counts, key=lambda name: counts[name]) if counts else None


def _between(
    first: str, second: str, words: list[str],
    letters: tuple[frozenset[str], frozenset[str]], marks: frozenset[str],
    first_words: frozenset[str], second_words: frozenset[str],
) -> Guess:  # fmt: skip
    """Decide between two languages of one script by letters that only one has, and small words."""
    text = "".join(words)
    for_second = 3 * sum(letter in marks or letter in letters[1] for letter in text)
    for_second += 2 * sum(word in second_words - first_words for word in words)
    for_first = 3 * sum(letter in letters[0] for letter in text)
    for_first += 2 * sum(word in first_words - second_words for word in words)
    chosen = second if for_second > for_first else first
    # Without any sign the first, which many more people write, is likely but not sure.
    sure = 0.97 if max(for_first, for_second) > 0 else 0.86
    return Guess(language=chosen, sure=sure, words=len(words))


def load_latin(tags: Collection[str] = LATIN) -> Callable[[str], Mapping[str, float]] | None:
    """Return what tells Latin languages apart, or None when its wheel is not installed."""
    try:
        from py3langid import langid  # noqa: PLC0415 - 0.7 s and 60 MB
    except ImportError:
        return None
    model = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    model.set_languages(tags)
    # The tables of the other hundred languages would only fill memory.
    restricted: Any = (model.nb_ptc.copy(), model.nb_pc.copy(), model.nb_classes)
    model.nb_ptc, model.nb_pc, model._full_model = restricted[0], restricted[1], restricted  # noqa: SLF001
    return lambda text: dict(model.rank(text))
