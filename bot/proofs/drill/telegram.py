"""Plants through the messaging app: every flow, every question, and whatever else people send.

Somebody walks through a flow as people do: before most answers they do something that was not
asked for, and each such act carries a new canary. Which questions were met is written down.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi.acts import NotOfferedError
from bot.proofs.botapi.person import NothingHeardError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.proofs.botapi.person import Heard, Person
    from bot.proofs.drill.stage import Stage

TYPED = ("Kenya", "1", "yesterday")
"""Answers for questions that take no button."""

_AT_ONCE = 12
_STEPS = 18
_PATIENCE, _QUIET, _IDLE = 15.0, 0.15, 0.8
"""Seconds: until an answer at last, between messages of one, and after what needs no answer."""
_PRESS_WITHIN = 60.0
"""Seconds without anything new after which a button that was to come will not come."""
_CALM, _ON = "No, not now", "Go on there"
_REACH = 2
"""Messages with buttons, from the newest, of which one is pressed."""
_LANGUAGES = ("en", "en", "en", "es", "fr", "ar", "ru")


async def walk_flows(stage: Stage, share: int) -> None:
    """Walk through all flows again and again, several people beside each other."""
    people = min(_AT_ONCE, max(2, share // 20))
    pressed: Counter[str] = Counter()
    walks = [Walk(stage=stage, pressed=pressed, number=number) for number in range(people)]
    await asyncio.gather(*(walk.run(share // people) for walk in walks))


@dataclass(slots=True, kw_only=True)
class Walk:
    """One person's way through the flows."""

    stage: Stage
    pressed: Counter[str]
    """How often each button was pressed by anybody: the rarest goes first."""
    number: int
    question: str = "before the first question"
    said: int = 0
    person: Person = field(init=False)
    labels: Sequence[str] = ()

    async def run(self, share: int) -> None:
        """Plant so many, then leave the conversation."""
        chance = self.stage.chance
        language = _LANGUAGES[self.number % len(_LANGUAGES)]
        self.person = await self.stage.person("telegram", language)
        flows: list[str] = []
        while self.said < share:
            if not flows:
                flows = stage_flows(self.stage)
                chance.shuffle(flows)
                # Everybody begins elsewhere, so that a short drill meets every flow as well.
                flows = flows[self.number % len(flows) :] + flows[: self.number % len(flows)]
            await self._through(flows.pop(), share)
        await leave(self.person)

    async def _through(self, flow: str, share: int) -> None:
        self.question = f"/{flow}"
        await self._exchange(self.person.says(f"/{flow}"))
        for _ in range(_STEPS):
            if self.said >= share:
                return
            chance = self.stage.chance
            for manner in chance.sample(MANNERS, k=chance.choice((1, 1, 2))):
                where = f"telegram, {manner.__name__.lstrip('_').replace('_', ' ')}"
                word = self.stage.cage.word(f"{where} at {self.question!r}")
                self.said += 1
                await self._exchange(manner(self, word))
            if not self.labels:
                return
            await self._exchange(self._answer())

    async def _answer(self) -> None:
        """Answer what was asked, by the button that was pressed least."""
        if self.stage.chance.random() < 0.25:
            await self.person.says(self.stage.chance.choice(TYPED))
            return
        label = min(self.labels, key=lambda one: (self.pressed[one], self.stage.chance.random()))
        self.pressed[label] += 1
        try:
            await self.person.presses(label)
        except NotOfferedError:
            await self.person.says(self.stage.chance.choice(TYPED))

    async def _exchange(self, act: Awaitable[Any]) -> None:
        """Act, and listen until the answer is complete."""
        await act
        for heard in await answer(self.person):
            if heard.labels:
                self.labels = heard.labels
                self.question = heard.text.strip().split("\n")[0][:40]
                self.stage.questions[heard.text] += 1


def stage_flows(stage: Stage) -> list[str]:
    """Return every flow there is."""
    return list(stage.office.bookcase().flows)


async def answer(person: Person, patience: float = _PATIENCE) -> list[Heard]:
    """Return all that the bot shows now; nothing when it has nothing to say."""
    heard: list[Heard] = []
    idle = waited = 0.0
    while idle < _IDLE and waited < patience:
        try:
            heard.append(await person.hears(within=_QUIET))
        except NothingHeardError:
            if heard:
                break
            waited += _QUIET
            idle = 0.0 if await person.is_unread() else idle + _QUIET
    return heard


async def press(stage: Stage, person: Person, label: str) -> list[Heard]:
    """Press a button, once it is there, in whichever language; return what is shown.

    Whoever chose no language is answered in the one that they are heard to write in, and a canary
    in Arabic letters is Arabic.

    Raises:
        NotOfferedError: It did not come.
    """
    heard: list[Heard] = []
    await _pressed(stage, person, label, heard)
    return [*heard, *await answer(person)]


async def say_between(stage: Stage, person: Person, word: str) -> None:
    """Write what was not asked for; what sounded like danger is denied, and the flow gone on with.

    Raises:
        NothingHeardError: It was not answered.
    """
    await person.says(word)
    await person.hears(within=_PRESS_WITHIN)
    await answer(person)
    keyboard = stage.api.world.chats[person.chat_id].keyboard
    if keyboard is not None:
        offered = {button["text"] for row in keyboard["keyboard"] for button in row}
        await person.says(next(iter(offered & {_CALM, *stage.translations(_CALM)})))
        await press(stage, person, _ON)


