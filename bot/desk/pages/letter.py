"""A letter from a case: made on this machine, out of coded answers that were opened here.

The person's own words stand in it only when the coordinator wants them to. Names stay blanks. The
server learns that something was taken out of the case, as with every export, and not what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.exports import ExportCase
from bot.contract.exports import Form as FileForm
from bot.contract.items import Answers, Consent, WrittenWords
from bot.desk.frame import WORKERS, Page
from bot.desk.opening import open_case
from bot.desk.pages.case import download
from bot.desk.server import AskError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form
    from bot.desk.opening import OpenedCase

TONGUES = ("en", "fr", "es")
_TEAM = "coordinator-only"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Ask to whom, in which language, and whether with their own words."""
    del form
    opened = await open_case(desk.ask, desk.seat.identity, request.path_params["case"])
    today = desk.clock.now().date()
    return desk.show(
        "letter.html",
        here="queue",
        summary=opened.summary,
        bodies=desk.shelf.letter_bodies(answers_of(opened), today, desk.language),
        tongues=TONGUES,
        has_words=_words(opened) is not None,
        agreed=_agreed(opened),
    )


async def write(desk: Desk, request: Request, form: Form) -> Response:
    """Make the letter; the record says so before the file exists."""
    case = request.path_params["case"]
    opened = await open_case(desk.ask, desk.seat.identity, case)
    language = form.one("language")
    made = desk.shelf.letter(
        form.one("body"),
        answers_of(opened),
        _words(opened) if form.one("words") == "1" else None,
        language if language in TONGUES else TONGUES[0],
        desk.clock.now().date(),
    )
    if made is None:
        raise AskError("not-found")
    await desk.ask("exports.case", ExportCase(case=case, form=FileForm.DOCX))
    return download("letter.docx", _DOCX, made)


def answers_of(opened: OpenedCase) -> dict[str, tuple[str, ...]]:
    """Return every coded answer of a case; what was said last counts."""
    found: dict[str, tuple[str, ...]] = {}
    for one in opened.items:
        if isinstance(one.item, Answers):
            found |= {answer.name: answer.values for answer in one.item.answers}
    return found


def _words(opened: OpenedCase) -> WrittenWords | None:
    written = [one.item for one in opened.items if isinstance(one.item, WrittenWords)]
    if not written:
        return None
    text = "\n\n".join(one.text for one in written)
    return WrittenWords(text=text, language=written[0].language, at=written[0].at)


def _agreed(opened: OpenedCase) -> bool:
    """Tell whether the person agreed to anything beyond this team that still holds."""
    standing: dict[tuple[str, str], bool] = {}
    for one in opened.items:
        if isinstance(one.item, Consent) and one.item.level != _TEAM:
            standing[one.item.level, one.item.recipient] = one.item.revoked_at is None
    return any(standing.values())


PAGE = Page(
    name="letter",
    path="",
    roles=WORKERS,
    in_menu=False,
    routes=(("GET", "/cases/{case}/letter", show), ("POST", "/cases/{case}/letter", write)),
)
