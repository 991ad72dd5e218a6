"""Letters in a conversation: coded answers become a file for the person, and for nobody else.

The file leaves the chat with the sensitive exchange and may be saved until then. A person's own
words come from their drafts, and only where the conversation took them (the web chat).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.domain.messages import Attachment, Button, Outgoing
from bot.flow.inputs import Universal
from bot.flow.model import Literal
from bot.guidance.letters import draft
from bot.guidance.situation import one, situation
from bot.services.apply import STALE
from bot.services.ports import Envelope, Lane
from bot.services.pressed import word_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.content.library import Library
    from bot.domain.people import Person
    from bot.domain.words import Words
    from bot.flow.effects import Do
    from bot.guidance.letters import Draft, Letter
    from bot.services.apply import Moment
    from bot.services.ports import Tx

log = structlog.get_logger()

OWN_WORDS = "letter.letter_account"
"""The draft that a letter takes in unless its flow names another: flow and answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of file. Its name says nothing to whoever looks over a shoulder."""

    name: str
    media_type: str
    write: Callable[[Letter], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterActs:
    """What flows may have done about letters."""

    library: Callable[[], Library]
    formats: Sequence[Format]

    def acts(self) -> Mapping[str, Callable[[Tx, Moment, Do], Person]]:
        """Return the acts by the names that flows use."""
        return {"write-letter": self.write}

    def write(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Make the letter and put it on its way to the person, one message a format."""
        library = self.library()
        body = one(do.arguments.get("body")) or ""
        given = one(do.arguments.get("words")) == "given"
        name = one(do.arguments.get("words_from")) or OWN_WORDS
        words = _own_words(tx, moment, name) if given else None
        made = draft(
            library.letters,
            library.knowledge,
            body=body,
            facts=situation(do.arguments, library.knowledge),
            wished=one(do.arguments.get("letter_language")) or moment.language,
            today=moment.at.date(),
            words=words,
            words_language=moment.language if words else None,
        )
        if made is None:
            log.warning("letter-without-body", code=body[:40])
            self._send(tx, moment, [library.say("error_sorry", moment.language)], ())
            return moment.person
        captions = [self._caption(library, moment, made, part) for part in range(len(self.formats))]
        files = [
            Attachment(name=one_.name, media_type=one_.media_type, content=one_.write(made.letter))
            for one_ in self.formats
        ]
        self._send(tx, moment, captions, files)
        log.info("letter-written", code=body)
        return moment.person

    def _caption(self, library: Library, moment: Moment, made: Draft, part: int) -> str:
        if part:
            return library.say("letter_as_text", moment.language)
        title = Literal(text=made.letter.title)
        lines = [library.say("letter_ready", moment.language, title=title)]
        if not made.tongue.accepted:
            languages = Literal(text=", ".join(made.tongue.body_languages))
            lines.append(library.say("letter_translate", moment.language, languages=languages))
        return "\n\n".join(lines)

    def _send(
        self, tx: Tx, moment: Moment, texts: Sequence[str], files: Sequence[Attachment]
    ) -> None:
        library = self.library()
        clear = Button(
            label=library.say("clear_button", moment.language), data=word_data(Universal.CLEAR)
        )
        tx.outbox.add(
            [
                Envelope(
                    person=moment.person.id,
                    message=Outgoing(
                        text=text,
                        language=moment.language,
                        buttons=((clear,),) if number == len(texts) - 1 else (),
                        # It names nobody, and it is worth nothing if it cannot be saved.
                        protect=not files,
                        attachment=files[number] if number < len(files) else None,
                    ),
                    lane=Lane.REPLY,
                    dedup_key=f"{moment.key}:letter:{number}",
                    due_at=moment.at,
                    expires_at=moment.at + STALE,
                    sensitive=True,
                    keep=True,
                )
                for number, text in enumerate(texts)
            ]
        )


def _own_words(tx: Tx, moment: Moment, name: str) -> Words | None:
    """Return what the person wrote for this letter, where their channel may hold such words."""
    if moment.person.channel != "web":
        return None
    return tx.drafts.read(moment.person.id, name, now=moment.at)
