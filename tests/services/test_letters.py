"""A letter in a chat: the file comes, may be saved, names nobody, and leaves again."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from docx import Document

from bot.domain.ids import ChannelName
from bot.domain.messages import InboundKind, Outgoing
from bot.domain.words import Words
from bot.flow.effects import Do
from bot.services.apply import Moment
from bot.services.letters import LetterActs
from bot.wiring import letter_formats
from tests.services.test_receive import data, text

if TYPE_CHECKING:
    from pathlib import Path

    from bot.content.library import Library
    from bot.services.ports import Tx
    from tests.services.conftest import HandClock, Mouth, Somebody


_MINUTE = timedelta(minutes=1)


def _on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*.db*") if path.is_file())


async def a_letter(somebody: Somebody) -> list[Outgoing]:
    """Walk from the command to the letter; return what is heard with it."""
    heard = await somebody.sends(InboundKind.COMMAND, data="letter")
    for label in ("Urgent appeal", "Me", "Yes", "Quiet", "Today", "Spanish"):
        heard = await somebody.presses(data(heard, label))
    return heard


def files(messages: list[Outgoing]) -> list[Outgoing]:
    return [message for message in messages if message.attachment is not None]


async def test_the_letter_comes_as_document_and_text_with_a_warning_and_may_be_saved(
    somebody: Somebody,
) -> None:
    heard = files(await a_letter(somebody))
    assert [one.attachment.name for one in heard] == ["draft.docx", "draft.txt"]
    assert not any(one.protect for one in heard)
    assert "fill in the yellow blanks there, not here" in heard[0].text
    document = Document(BytesIO(heard[0].attachment.content))
    lines = [line.text for line in document.paragraphs]
    assert "Solicitud de llamamiento urgente" in lines
    assert any("Aquí, en su propio dispositivo: cuente con sus palabras" in one for one in lines)
    assert heard[1].attachment.content.decode().count("____]") > 20


async def test_the_files_leave_the_chat_at_a_press_or_within_the_hour(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    heard = await a_letter(somebody)
    refs = [f"ours-{mouth.said.index((somebody.address, one)) + 1}" for one in files(heard)]

    async def tidied() -> list[str]:
        await somebody.parts.timers.sweep()
        await somebody.parts.tidying.delete_due()
        return [ref for ref in refs if ref in mouth.deleted]

    await somebody.presses(data(heard, "No, thank you"))
    clock.go(minutes=20)
    assert await tidied() == [], "what is to be saved stays longer than the talk about it"
    clock.go(minutes=41)
    assert await tidied() == refs
    heard = await a_letter(somebody)
    refs = [f"ours-{mouth.said.index((somebody.address, one)) + 1}" for one in files(heard)]
    await somebody.presses(data(files(heard), "Saved, clear it"))
    clock.go(minutes=1)
    assert await tidied() == refs


async def test_nothing_of_the_letter_stands_in_clear_on_the_disk(
    somebody: Somebody, tmp_path: Path
) -> None:
    await a_letter(somebody)
    raw = _on_disk(tmp_path)
    assert b"llamamiento" not in raw
    assert b"draft.docx" not in raw


@pytest.mark.parametrize(("channel", "taken"), [("telegram", False), ("web", True)])
async def test_own_words_go_into_a_letter_on_the_web_alone(
    somebody: Somebody,
    library: Library,
    channel: str,
    taken: bool,  # noqa: FBT001
) -> None:
    await somebody.says("hello")
    acts = LetterActs(library=lambda: library, formats=letter_formats())

    def unit(tx: Tx) -> list[bytes]:
        at = somebody.clock.now()
        id_ = tx.people.lock(ChannelName("telegram"), somebody.address)
        person = tx.people.find(id_)
        assert person is not None
        object.__setattr__(person, "channel", ChannelName(channel))
        told = Words("They took *everything* at dawn.")
        tx.drafts.keep(id_, "letter.letter_account", told, until=at.replace(hour=11))
        moment = Moment(person=person, language=library.language("en"), at=at, key="k",
                        inbound=None)  # fmt: skip
        asked = {"body": "un-wgad", "letter_language": "fr", "words": "given"}
        acts.write(tx, moment, Do(act="write-letter", arguments=asked))
        rows = tx.outbox.claim(worker="w", now=at, lease=_MINUTE, limit=9, lanes=(1,),
                               channels=(ChannelName("telegram"),))  # fmt: skip
        return [row.message.attachment.content for row in rows if row.message.attachment]

    (docx,) = await somebody.parts.store.write(unit)
    lines = [line.text for line in Document(BytesIO(docx)).paragraphs]
    assert ("They took *everything* at dawn." in lines) is taken
    assert any("langue : anglais" in line for line in lines) is taken


async def test_a_body_that_is_no_longer_there_is_an_apology_not_a_crash(
    somebody: Somebody, library: Library
) -> None:
    await somebody.says("hello")
    acts = LetterActs(library=lambda: library, formats=letter_formats())

    def unit(tx: Tx) -> None:
        id_ = tx.people.lock(ChannelName("telegram"), somebody.address)
        person = tx.people.find(id_)
        assert person is not None
        moment = Moment(person=person, language=library.language("en"),
                        at=somebody.clock.now(), key="k", inbound=None)  # fmt: skip
        acts.write(tx, moment, Do(act="write-letter", arguments={"body": "un-moon"}))

    before = len(somebody.mouth.said)
    await somebody.parts.store.write(unit)
    await somebody.delivered()
    said = [message for _, message in somebody.mouth.said[before:]]
    assert "Something went wrong here" in text(said)
    assert not files(said)
