"""What can happen to a conversation (in the past tense) and what the engine may know meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from bot.domain.ids import FlowHash, FlowId
    from bot.domain.words import Words
    from bot.flow.model import Flow, Text
    from bot.flow.session import Answer


class Universal(StrEnum):
    """Words that work at every step, in every language, by button, command or typing."""

    SOS = "sos"
    HELP = "help"
    BACK = "back"
    CORRECT = "correct"
    STOP = "stop"
    LANGUAGE = "language"
    PERSON = "person"
    FORGET = "forget"
    MENU = "menu"
    CLEAR = "clear"
    """Saved, clear it: the last screen of a sensitive flow may go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Somebody opened a flow by name (a command, a deep link, a timer, a button)."""

    flow: FlowId
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """Codes that it begins with: what a timer was set for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A universal word was used."""

    word: Universal
    words: Words | None = None
    """How it was typed; a question may have an option of that very name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chose:
    """A button under a question was pressed; `turn` tells which question it belonged to."""

    option: str
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words came."""

    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Gave:
    """Something that is not words came; `ref` is the channel's handle for a file."""

    kind: str
    """photo, voice, audio, video, document, location, contact, sticker; or only remarked on:
    edited, forwarded, auto-delete, auto-delete-off, other.
    """
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """Nothing came for as long as the question of `turn` allowed."""

    turn: int


Input = Started | Pressed | Chose | Said | Gave | TimedOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What understanding made of the words: scores only."""

    urgent: bool = False
    intents: tuple[tuple[str, float], ...] = ()
    """Best first, confidence from 0 to 1."""
    language: str | None = None
    """The language they are likely in."""
    clear: bool = False
    """The language is beyond doubt: several words, or words of alarm that it alone has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that a lookup found: an option to choose and a card to show."""

    id: str
    """At most 40 characters, unique within its lookup."""
    title: Text
    lines: tuple[Text, ...] = ()
    """The card, a line each; its first line is usually the title again, in bold."""
    copy: tuple[tuple[str, str], ...] = ()
    """(label, text) that can be copied with one press: phone numbers, addresses."""
    links: tuple[tuple[str, str], ...] = ()
    """(label, address)."""
    public: bool = False
    """Holds nothing of the person: may be forwarded and saved."""


class Lookup(Protocol):
    """A pure question to the Library: same answers, same day, same items."""

    def __call__(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Return the items for coded answers, best first."""
        ...


class Reader(Protocol):
    """Reads words as answers, in the person's language; pure."""

    def option(self, words: Words, labels: Sequence[tuple[str, Text]]) -> tuple[str, ...]:
        """Return ids of the options meant: one when clear, several when near, none when not."""
        ...

    def nothing_but(self, words: Words, labels: Sequence[tuple[str, Text]]) -> bool:
        """Tell whether the words are a whole label or a country's whole name, not a word more."""
        ...

    def countries(self, words: Words) -> tuple[str, ...]:
        """Return codes of the countries meant, best first; one when clear."""
        ...

    def day(self, words: Words) -> date | None:
        """Return the day meant by "yesterday", "3 May" or "2026-05-03"; None when unclear."""
        ...


class Shelf(Protocol):
    """Where flows stand, present ones and those that somebody still stands in."""

    def current(self, flow: FlowId) -> Flow | None:
        """Return the flow as it is now, or None when there is none of that name."""
        ...

    def pinned(self, flow: FlowId, digest: FlowHash) -> Flow | None:
        """Return the flow with this hash, kept for those who are in it, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the engine may know beside session and input. All of it is fixed for one turn."""

    today: date
    shelf: Shelf
    reader: Reader
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    known: Mapping[str, Answer] = field(default_factory=dict)
    """Coded facts that conditions may ask beside answers: channel, on_duty, demo, language …"""
    understand: Callable[[Words], Understood] | None = None
    """What words seem to mean; asked only for words that are not plainly an answer."""
    search: Callable[[Words], tuple[str, ...]] | None = None
    """Ids of the entries that fit words best, best first."""
    intent_flows: Mapping[str, FlowId] = field(default_factory=dict)
    """Which flow serves an intent."""
    phrases: Mapping[str, Text] = field(default_factory=dict)
    """The engine's own sentences, by name, from flows/phrases.yaml."""
