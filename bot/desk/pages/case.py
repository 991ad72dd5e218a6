"""One case, opened here: what was reported, in the coordinator's language, and what to do with it.

Everything that a coordinator writes is sealed here before it goes, except an answer to the person:
that one the server must read once, to pass it on, and its copy for the file is sealed here as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import Response

from bot.contract.cases import (
    LONGEST_ANSWER,
    AddItem,
    AnswerPerson,
    AskCase,
    CloseCase,
    GiveCase,
    Outcome,
    SetRetention,
    SetUrgency,
    State,
    Urgency,
)
from bot.contract.exports import ExportCase
from bot.contract.exports import Form as FileForm
from bot.contract.items import Answered, FileHead, Note
from bot.contract.operations import Role
from bot.desk.export import write_export
from bot.desk.frame import WORKERS, Page
from bot.desk.opening import open_case, open_file
from bot.desk.pages.queue import people
from bot.desk.server import AskError

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.contract.items import Item
    from bot.desk.frame import Desk, Form
    from bot.desk.opening import OpenedCase

LONGEST_NOTE = 20_000
_SHOWN_AS_IMAGE = frozenset({"image/png", "image/jpeg", "image/webp"})


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show a case."""
    del form
    return await _page(desk, request.path_params["case"])


async def _page(
    desk: Desk, case: str, *, trouble: str = "", drafts: dict[str, str] | None = None
) -> Response:
    opened = await _open(desk, case)
    by_id = await people(desk)
    colleagues = [
        one
        for one in by_id.values()
        if set(one.roles) & WORKERS and one.live and one.id != opened.summary.assigned_to
    ]
    kept = desk.seat.drafts.pop(case, {})
    return desk.show(
        "case.html",
        status=409 if trouble else 200,
        here="queue",
        case=opened,
        summary=opened.summary,
        by_id=by_id,
        colleagues=sorted(colleagues, key=lambda one: (not one.on_duty, one.alias)),
        trouble=trouble,
        drafts={"answer": "", "note": "", "reason": "", **kept, **(drafts or {})},
        outcomes=list(Outcome),
        urgencies=list(Urgency),
        closed=opened.summary.state is State.CLOSED,
        longest_answer=LONGEST_ANSWER,
        longest_note=LONGEST_NOTE,
        question=lambda flow, one: desk.shelf.question(flow, one.step, one.name, desk.language),
        label=lambda flow, one, value: desk.shelf.answer(
            flow, one.step, one.kind, value, desk.language
        ),
        lead=Role.LEAD in desk.roles,
        as_image=_SHOWN_AS_IMAGE,
    )


async def _open(desk: Desk, case: str) -> OpenedCase:
    return await open_case(desk.ask, desk.seat.identity, case)


async def answer(desk: Desk, request: Request, form: Form) -> Response:
    """Answer the person; when it is not taken the words are given back."""
    case, words = request.path_params["case"], form.one("words").replace("\r\n", "\n").strip()
    if not words or len(words) > LONGEST_ANSWER:
        return await _page(
            desk, case, trouble="too-long" if words else "empty", drafts={"answer": words}
        )
    language = form.one("language") or desk.language

    async def send(opened: OpenedCase) -> None:
        item = Answered(text=words, language=language, by=_alias(desk), at=desk.clock.now())
        place, _, sealed = opened.seal(item)
        await desk.ask(
            "cases.answer",
            AnswerPerson(case=case, words=words, language=language, sequence=place, sealed=sealed),
        )

    return await _sealing(desk, case, send, "answered", {"answer": words})


async def note(desk: Desk, request: Request, form: Form) -> Response:
    """Add a note."""
    case, text = request.path_params["case"], form.one("text").replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST_NOTE:
        return await _page(
            desk, case, trouble="too-long" if text else "empty", drafts={"note": text}
        )

    async def send(opened: OpenedCase) -> None:
        await _add(desk, opened, _note(desk, text))

    return await _sealing(desk, case, send, "noted", {"note": text})


async def urgency(desk: Desk, request: Request, form: Form) -> Response:
    """Raise or lower the urgency; why stands in a note."""
    case, reason = request.path_params["case"], form.one("reason").strip()
    try:
        wanted = Urgency(form.one("urgency"))
    except ValueError:
        return await _page(desk, case, trouble="wrong", drafts={"reason": reason})
    if not reason or len(reason) > LONGEST_NOTE:
        return await _page(desk, case, trouble="no-reason", drafts={"reason": reason})

    async def send(opened: OpenedCase) -> None:
        place, _, sealed = opened.seal(_note(desk, reason))
        await desk.ask(
            "cases.urgency", SetUrgency(case=case, urgency=wanted, sequence=place, sealed=sealed)
        )

    return await _sealing(desk, case, send, "urgency-set", {"reason": reason})


async def _sealing(
    desk: Desk, case: str, send: Any, notice: str, drafts: dict[str, str]
) -> Response:
    """Seal for the next place and send; somebody may have been quicker, so try once more."""
    code = "changed-meanwhile"
    for _ in range(2):
        try:
            await send(await _open(desk, case))
        except AskError as error:
            code = error.code
            if code != "changed-meanwhile":
                break
        else:
            return desk.go(f"/cases/{case}", notice)
    if code in {"locked", "not-found", "no-server"}:
        # The page cannot be shown now: what was written waits for it.
        desk.seat.drafts[case] = drafts
        raise AskError(code)
    return await _page(desk, case, trouble=code, drafts=drafts)


