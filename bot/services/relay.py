"""Relay: an answer reaches the person, and neither side learns the other's account.

What is kept of an answer is sealed to the person's receipt. A nudge in the chat says nothing; only
who chose so gets a short answer there, which leaves the chat within the hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.cases import Way
from bot.domain.errors import RefusedError
from bot.domain.messages import Outgoing
from bot.services.ports import Envelope, Lane

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.cases import Case, Reach
    from bot.services.case_ports import Sealer
    from bot.services.ports import Tx

LONGEST_IN_CHAT = 600
"""Characters; what is longer is nudged to and read with the receipt."""

IN_CHAT_FOR = timedelta(minutes=60)
_CHATS = frozenset({Way.CHAT, Way.RECEIPT})


class NotReachableError(RefusedError):
    """No answer can get to the person any more, or they did not want one."""

    code = "not-reachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Carries answers."""

    sealer: Sealer
    library: Callable[[], Library]

    def send(self, tx: Tx, case: Case, words: str, *, at: datetime) -> None:
        """Keep an answer for the person and tell them, as they chose.

        Raises:
            NotReachableError: There is no receipt that could open it.
        """
        reach = tx.cases.reach(case.id)
        if reach is None or not reach.public:
            raise NotReachableError("The person cannot be reached any more.")
        body = self.sealer.to_person(words.encode(), public=reach.public)
        reply = tx.cases.reply(case.id, body, at=at)
        if reach.way in _CHATS:
            self._tell(tx, case, reach, words, f"reply:{case.id}:{reply.number}", at)

    def read(self, tx: Tx, case: Case, secret: str) -> list[tuple[datetime, str]]:
        """Return every answer, opened with what the receipt gave; nothing of it is kept."""
        return [
            (reply.at, self.sealer.from_person(reply.body, secret=secret).decode())
            for reply in tx.cases.replies(case.id)
        ]

    def _tell(self, tx: Tx, case: Case, reach: Reach, words: str, key: str, at: datetime) -> None:
        person = None if reach.person is None else tx.people.find(reach.person)
        if person is None or person.gone_since is not None:
            return
        library = self.library()
        language = library.language(person.language or case.language)
        shown = reach.way is Way.CHAT and len(words) <= LONGEST_IN_CHAT
        text = words.replace("*", "\\*") if shown else library.say("nudge", language)
        envelope = Envelope(
            person=person.id,
            message=Outgoing(text=text, language=language, silent=not shown),
            lane=Lane.REPLY,
            dedup_key=key,
            due_at=at,
            expires_at=at + IN_CHAT_FOR if shown else None,
            sensitive=shown,
            keep=shown,
        )
        tx.outbox.add([envelope])
