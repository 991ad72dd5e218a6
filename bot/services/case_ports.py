"""What reports need from the world: cases sealed for their readers, and those who answer them.

Nothing here opens what was sealed. Envelopes of cases are in the clear so that a queue can be
shown; what people wrote is in boxes that only those on the signed list can read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.cases import Case, Reach, Reply
    from bot.domain.coordinators import AuditEntry, Coordinator, Invitation, Page
    from bot.domain.ids import CaseId, CoordinatorId, PersonId
    from bot.domain.leaves import Leave
    from bot.domain.sealed import Readers, SealedBox, SealedItem


class Coordinators(Protocol):
    """Those who answer. Aliases, roles and keys are encrypted; ids and duty are not."""

    def all(self) -> list[Coordinator]:
        """Return everybody."""
        ...

    def get(self, id_: CoordinatorId) -> Coordinator | None:
        """Return one."""
        ...

    def by_person(self, person: PersonId) -> Coordinator | None:
        """Return whoever linked this chat."""
        ...

    def on_duty(self) -> list[Coordinator]:
        """Return who is there now."""
        ...

    def put(self, one: Coordinator) -> None:
        """Insert or replace."""
        ...

    def remove(self, id_: CoordinatorId) -> bool:
        """Delete one with their invitations; False when there was none."""
        ...

    def unlink(self, person: PersonId) -> None:
        """Forget which chat is somebody's; they are off duty then."""
        ...

    def invite(self, invited: Invitation) -> None:
        """Keep an invitation, in place of earlier ones of the same coordinator."""
        ...

    def redeem(self, token: str, *, now: datetime) -> CoordinatorId | None:
        """Use an invitation up; None when it was used, is over or never was."""
        ...


class Pages(Protocol):
    """Calls for somebody to look, until one of those called acknowledges."""

    def open_page(self, one: Page) -> bool:
        """Keep a page; False when the same ref waits unacknowledged at this urgency or higher."""
        ...

    def get(self, ref: str) -> Page | None:
        """Return one."""
        ...

    def waiting(self) -> list[Page]:
        """Return what nobody has acknowledged, most urgent and oldest first."""
        ...

    def acknowledge(self, ref: str, by: CoordinatorId, *, at: datetime) -> bool:
        """Write down who took it; False when it is gone or somebody was quicker."""
        ...

    def drop(self, ref: str) -> None:
        """Forget a page: what it called for is over."""
        ...

    def forget_before(self, before: datetime) -> int:
        """Delete what was opened before; nobody will acknowledge it any more."""
        ...


class Audit(Protocol):
    """What was done by whom to which: chained, without content, never changed."""

    def add(self, entry: AuditEntry) -> int:
        """Write one entry after the last; return its number."""
        ...

    def entries(self, *, subject: str | None = None, limit: int = 200) -> list[AuditEntry]:
        """Return the newest entries, newest first; of one subject when it is given."""
        ...

    def head(self) -> tuple[int, str]:
        """Return number and digest of the last entry, to be noted where the log is not."""
        ...

    def broken_at(self) -> int | None:
        """Return the number of the first entry that does not fit; None when the chain is whole."""
        ...


class Sealed(Protocol):
    """Boxes of sealed items: cases, check-in plans, pages that look alike. Nothing opens here."""

    def make(self, box: SealedBox, wrapped: bytes) -> None:
        """Keep a new box with its wrapped key."""
        ...

    def get(self, id_: CaseId) -> SealedBox | None:
        """Return a box."""
        ...

    def wrapped(self, id_: CaseId) -> bytes | None:
        """Return a box's key as it is wrapped, the outer wrapper on."""
        ...

    def rewrap(self, id_: CaseId, wrapped: bytes, *, version: int) -> bool:
        """Replace a wrapped key; False when the box is gone."""
        ...

    def add(self, item: SealedItem) -> None:
        """Keep an item in the place that it was sealed for.

        Raises:
            ConflictError: The box is gone, or the place was taken meanwhile.
        """
        ...

    def heads(self, id_: CaseId) -> list[SealedItem]:
        """Return the places of all items, in order, without their bodies."""
        ...

    def item(self, id_: CaseId, sequence: int) -> SealedItem | None:
        """Return one item."""
        ...

    def keep_until(self, id_: CaseId, until: datetime) -> bool:
        """Change when a box is shredded; False when it is gone."""
        ...

    def over(self, now: datetime, *, limit: int) -> list[CaseId]:
        """Return boxes whose time is over, oldest first."""
        ...

    def stale(self, version: int, *, after: str = "", limit: int = 50) -> list[SealedBox]:
        """Return boxes wrapped to another list than this one, by id."""
        ...

    def versions(self) -> dict[int, int]:
        """Return how many boxes are wrapped to which list."""
        ...

    def ids(self) -> list[CaseId]:
        """Return every box."""
        ...

    def remove(self, ids: Sequence[CaseId]) -> int:
        """Delete boxes with everything in them; their shred keys are destroyed before."""
        ...


