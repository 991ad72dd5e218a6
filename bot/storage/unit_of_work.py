"""Makes the transaction that a unit sees: every port over one connection."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from bot.services.ports import Tx
from bot.storage.audit import AuditRows
from bot.storage.broadcast_alerts import AlertRows
from bot.storage.broadcast_ledger import LedgerRows
from bot.storage.broadcast_pace import PaceRows
from bot.storage.broadcast_subscribers import SubscriberRows
from bot.storage.cases import CaseRows
from bot.storage.chat import ChatRows
from bot.storage.check_ins import ContactRows, PlanRows, RegionRows, WordRows
from bot.storage.coordinators import CoordinatorRows, PageRows
from bot.storage.drafts import DraftRows
from bot.storage.flows import FlowRows
from bot.storage.leases import LeaseRows
from bot.storage.leaves import LeaveRows
from bot.storage.mailbox import MailboxRows
from bot.storage.notebook import NotebookRows
from bot.storage.outbox import OutboxRows
from bot.storage.people import PeopleRows
from bot.storage.sealed import SealedRows
from bot.storage.seen import SeenRows
from bot.storage.sessions import SessionRows
from bot.storage.timers import TimerRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from bot.services.ports import Cipher


def random_id() -> str:
    """Return an id that says nothing of person or time."""
    return secrets.token_hex(16)


def make_tx(conn: Connection, cipher: Cipher, new_id: Callable[[], str] = random_id) -> Tx:
    """Return all ports over one connection; its transaction is the caller's business."""
    shared: dict[str, Any] = {"conn": conn, "cipher": cipher, "new_id": new_id}
    return Tx(
        seen=SeenRows(**shared),
        people=PeopleRows(**shared),
        sessions=SessionRows(**shared),
        outbox=OutboxRows(**shared),
        timers=TimerRows(**shared),
        chat=ChatRows(**shared),
        drafts=DraftRows(**shared),
        flows=FlowRows(**shared),
        leases=LeaseRows(**shared),
        mailbox=MailboxRows(**shared),
        alerts=AlertRows(**shared),
        ledger=LedgerRows(**shared),
        subscribers=SubscriberRows(**shared),
        paces=PaceRows(**shared),
        coordinators=CoordinatorRows(**shared),
        pages=PageRows(**shared),
        audit=AuditRows(**shared),
        sealed=SealedRows(**shared),
        cases=CaseRows(**shared),
        notebook=NotebookRows(**shared),
        leaves=LeaveRows(**shared),
        plans=PlanRows(**shared),
        contacts=ContactRows(**shared),
        check_words=WordRows(**shared),
        regions=RegionRows(**shared),
    )