async def choose(stage: Stage, person: Person, text: str, label: str) -> list[Heard]:
    """Write something, and press a button of what comes then, not of what stood there before.

    Raises:
        NothingHeardError: It did not come.
    """
    await person.forgets()
    await person.says(text)
    heard = await shown(person, {label, *stage.translations(label)})
    await person.presses(
        next(iter({label, *stage.translations(label)} & {*heard.labels})), on=heard
    )
    return await answer(person)


async def shown(person: Person, labels: set[str], beginning: str = "") -> Heard:
    """Wait for a new message with one of these buttons, or one that begins so.

    Raises:
        NothingHeardError: It did not come.
    """
    while True:
        heard = await person.hears(within=_PRESS_WITHIN)
        begins = any(beginning and one.startswith(beginning) for one in heard.labels)
        if begins or labels & {*heard.labels}:
            return heard


async def follow(stage: Stage, person: Person, label: str) -> str:
    """Press a button that leads elsewhere, once it is there; return the address.

    Raises:
        NotOfferedError: It did not come.
    """
    return await _pressed(stage, person, label, [])


async def _pressed(stage: Stage, person: Person, label: str, heard: list[Heard]) -> str:
    time = asyncio.get_running_loop().time
    until = time() + _PRESS_WITHIN
    labels = {label, *stage.translations(label)}
    while True:
        shown, where = _newest(stage, person, labels)
        try:
            return str(
                await stage.api.do("press", chat_id=person.chat_id, label=shown, message_id=where)
            )
        except NotOfferedError:
            if time() > until:
                raise
        # The question is still on its way, or the machine has much else to do.
        more = await answer(person, _PATIENCE)
        heard += more
        if more or await person.is_unread():
            until = time() + _PRESS_WITHIN


def _newest(stage: Stage, person: Person, labels: set[str]) -> tuple[str, int]:
    """Return which of these labels stands on the newest messages with buttons, and on which.

    The same answer fits many questions: those further up are answered.
    """
    stored = stage.api.world.chats[person.chat_id].messages.values()
    asked = [
        one.message for one in stored if "inline_keyboard" in one.message.get("reply_markup", {})
    ]
    for message in reversed(asked[-_REACH:]):
        for row in message["reply_markup"]["inline_keyboard"]:
            for button in row:
                if button["text"] in labels:
                    return button["text"], message["message_id"]
    return min(labels), -1


async def send_body(stage: Stage, person: Person, body: dict[str, Any]) -> None:
    """Send what no act of the fake server carries, and let it stand in the chat."""
    await stage.api.do("send_body", chat_id=person.chat_id, body=body)


async def leave(person: Person) -> None:
    """Close whatever is under way."""
    for _ in range(4):
        await person.says("/stop")
        await answer(person)


async def _plain_words(walk: Walk, word: str) -> None:
    await walk.person.says(word)


async def _a_sentence(walk: Walk, word: str) -> None:
    await walk.person.says(f"They came to arrest {word} in the night, what can I do?")


async def _a_country(walk: Walk, word: str) -> None:
    await walk.person.says(f"Kenya {word}")


async def _a_long_text(walk: Walk, word: str) -> None:
    await walk.person.says(f"{'They wait outside. ' * 130}{word} {'It goes on. ' * 210}"[:5000])


async def _a_command(walk: Walk, word: str) -> None:
    await walk.person.says(f"/{walk.stage.chance.choice(('help', 'start', 'back', 'x'))} {word}")


async def _a_forwarded_text(walk: Walk, word: str) -> None:
    await walk.person.says(f"{word} said so", forwarded=True)


async def _an_edited_text(walk: Walk, word: str) -> None:
    message = await walk.person.says("One moment")
    await answer(walk.person)
    await walk.person.edits(message, f"One moment, {word}")


async def _a_caption(walk: Walk, word: str) -> None:
    await walk.person.sends_photo(word.encode(), caption=f"This is {word}")


async def _a_file_name(walk: Walk, word: str) -> None:
    await walk.person.sends_document(word.encode(), name=f"{word}.pdf", caption=word)


async def _a_voice(walk: Walk, word: str) -> None:
    await walk.person.sends_voice(word.encode())


async def _a_contact(walk: Walk, word: str) -> None:
    contact = {"phone_number": f"+{walk.stage.cage.number('phone number')}", "first_name": word}
    await _raw_message(walk, {"contact": contact})


async def _a_place(walk: Walk, word: str) -> None:
    place = {"latitude": 10.5, "longitude": -66.9}
    await _raw_message(
        walk, {"location": place, "venue": {"location": place, "title": word, "address": word}}
    )


async def _a_quote(walk: Walk, word: str) -> None:
    await _raw_message(walk, {"text": "Yes, this", "quote": {"text": word, "position": 0}})


async def _a_foreign_button(walk: Walk, word: str) -> None:
    chat = walk.stage.api.world.chats[walk.person.chat_id]
    press = {
        "id": walk.stage.api.world.next_name("77"), "from": chat.user, "chat_instance": word[:12],
        "data": f"a.1.{word}"[:30],
    }  # fmt: skip
    await walk.stage.api.do(
        "send_raw", update={"callback_query": press}, chat_id=walk.person.chat_id
    )


async def _raw_message(walk: Walk, body: dict[str, Any]) -> None:
    await send_body(walk.stage, walk.person, body)


MANNERS: Sequence[Callable[[Walk, str], Awaitable[None]]] = (
    _plain_words, _plain_words, _a_sentence, _a_country, _a_long_text, _a_command,
    _a_forwarded_text, _an_edited_text, _a_caption, _a_file_name, _a_voice, _a_contact, _a_place,
    _a_quote, _a_foreign_button,
)  # fmt: skip
