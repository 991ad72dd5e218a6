"""Updates that took effect; their ids are kept as keyed tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from bot.storage.rows import Rows, micros
from bot.storage.tables import seen

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import ChannelName


class SeenRows(Rows):
    """Implements `Seen`."""

    __slots__ = ()

    def first_time(self, channel: ChannelName, update_id: str, *, at: datetime) -> bool:
        """Remember an update; False when it was remembered before."""
        key = self.cipher.tag(f"{channel}:{update_id}", purpose="seen")
        row = {"channel": channel, "key": key, "at": micros(at)}
        return self.count(self.insert_new(seen), [row]) > 0

    def forget_before(self, moment: datetime) -> int:
        """Drop what no channel repeats any more."""
        return self.count(delete(seen).where(seen.c.at < micros(moment)))
