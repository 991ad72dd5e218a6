"""What the engine wants done (in the imperative): plain data, carried out by bot.services.apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from bot.domain.ids import FlowId, LanguageTag
    from bot.domain.words import Words
    from bot.flow.inputs import Universal
    from bot.flow.model import Text
    from bot.flow.session import Answer, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button of a question; pressing it gives `Chose(option, turn)`."""

    option: str
    label: Text
    style: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Show a message: lines, then the choices of `turn`, then universal words as buttons."""

    lines: tuple[Text, ...]
    turn: int
    choices: tuple[Choice, ...] = ()
    words: tuple[Universal, ...] = ()
    flows: tuple[tuple[FlowId, Text], ...] = ()
    """Buttons that start a flow, whatever the turn."""
    copy: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    reply_keyboard: bool = False
    edit: bool = False
    """Change the message whose button was pressed, where the channel can."""
    keep: bool = False
    """Stays until "Saved, clear it" or 60 minutes, when its flow is sensitive."""
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """Wake the conversation after so long, if it still stands at `turn`."""

    after: timedelta
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepWords:
    """Keep words under `name` as the flow allows: sealed for a report, a draft for a letter."""

    flow: FlowId
    name: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFile:
    """Fetch a file after the commit and keep it sealed; `ref` is the channel's handle."""

    flow: FlowId
    name: str
    kind: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLanguage:
    """Answer in this language from now on."""

    language: LanguageTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """Have an act of bot.services.acts done: remember a preference, or forget the person."""

    act: str
    arguments: Mapping[str, Answer]
    answers: bool = False
    """It says itself what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Tell coordinators that somebody waits; carries codes only."""

    flow: FlowId
    urgency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearChat:
    """Delete both sides' messages of the sensitive exchange, except those kept."""

    everything: bool = False
    """Also the kept last screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseMatter:
    """A matter ended: the flow, how, and its coded answers."""

    flow: FlowId
    outcome: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something for the operator's log, without content: a code and the flow."""

    code: str
    flow: FlowId | None = None


Effect = (
    Say
    | SetTimer
    | KeepWords
    | KeepFile
    | SetLanguage
    | Do
    | HandOver
    | ClearChat
    | CloseMatter
    | Notice
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint:
    """What one input led to: the session after it and the effects, in order."""

    session: Session
    effects: tuple[Effect, ...]