async def give(desk: Desk, request: Request, form: Form) -> Response:
    """Hand one's own case over, or give any case to somebody."""
    case, to = request.path_params["case"], form.one("to")
    sheet = await desk.ask("cases.open", AskCase(case=case))
    name = "cases.hand-over" if sheet.summary.mine else "cases.assign"
    await desk.ask(name, GiveCase(case=case, to=to))
    return desk.go("/", "given")


async def assign(desk: Desk, request: Request, form: Form) -> Response:
    """Give a case from the queue to somebody."""
    await desk.ask("cases.assign", GiveCase(case=request.path_params["case"], to=form.one("to")))
    return desk.go("/", "given")


async def release(desk: Desk, request: Request, form: Form) -> Response:
    """Put a case back."""
    del form
    await desk.ask("cases.release", AskCase(case=request.path_params["case"]))
    return desk.go("/", "released")


async def close(desk: Desk, request: Request, form: Form) -> Response:
    """End a case, with a last note when there is one."""
    case, text = request.path_params["case"], form.one("text").strip()
    try:
        outcome = Outcome(form.one("outcome"))
    except ValueError:
        return await _page(desk, case, trouble="no-outcome", drafts={"note": text})
    if text:
        await _add(desk, await _open(desk, case), _note(desk, text))
    await desk.ask("cases.close", CloseCase(case=case, outcome=outcome))
    return desk.go(f"/cases/{case}", "closed")


async def reopen(desk: Desk, request: Request, form: Form) -> Response:
    """Open a closed case again."""
    del form
    case = request.path_params["case"]
    await desk.ask("cases.reopen", AskCase(case=case))
    return desk.go(f"/cases/{case}", "reopened")


async def retention(desk: Desk, request: Request, form: Form) -> Response:
    """Shorten for how long it is kept."""
    case, days = request.path_params["case"], form.one("days")
    if not days.isdecimal() or not 1 <= int(days) <= 365:  # noqa: PLR2004 - the contract's bounds
        return await _page(desk, case, trouble="wrong")
    await desk.ask("cases.retention", SetRetention(case=case, days=int(days)))
    return desk.go(f"/cases/{case}", "retention-set")


async def export(desk: Desk, request: Request, form: Form) -> Response:
    """Take one case out; the server records it before the file exists."""
    case = request.path_params["case"]
    kind = FileForm.JSON if form.one("form") == FileForm.JSON else FileForm.DOCX
    opened = await _open(desk, case)
    mark = await desk.ask("exports.case", ExportCase(case=case, form=kind))
    name, media_type, content = write_export(desk, [opened], kind, mark)
    return download(name, media_type, content)


async def original(desk: Desk, request: Request, form: Form) -> Response:
    """Give a file as it was sent; whoever opens it should do so where nothing can be lost."""
    del form
    opened, head = await _file(desk, request)
    content = await open_file(desk.ask, opened, head.parts)
    return download(_harmless(head), "application/octet-stream", content)


async def clean(desk: Desk, request: Request, form: Form) -> Response:
    """Show the clean copy of an image."""
    del form
    opened, head = await _file(desk, request)
    if head.clean_type not in _SHOWN_AS_IMAGE:
        raise AskError("not-found")
    content = await open_file(desk.ask, opened, head.clean_parts)
    response = Response(content, media_type=head.clean_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


async def _file(desk: Desk, request: Request) -> tuple[OpenedCase, FileHead]:
    opened = await _open(desk, request.path_params["case"])
    for one in opened.items:
        if str(one.head.sequence) == request.path_params["sequence"]:
            if isinstance(one.item, FileHead):
                return opened, one.item
            break
    raise AskError("not-found")


def download(name: str, media_type: str, content: bytes) -> Response:
    """Return a file to be saved."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(content, media_type=media_type, headers=headers)


def _harmless(head: FileHead) -> str:
    """Return a name that opens nothing by a double click."""
    kept = "".join(sign for sign in head.name if sign.isalnum() or sign in "-_. ")[-60:]
    return f"{kept or 'file'}.original"


async def _add(desk: Desk, opened: OpenedCase, item: Item) -> None:
    place, kind, sealed = opened.seal(item)
    await desk.ask(
        "cases.add",
        AddItem(case=opened.summary.case, sequence=place, kind=kind, sealed=sealed),
    )


def _note(desk: Desk, text: str) -> Note:
    return Note(text=text, by=_alias(desk), at=desk.clock.now())


def _alias(desk: Desk) -> str:
    return desk.seat.me.alias if desk.seat.me else ""


_AT = "/cases/{case}"

PAGE = Page(
    name="case",
    path="",
    roles=WORKERS,
    in_menu=False,
    routes=(
        ("GET", _AT, show),
        ("POST", f"{_AT}/answer", answer),
        ("POST", f"{_AT}/note", note),
        ("POST", f"{_AT}/urgency", urgency),
        ("POST", f"{_AT}/give", give),
        ("POST", f"{_AT}/assign", assign),
        ("POST", f"{_AT}/release", release),
        ("POST", f"{_AT}/close", close),
        ("POST", f"{_AT}/reopen", reopen),
        ("POST", f"{_AT}/retention", retention),
        ("POST", f"{_AT}/export", export),
        ("GET", _AT + "/files/{sequence}", original),
        ("GET", _AT + "/images/{sequence}", clean),
    ),
)