class Cases(Protocol):
    """Clear envelopes of cases, answers sealed to receipts, and who adds to which just now."""

    def put(self, case: Case) -> None:
        """Insert or replace the envelope; receipt and reach stay as they are."""
        ...

    def get(self, id_: CaseId) -> Case | None:
        """Return one."""
        ...

    def lock(self, id_: CaseId) -> Case | None:
        """Return one, and hold it until the unit ends."""
        ...

    def queue(
        self, *, of: CoordinatorId | None, closed: bool = False, limit: int = 500
    ) -> list[Case]:
        """Return what waits and what is somebody's (`of` None: everything), most urgent first."""
        ...

    def set_receipt(self, id_: CaseId, key: str) -> None:
        """Let a receipt find the case; `key` is what Argon2id made of it."""
        ...

    def by_receipt(self, key: str) -> Case | None:
        """Return the case of a receipt."""
        ...

    def set_reach(self, id_: CaseId, reach: Reach | None) -> None:
        """Remember how the person is reached, or forget it."""
        ...

    def reach(self, id_: CaseId) -> Reach | None:
        """Return how the person is reached."""
        ...

    def reply(self, case: CaseId, body: bytes, *, at: datetime) -> Reply:
        """Keep an answer to the person, after the earlier ones."""
        ...

    def replies(self, case: CaseId) -> list[Reply]:
        """Return the answers to the person, in order."""
        ...

    def remove(self, ids: Sequence[CaseId]) -> int:
        """Delete envelopes with the answers to their people."""
        ...

    def open_for(self, person: PersonId, case: CaseId, *, sent: bool, until: datetime) -> None:
        """Remember which case somebody adds to just now; `sent` once it is a case for others."""
        ...

    def opened_by(self, person: PersonId, *, now: datetime) -> tuple[CaseId, bool] | None:
        """Return which case somebody adds to, and whether it was sent."""
        ...

    def close_for(self, person: PersonId) -> None:
        """Forget which case somebody adds to."""
        ...

    def forget_opened(self, now: datetime) -> int:
        """Forget what nobody adds to any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSheet:
    """A sheet of the coordinators' notebook, sealed by a desk."""

    id: str
    kind: str
    version: int
    at: datetime
    sealed: bytes = field(repr=False)


class Notebook(Protocol):
    """The coordinators' notebook: latest versions, which only desks can read."""

    def get(self, id_: str) -> HeldSheet | None:
        """Return one sheet."""
        ...

    def all(self, kind: str) -> list[HeldSheet]:
        """Return the sheets of a kind, longest unchanged first."""
        ...

    def size(self) -> int:
        """Count all sheets."""
        ...

    def put(self, sheet: HeldSheet) -> None:
        """Insert or replace."""
        ...

    def remove(self, id_: str) -> bool:
        """Delete one; False when there was none."""
        ...


class Leaves(Protocol):
    """Leaves to take out sets of cases."""

    def all(self) -> list[Leave]:
        """Return every leave, newest first."""
        ...

    def lock(self, id_: str) -> Leave | None:
        """Return one, and hold it until the unit ends."""
        ...

    def put(self, leave: Leave) -> None:
        """Insert or replace."""
        ...

    def forget_before(self, before: datetime) -> int:
        """Delete what ended before a moment."""
        ...


class Sealer(Protocol):
    """Seals for those on the signed list; can never open what it sealed."""

    def readers(self, *, now: datetime, last_seen: int) -> Readers:
        """Return who can read now.

        Raises:
            VaultError: Nobody was named, or the signed list is refused.
        """
        ...

    def new_box(self, box: str, readers: Readers) -> tuple[str, bytes]:
        """Return a box's public key and its wrapped key; its shred key is kept before that."""
        ...

    def seal(self, clear: bytes, *, public: str, box: str, sequence: int, kind: str) -> bytes:
        """Seal one item to a box's public key, bound to its place."""
        ...

    def unwrap(self, wrapped: bytes, *, box: str) -> bytes:
        """Take the outer wrapper off; what remains only a reader can open.

        Raises:
            VaultError: The box was shredded, or the bytes were changed.
        """
        ...

    def rewrap(self, inner: bytes, *, box: str) -> bytes:
        """Put the outer wrapper around what a reader's desk wrapped anew."""
        ...

    def to_person(self, clear: bytes, *, public: str) -> bytes:
        """Seal an answer so that only the person's receipt opens it."""
        ...

    def from_person(self, sealed: bytes, *, secret: str) -> bytes:
        """Open an answer with what the receipt gave; kept nowhere.

        Raises:
            VaultError: It belongs to another receipt.
        """
        ...

    def signed(self) -> tuple[str, str]:
        """Return the signed list as text and the trusted root's public key, hex.

        Raises:
            VaultError: Nobody was named yet.
        """
        ...

    def install(self, text: str, *, now: datetime, last_seen: int) -> None:
        """Put a signed list into use.

        Raises:
            VaultError: It is refused; the one in use stays.
        """
        ...

    def shred(self, box: str) -> bool:
        """Destroy a box's shred key for good; False when there was none."""
        ...

    def shred_keys(self) -> list[str]:
        """Return the boxes that shred keys are kept for."""
        ...
