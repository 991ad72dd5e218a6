"""Writing an alert or a drill: the form, what it sends, and giving back what was not taken.

The desk chooses the id when the form is opened, so a form that is sent twice makes one alert. What
the server refuses comes back with everything that was typed; so does what was typed when the desk
locked itself.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.contract.alerts import AlertText, NameAlert, Severity, WriteAlert
from bot.contract.operations import Nothing
from bot.contract.shapes import ShapeError, parse, plain
from bot.desk.frame import Form
from bot.desk.pages import alert_audience
from bot.desk.server import AskError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from bot.contract.alerts import Vocabulary
    from bot.desk.frame import Desk

LASTS = (60, 360, 1440, 4320, 10080)
HOLDS = (0, 120, 300, 900)
_STEPS = {"topic": "topics", "region": "regions", "group": "groups", "role": "role"}
"""Questions of the flow in which people choose, by the name that an audience uses."""


def kind_of(request: Request) -> str:
    """Return `alerts` or `drills`: the two have addresses of their own."""
    return "drills" if request.url.path.split("/")[1] == "drills" else "alerts"


def label(desk: Desk, name: str, code: str) -> str:
    """Return what people saw when they chose a code."""
    if name in {"country", "language"}:
        return desk.shelf.term(name, code, desk.language)
    return desk.shelf.answer("subscriptions", _STEPS[name], "choices", code, desk.language)


async def new(desk: Desk, request: Request, form: Form) -> Response:
    """Begin an alert with an empty form."""
    del form
    empty = WriteAlert(
        alert=secrets.token_hex(8), severity=Severity.AMBER, audience=alert_audience.EVERYONE,
        texts=(), fallback=desk.language,
    )  # fmt: skip
    return await _composer(desk, request, empty)


async def edit(desk: Desk, request: Request, form: Form) -> Response:
    """Change a draft, or go on with what was typed when the desk locked itself."""
    del form
    alert = request.path_params["alert"]
    kept, desk.seat.composed = desk.seat.composed, None
    if kept is not None and kept[0] == request.url.path:
        typed = Form(kept[1])
        return await _composer(desk, request, await _typed(desk, request, typed), typed=typed)
    view = await desk.ask(f"{kind_of(request)}.show", NameAlert(alert=alert))
    return await _composer(desk, request, view.written)


async def write(desk: Desk, request: Request, form: Form) -> Response:
    """Send the draft to the server."""
    kind, alert = kind_of(request), request.path_params["alert"]
    asked = None
    try:
        asked = await _typed(desk, request, form)
        # What this desk would not take back from its form, the server does not take either.
        parse(WriteAlert, plain(asked))
        await desk.ask(f"{kind}.write", asked)
    except (ShapeError, ValueError):
        return await _composer(desk, request, asked, typed=form, trouble="wrong")
    except AskError as error:
        if error.code in {"locked", "wrong-identity"}:
            desk.seat.composed = (f"/{kind}/{alert}/edit", form.fields)
            raise
        if error.code == "changed" and asked is not None:
            # Saving once more overwrites what the other one wrote, and they see that it would.
            view = await desk.ask(f"{kind}.show", NameAlert(alert=alert))
            asked = replace(asked, version=view.head.version)
        return await _composer(desk, request, asked, typed=form, trouble=error.code)
    return desk.go(f"/{kind}/{alert}", "saved")


async def _typed(desk: Desk, request: Request, form: Form) -> WriteAlert:
    vocabulary = await desk.ask("alerts.vocabulary", Nothing())
    names = [one.name for one in vocabulary.names]
    clock = form.one("own_clock") if form.one("when") == "own-clock" else ""
    at = form.one("at") if form.one("when") == "at" else ""
    return WriteAlert(
        alert=request.path_params["alert"],
        version=_number(form, "version", 0),
        severity=Severity(form.one("severity")),
        audience=alert_audience.of_form(form, names).text,
        texts=_texts(form, "text", vocabulary.languages),
        fallback=form.one("fallback"),
        topic=form.one("topic"),
        correction=_texts(form, "correction", vocabulary.languages),
        roll_call=form.one("roll_call") == "1",
        ladder=form.one("ladder") == "1",
        # A moment without a zone is one of this machine's.
        at=datetime.fromisoformat(at).astimezone(UTC) if at else None,
        own_clock=clock[:5],
        lasts_minutes=_number(form, "lasts", LASTS[2]),
        hold_seconds=_number(form, "hold", HOLDS[1]),
    )


def _texts(form: Form, name: str, languages: Sequence[str]) -> tuple[AlertText, ...]:
    written = {tag: form.one(f"{name}-{tag}").replace("\r\n", "\n").strip() for tag in languages}
    return tuple(AlertText(language=tag, text=text) for tag, text in written.items() if text)


def _number(form: Form, name: str, otherwise: int) -> int:
    text = form.one(name)
    return int(text) if text.isdecimal() else otherwise


async def _composer(
    desk: Desk,
    request: Request,
    written: WriteAlert | None,
    *,
    typed: Form | None = None,
    trouble: str = "",
) -> Response:
    vocabulary = await desk.ask("alerts.vocabulary", Nothing())
    names = [one.name for one in vocabulary.names]
    kept = Form({}) if typed is None else typed
    chosen = (
        alert_audience.of_form(kept, names)
        if typed is not None
        else alert_audience.of_text(written.audience if written else "")
    )
    texts = {one.language: one.text for one in (written.texts if written else ())}
    corrections = {one.language: one.text for one in (written.correction if written else ())}
    for tag in vocabulary.languages:
        texts[tag] = kept.one(f"text-{tag}") or texts.get(tag, "")
        corrections[tag] = kept.one(f"correction-{tag}") or corrections.get(tag, "")
    at = written.at if written else None
    return desk.show(
        "alert_compose.html",
        status=409 if trouble else 200,
        here="alerts",
        kind=kind_of(request),
        alert=written.alert if written else request.path_params["alert"],
        written=written,
        trouble=trouble,
        severities=tuple(Severity),
        texts=texts,
        corrections=corrections,
        languages_written=_ordered(desk, vocabulary, texts),
        names=_names(desk, vocabulary),
        chosen=chosen,
        # The browser's field wants a moment of this machine, without a zone.
        at=at.astimezone().strftime("%Y-%m-%dT%H:%M") if at else "",
        zone=desk.clock.now().astimezone().strftime("UTC%z"),
        lasts=LASTS,
        holds=HOLDS,
    )


def _ordered(desk: Desk, vocabulary: Vocabulary, texts: dict[str, str]) -> list[tuple[str, str]]:
    """Return languages with their names: what is written first, then one's own, then the rest."""
    tags = sorted(vocabulary.languages, key=lambda tag: (not texts[tag], tag != desk.language))
    return [(tag, desk.shelf.term("language", tag, desk.language)) for tag in tags]


def _names(desk: Desk, vocabulary: Vocabulary) -> list[tuple[str, list[tuple[str, str]]]]:
    found = []
    for one in vocabulary.names:
        labels = [(code, label(desk, one.name, code)) for code in one.codes]
        if one.name in {"country", "language"}:
            labels.sort(key=lambda pair: pair[1].casefold())
        found.append((one.name, labels))
    return found
