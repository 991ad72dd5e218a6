"""What careless writing costs: capitals, lost accents, slips of the finger, emoji, another script.

The same messages are asked as they stand and disturbed; only figures leave this module.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.content.library import open_library
from bot.content.place import content_root
from bot.understand.asking import COLUMNS
from bot.understand.evaluating import evaluate, read_rows
from bot.understand.opening import open_embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from bot.flow.inputs import Understood

SLIPS = 0.15
"""Share of words with a slip of the finger."""

ROUNDS = 3
"""How often slips are drawn; the mean is told."""

_SHORTEST = 3
_FIGURES = ("accuracy", "emergency_recall", "false_alarm_rate")
_EMOJI = ("😢", "🙏", "😡", "❗", "😱", "🔥")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """One way to write carelessly; chance is passed in."""

    name: str
    change: Callable[[str, random.Random], str]
    rounds: int = 1


def without_accents(text: str, chance: random.Random | None = None) -> str:
    """Return a text as a keyboard without accents writes it; marks that are letters stay."""
    del chance
    bare = [
        letter
        for letter in unicodedata.normalize("NFD", text)
        if unicodedata.category(letter) != "Mn" or "\u0900" <= letter <= "\u109f"
    ]
    return unicodedata.normalize("NFC", "".join(bare))


def with_slips(text: str, chance: random.Random) -> str:
    """Return a text in which some words have two letters swapped, one lost, doubled or wrong."""
    return " ".join(
        _slip(word, chance) if len(word) >= _SHORTEST and chance.random() < _share(word) else word
        for word in text.split(" ")
    )


def _share(word: str) -> float:
    """Return how likely a word has a slip; Chinese writes many words as one."""
    dense = sum("\u3400" <= letter <= "\u9fff" for letter in word)
    return 1 - (1 - SLIPS) ** max(1, dense // 2)


def _slip(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word) - 1)
    before, first, second, after = word[:place], word[place], word[place + 1], word[place + 2 :]
    return before + chance.choice(
        (second + first, second, first + first + second, chance.choice(word) + second)
    ) + after  # fmt: skip


def with_emoji(text: str, chance: random.Random) -> str:
    """Return a text that ends in feelings."""
    return f"{text} {''.join(chance.choices(_EMOJI, k=2))}"


DISTURBANCES = (
    Disturbance(name="upper_case", change=lambda text, _: text.upper()),
    Disturbance(name="no_accents", change=without_accents),
    Disturbance(name="slips", change=with_slips, rounds=ROUNDS),
    Disturbance(name="emoji", change=with_emoji),
)


def measure(data: Path) -> dict[str, Any]:
    """Return percentages as written, and disturbed, with what the disturbance costs.

    Args:
        data: Folder with messages.tsv, and variants.tsv whose column `pair` joins a sentence in two
            scripts.

    Raises:
        ContentError: A table is missing or has another shape.
    """
    rows = read_rows(data / "messages.tsv", COLUMNS)
    pairs = read_rows(data / "variants.tsv", (*COLUMNS, "pair"))
    engine = open_embedded(content_root(), None, alarms=open_library().alarms)
    return disturbed(rows, pairs, engine.understand)


def disturbed(
    rows: list[dict[str, str]],
    pairs: list[dict[str, str]],
    understand: Callable[[str], Understood],
) -> dict[str, Any]:
    """Return the figures of messages as they stand, disturbed, and in two scripts."""
    plain = _figures(rows, understand)
    found: dict[str, Any] = {"as_written": plain}
    for one in DISTURBANCES:
        rounds = [
            _figures(_changed(rows, one, random.Random(number)), understand)
            for number in range(one.rounds)
        ]
        mean = {name: sum(told[name] for told in rounds) / len(rounds) for name in _FIGURES}
        found[one.name] = _compared(mean, plain)
    for tag in sorted({row["lang"].removesuffix("-Latn") for row in pairs}):
        own = _figures([row for row in pairs if row["lang"] == tag], understand)
        latin = _figures([row for row in pairs if row["lang"] == f"{tag}-Latn"], understand)
        found[tag] = own
        found[f"{tag}-Latn"] = _compared(latin, own)
    return found


def _changed(
    rows: Iterable[Mapping[str, str]], one: Disturbance, chance: random.Random
) -> list[dict[str, str]]:
    return [{**row, "text": one.change(row["text"], chance)} for row in rows]


def _figures(
    rows: list[dict[str, str]], understand: Callable[[str], Understood]
) -> dict[str, float]:
    told = evaluate(rows, understand)
    return {name: round(100 * (told[name] or 0.0), 2) for name in _FIGURES}


def _compared(told: dict[str, float], plain: dict[str, float]) -> dict[str, float]:
    """Add how many points of accuracy are lost."""
    rounded = {name: round(value, 2) for name, value in told.items()}
    return {**rounded, "points_lost": round(plain["accuracy"] - told["accuracy"], 2)}
