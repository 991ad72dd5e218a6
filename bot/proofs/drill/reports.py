"""Plants in whole reports: words, what should not be typed, an answer, what is added afterwards."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from bot.proofs.drill.telegram import answer, leave, press
from bot.scripts import bare
from bot.vault.receipts import is_receipt

if TYPE_CHECKING:
    from bot.proofs.botapi.person import Heard
    from bot.proofs.drill.stage import Stage

_BEGINNING = ("Yes, it is safe", "Yes, with buttons", "Yes", "Yes", "Me", "Death threat")
_MORE = ("Add more", "Yes, once", "Today")
_REST = (
    "I do not know", "None of these", "Only advice", "Quiet", "I do not want to say",
    "Here, without saying what", "At any time",
)  # fmt: skip
_ARTIST, _PLACE, _PLACE_NAME = 0x013B, 0x8825, 0x001B
"""Of Exif: who took it, where, and what that place is called."""
_EACH = 10
"""Words planted by one report."""


async def report_and_be_answered(stage: Stage, share: int) -> None:
    """Report, send, be answered, come back with the receipt from elsewhere, add something."""
    for _ in range(max(share // _EACH, 1)):
        person = await stage.person("report")
        await person.says("/report")
        await answer(person)
        for label in _BEGINNING:
            await press(stage, person, label)
        typed = stage.cage.word("typed at a button of a report, with a number")
        stage.office.sealed.append(typed)
        await person.says(f"{typed} +257 79 000 111")
        await answer(person)
        for label in _MORE:
            await press(stage, person, label)
        await person.says("Kenya")
        await answer(person)
        for label in _REST:
            await press(stage, person, label)
        words = stage.cage.word("own words of a report")
        stage.office.sealed.append(words)
        await person.says(f"A neighbour called {words} keeps asking questions.")
        await answer(person)
        shown = stage.cage.word("comment in a picture of a report")
        stage.office.sealed.append(shown)
        # A picture with a comment, a place and a name in its file.
        await person.sends_document(
            _picture(shown), name=f"{stage.cage.word('name of a file of a report')}.jpg",
            media_type="image/jpeg", caption=stage.cage.word("caption of a picture of a report"),
        )  # fmt: skip
        await answer(person)
        await press(stage, person, "90 days")
        heard = await press(stage, person, "Only your team")
        while not (receipt := _receipt(heard)):
            # Making it takes a tenth of a second of a core that is free.
            heard.append(await person.hears(within=240.0))
        stage.cage.known(receipt, "receipt")
        told = stage.cage.word("answer of a coordinator")
        note = stage.cage.word("note of a coordinator in a case")
        await stage.office.answer(words, f"Ask for {told} at the door.", f"Call {note} first.")
        stage.office.sealed += (told, note)
        await answer(person, 2.0)
        await leave(person)
        await _come_back(stage, receipt, told)


async def _come_back(stage: Stage, receipt: str, told: str) -> None:
    person = await stage.person("receipt")
    await person.says(receipt)
    shown = [*await answer(person), *await press(stage, person, "Add something")]
    heard = bare("\n".join(one.text for one in shown))
    if told not in heard:
        raise RuntimeError("an answer was not shown for its receipt")
    added = stage.cage.word("added with a receipt")
    stage.office.sealed.append(added)
    await person.says(f"And {added} too.")
    await answer(person)
    await leave(person)


def _picture(comment: str) -> bytes:
    """Return a picture whose hidden data say something, in the three places where that is usual."""
    data = Image.Exif()
    data[_ARTIST] = comment
    data.get_ifd(_PLACE)[_PLACE_NAME] = comment
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 150)).save(out, "JPEG", exif=data, comment=comment)
    return out.getvalue()


def _receipt(heard: list[Heard]) -> str:
    lines = (bare(line) for one in heard for line in one.text.splitlines())
    return next((line for line in lines if is_receipt(line)), "")
