"""Acts that a flow may have done, by the name that flows use.

Each takes the transaction, whom it is for and the coded arguments, and returns the person as they
are afterwards. A new act is a function here and its name in `ACTS`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.messages import Keyboard
from bot.services.duty import set_duty
from bot.services.ports import Envelope, Lane, Timer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.messages import Outgoing
    from bot.domain.people import Person
    from bot.flow.effects import Do
    from bot.services.apply import Moment
    from bot.services.ports import Tx

GRACE = timedelta(seconds=30)
"""Between "forget me" and the last row's deletion, so that the answer can still be read."""

_MAX_PREFERENCES = 20


def say_of_act(tx: Tx, moment: Moment, message: Outgoing, name: str) -> None:
    """Add one message of an act, beside what the flow itself says; `name` tells it from others."""
    envelope = Envelope(
        person=moment.person.id, message=replace(message, keyboard=Keyboard.INLINE),
        lane=Lane.REPLY, dedup_key=f"{moment.key}:act:{name}", due_at=moment.at,
        sensitive=True, keep=True,
    )  # fmt: skip
    tx.outbox.add([envelope])


def save_preference(tx: Tx, moment: Moment, do: Do) -> Person:
    """Remember one coded choice; an empty value takes it back."""
    name, value = do.arguments.get("name"), do.arguments.get("value")
    if not isinstance(name, str) or not isinstance(value, str):
        return moment.person
    kept = {key: old for key, old in moment.person.preferences if key != name}
    if value:
        kept[name] = value
    person = replace(moment.person, preferences=tuple(sorted(kept.items())[:_MAX_PREFERENCES]))
    tx.people.put(person, at=moment.at)
    return person


def forget_me(tx: Tx, moment: Moment, do: Do) -> Person:
    """Forget words and choices at once, the address as soon as the answer has been shown."""
    del do
    person = moment.person
    tx.drafts.forget(person.id)
    for kind in ("silence", "tidy"):
        tx.timers.cancel(kind, person.id)
    tx.chat.clear(person.id, to=moment.at)
    tx.timers.set(Timer(kind="forget", key=person.id, due_at=moment.at + GRACE, person=person.id))
    bare = replace(person, preferences=())
    tx.people.put(bare, at=moment.at)
    return bare


ACTS: Mapping[str, Callable[[Tx, Moment, Do], Person]] = {
    "save-preference": save_preference,
    "forget-me": forget_me,
    "set-duty": set_duty,
}
