"""Files of a report: sealed piece by piece as they come, never parsed, never in clear on a disk.

The original goes into the case as it is, because it may be evidence. Of a picture a clean copy is
made beside it, in a process of its own that has no network and little of everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.contract.items import FileHead, write_item
from bot.domain.errors import RefusedError, SendError
from bot.domain.files import HEAD, LARGEST, recognise
from bot.domain.ids import CaseId, ChannelName
from bot.domain.messages import InboundFile
from bot.services.ports import Timer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from bot.domain.files import FileType
    from bot.domain.ids import PersonId
    from bot.flow.effects import KeepFile
    from bot.services.apply import Moment
    from bot.services.ports import Channel, Clock, DueTimer, Store, Tx
    from bot.services.sealing import Sealing

log = structlog.get_logger()

PART = 256 * 1024
"""Bytes of one sealed piece."""
FETCH = "fetch-file"
"""Kind of the timer that fetches a file from the messaging app."""
TRIES = 5
_KEPT = "kept:"
"""A handle that begins so names a file which is sealed already."""


class NotTakenError(RefusedError):
    """Of a kind that is not on the list, too large, or nobody asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Takes files into reports. `clean` makes a clean copy of a picture, or None when it cannot."""

    store: Store
    clock: Clock
    sealing: Sealing
    channels: Mapping[ChannelName, Channel]
    clean: Callable[[bytes], Awaitable[bytes | None]]

    # -- from a messaging app ---------------------------------------------------------------

    def keep(self, tx: Tx, moment: Moment, effect: KeepFile) -> None:
        """Note that a file is to be fetched; one that came by the web chat is sealed already."""
        if effect.ref.startswith(_KEPT):
            return
        payload = {"ref": effect.ref, "channel": moment.person.channel, "kind": effect.kind}
        tx.timers.set(
            Timer(
                kind=FETCH, key=moment.key, due_at=moment.at, person=moment.person.id,
                payload=payload,
            )
        )  # fmt: skip

    async def fetch(self, due: DueTimer) -> None:
        """Fetch a file and seal it; what is not taken is forgotten, what failed comes again.

        Raises:
            SendError: It could not be fetched now.
        """
        told, person = due.timer.payload, due.timer.person
        channel = self.channels.get(ChannelName(told["channel"]))
        source = getattr(channel, "fetch", None)
        if person is None or source is None:
            return
        try:
            await self._take(person, source(told["ref"]))
        except NotTakenError as error:
            log.info("file-not-taken", reason=str(error))
        except SendError:
            if due.attempts < TRIES:
                raise
            log.warning("file-lost", kind=told["kind"])

    # -- from the web chat ------------------------------------------------------------------

    async def upload(
        self, channel: ChannelName, address: str, stream: AsyncIterator[bytes]
    ) -> InboundFile:
        """Seal what somebody hands over in their browser; return what stands for it.

        Raises:
            NotTakenError: They have no report under way, or it is not on the list.
        """
        person = await self.store.write(lambda tx: tx.people.lock(channel, address))
        size = await self._take(person, stream)
        return InboundFile(ref=f"{_KEPT}{size}", kind="document", size=size)

    # -- both -------------------------------------------------------------------------------

    async def _take(self, person: PersonId, stream: AsyncIterator[bytes]) -> int:
        now = self.clock.now()
        opened = await self.store.read(lambda tx: tx.cases.opened_by(person, now=now))
        if opened is None:
            raise NotTakenError("nothing-under-way")
        case = opened[0]
        kind: FileType | None = None
        waiting, whole, size = bytearray(), bytearray(), 0
        parts: list[int] = []
        async for piece in stream:
            waiting += piece
            size += len(piece)
            if size > LARGEST:
                raise NotTakenError("too-large")
            if kind is None and len(waiting) >= HEAD:
                kind = _known(bytes(waiting[:HEAD]))
            if kind is None:
                continue
            if kind.picture:
                whole += piece if len(whole) + len(piece) == size else waiting
            while len(waiting) >= PART:
                parts.append(await self._seal(case, "file-part", bytes(waiting[:PART])))
                del waiting[:PART]
        kind = kind or _known(bytes(waiting))
        if kind.picture and not whole:
            whole += waiting
        if waiting:
            parts.append(await self._seal(case, "file-part", bytes(waiting)))
        copy = await self._clean(case, kind, bytes(whole))
        head = FileHead(
            name=kind.name, media_type=kind.media_type, size=size, parts=tuple(parts),
            clean_parts=tuple(copy), clean_type="image/jpeg" if copy else "", at=now,
        )  # fmt: skip
        item, clear = write_item(head)
        await self._seal(case, item, clear)
        return size

    async def _clean(self, case: CaseId, kind: FileType, whole: bytes) -> list[int]:
        if not kind.picture:
            return []
        copy = await self.clean(whole)
        if copy is None:
            log.info("no-clean-copy")
            return []
        pieces = [copy[at : at + PART] for at in range(0, len(copy), PART)]
        return [await self._seal(case, "file-clean", piece) for piece in pieces]

    async def _seal(self, case: CaseId, kind: str, clear: bytes) -> int:
        now = self.clock.now()
        return await self.store.write(
            lambda tx: self.sealing.append(tx, case, kind, clear, now=now)
        )


def _known(head: bytes) -> FileType:
    found = recognise(head)
    if found is None:
        raise NotTakenError("not-on-the-list")
    return found
