"""A table of payloads: what arrives, and what becomes of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import telegram
from aiogram import types
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.parse import MAX_TEXT, MalformedUpdateError, Me, parse
from bot.domain.messages import Inbound, InboundKind
from bot.proofs.botapi.opinion import unknown_to_aiogram, unknown_to_ptb
from bot.proofs.botapi.schema import load

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ME = Me(id=7_000_000_001, username="neighbour_notes_bot")
USER = {
    "id": 5_500_000_001,
    "is_bot": False,
    "first_name": "Invented",
    "last_name": "Person",
    "username": "invented_person",
    "language_code": "pt-br",
}
PRIVATE = {"id": 5_500_000_001, "type": "private", "first_name": "Invented"}
GROUP = {"id": -1_001_900_000_001, "type": "supergroup", "title": "Invented group"}
NEWS = {"id": -100_5, "type": "channel", "title": "Invented news"}
HANDLE = {"file_id": "BQ1", "file_unique_id": "u1", "file_size": 2_000}
BOT = {"id": ME.id, "is_bot": True, "first_name": "Neighbour", "username": ME.username}


def message(chat: dict[str, Any] = PRIVATE, **body: Any) -> dict[str, Any]:
    return {"message_id": 31, "from": USER, "chat": chat, "date": 1_795_000_000, **body}


def update(kind: str = "message", **body: Any) -> dict[str, Any]:
    return {"update_id": 700_000_001, kind: body}


def read(raw: dict[str, Any]) -> Inbound | None:
    # A fixture that Telegram would never send proves nothing: three opinions on each.
    assert load().faults_in("Update", raw) == []
    assert list(unknown_to_ptb(telegram.Update.de_json(raw, None))) == []
    assert list(unknown_to_aiogram(types.Update.model_validate(raw))) == []
    return parse(raw, me=ME, at=AT)


PLACE = {"latitude": 10.5, "longitude": -66.9}
STICKER = {
    **HANDLE,
    "type": "regular",
    "width": 1,
    "height": 1,
    "is_animated": False,
    "is_video": False,
}
ORIGIN = {"type": "hidden_user", "sender_user_name": "Invented Sender", "date": 1}
CHANNEL_ORIGIN = {
    "type": "channel",
    "chat": {"id": -100_5, "type": "channel", "title": "Invented news"},
    "message_id": 4,
    "date": 1,
}


@pytest.mark.parametrize(
    ("body", "kind", "data", "words"),
    [
        ({"text": "They took my brother"}, "text", None, "They took my brother"),
        ({"text": "/start"}, "command", "start", None),
        ({"text": "/SOS"}, "command", "sos", None),
        ({"text": "/sos@neighbour_notes_bot"}, "command", "sos", None),
        ({"text": "/start  abc_DEF"}, "command", "start", "abc_DEF"),
        ({"text": "/report my house"}, "command", "report", "my house"),
        ({"text": "/no command: a path/like/this"}, "command", "no", "command: a path/like/this"),
        ({"text": "/päivää"}, "text", None, "/päivää"),
        ({"text": "an /sos inside"}, "text", None, "an /sos inside"),
        ({"sticker": STICKER}, "sticker", None, None),
        ({"dice": {"emoji": "🎲", "value": 4}}, "sticker", None, None),
        ({"location": PLACE}, "location", None, "10.500000 -66.900000"),
        (
            {"location": PLACE, "venue": {"location": PLACE, "title": "x", "address": "y"}},
            "location",
            None,
            "10.500000 -66.900000",
        ),
        ({"contact": {"phone_number": "+0", "first_name": "x"}}, "contact", None, None),
        (
            {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86_400}},
            "auto-delete",
            "86400",
            None,
        ),
        (
            {"message_auto_delete_timer_changed": {"message_auto_delete_time": 0}},
            "auto-delete",
            "0",
            None,
        ),
        ({"story": {"chat": PRIVATE, "id": 4}}, "other", None, None),
    ],
)
def test_a_private_message_says_what_it_is(
    body: dict[str, Any], kind: str, data: str | None, words: str | None
) -> None:
    inbound = read(update(**message(**body)))
    assert inbound is not None
    assert inbound.kind == InboundKind(kind)
    assert inbound.data == data
    assert (inbound.words.reveal() if inbound.words else None) == words
    assert inbound.address == "5500000001"
    assert inbound.update_id == "700000001"
    assert inbound.message_ref == "31"
    assert inbound.language_hint == "pt-br"
    assert inbound.received_at == AT


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"photo": [{**HANDLE, "width": 1, "height": 1}] * 2}, "photo"),
        ({"voice": {**HANDLE, "duration": 3}}, "voice"),
        ({"audio": {**HANDLE, "duration": 3}}, "audio"),
        ({"video": {**HANDLE, "duration": 3, "width": 1, "height": 1}}, "video"),
        ({"video_note": {**HANDLE, "duration": 3, "length": 1}}, "video"),
        ({"document": {**HANDLE, "file_name": "my name.pdf"}}, "document"),
    ],
)
def test_a_file_keeps_its_handle_and_its_caption_but_not_its_name(
    body: dict[str, Any], kind: str
) -> None:
    inbound = read(update(**message(caption="what it shows", **body)))
    assert inbound is not None
    assert inbound.kind is InboundKind.FILE
    assert inbound.file is not None
    assert (inbound.file.ref, inbound.file.kind, inbound.file.size) == ("BQ1", kind, 2_000)
    assert inbound.words is not None
    assert inbound.words.reveal() == "what it shows"
    assert "my name" not in repr(inbound)


def test_the_largest_photo_is_taken() -> None:
    sizes = [{**HANDLE, "file_id": name, "width": 1, "height": 1} for name in ("small", "large")]
    inbound = read(update(**message(photo=sizes)))
    assert inbound is not None
    assert inbound.file is not None
    assert inbound.file.ref == "large"


def test_an_animation_is_no_document() -> None:
    animation = {**HANDLE, "width": 1, "height": 1, "duration": 1}
    inbound = read(update(**message(animation=animation, document=HANDLE)))
    assert inbound is not None
    assert inbound.kind is InboundKind.STICKER


@pytest.mark.parametrize("origin", [ORIGIN, CHANNEL_ORIGIN])
def test_a_forwarded_command_is_no_command(origin: dict[str, Any]) -> None:
    inbound = read(update(**message(text="/sos", forward_origin=origin)))
    assert inbound is not None
    assert inbound.kind is InboundKind.TEXT
    assert inbound.forwarded


def test_a_press_keeps_what_the_button_carried() -> None:
    query = {"id": "42", "from": USER, "message": message(), "chat_instance": "1", "data": "w.sos"}
    inbound = read(update("callback_query", **query))
    assert inbound is not None
    assert inbound.kind is InboundKind.BUTTON
    assert (inbound.data, inbound.callback_ref, inbound.message_ref) == ("w.sos", "42", "31")
    assert inbound.address == "5500000001"


def test_a_press_under_a_message_too_old_to_show_still_counts() -> None:
    gone = {"chat": PRIVATE, "message_id": 31, "date": 0}
    query = {"id": "42", "from": USER, "message": gone, "chat_instance": "1", "data": "x"}
    inbound = read(update("callback_query", **query))
    assert inbound is not None
    assert inbound.data == "x"
    del query["message"]
    inbound = read(update("callback_query", **query))
    assert inbound is not None
    assert inbound.address == "5500000001"
    assert inbound.message_ref is None


def test_an_edit_is_told_apart_from_something_new() -> None:
    inbound = read(update("edited_message", **message(text="corrected", edit_date=2)))
    assert inbound is not None
    assert inbound.kind is InboundKind.EDITED
    assert inbound.words is not None


@pytest.mark.parametrize(
    ("chat", "before", "after", "kind"),
    [
        (PRIVATE, "member", "kicked", "blocked"),
        (PRIVATE, "kicked", "member", "returned"),
        (GROUP, "left", "member", "group"),
        (GROUP, "member", "kicked", "blocked"),
        (GROUP, "member", "member", None),
        (NEWS, "left", "member", None),
    ],
)
def test_who_let_us_in_or_threw_us_out_is_told(
    chat: dict[str, Any], before: str, after: str, kind: str | None
) -> None:
    def member(status: str) -> dict[str, Any]:
        return {"status": status, "user": BOT, **({"until_date": 0} if status == "kicked" else {})}

    change = {"chat": chat, "from": USER, "date": 1}
    change |= {"old_chat_member": member(before), "new_chat_member": member(after)}
    inbound = read(update("my_chat_member", **change))
    assert (inbound and inbound.kind.value) == kind


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        ({"text": "/sos"}, True),
        ({"text": "/sos@neighbour_notes_bot"}, True),
        ({"text": "/sos@Neighbour_Notes_Bot please"}, True),
        ({"text": "/sos@another_bot"}, False),
        ({"text": "thanks @Neighbour_notes_bot"}, True),
        ({"text": "among ourselves"}, False),
        ({"text": "reply", "reply_to_message": message(GROUP) | {"from": BOT}}, True),
        ({"text": "reply", "reply_to_message": message(GROUP)}, False),
        ({"photo": [{**HANDLE, "width": 1, "height": 1}]}, False),
        ({"migrate_to_chat_id": -5}, False),
    ],
)
def test_in_a_group_only_what_is_meant_for_us_counts_and_its_words_are_dropped(
    body: dict[str, Any],
    ours: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    inbound = read(update(**message(GROUP, **body)))
    assert (inbound is not None) == ours
    if inbound is not None:
        assert inbound.kind is InboundKind.GROUP
        assert inbound.words is None
        assert inbound.address == str(GROUP["id"])


def test_a_channel_post_is_answered_only_when_it_calls_us() -> None:
    post = {"message_id": 4, "date": 1, "chat": NEWS, "sender_chat": NEWS}
    assert read(update("channel_post", **post, text="news of the day")) is None
    called = read(update("channel_post", **post, text="/sos@neighbour_notes_bot"))
    assert called is not None
    assert called.kind is InboundKind.GROUP


@pytest.mark.parametrize(
    "body", [{"pinned_message": message(text="x")}, {"new_chat_title": "x"}, {"from": BOT}]
)
def test_what_nobody_said_needs_no_answer(body: dict[str, Any]) -> None:
    assert read(update(**{**message(), **body})) is None


def test_words_longer_than_telegram_sends_are_cut() -> None:
    inbound = read(update(**message(text="x" * 100_000)))
    assert inbound is not None
    assert len(inbound.words or "") == MAX_TEXT


def test_names_and_words_are_not_in_the_repr() -> None:
    shown = repr(read(update(**message(text="They took my brother"))))
    for secret in ("brother", "Invented", "invented_person"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "no-update-id"),
        ([], "no-update-id"),
        ({}, "no-update-id"),
        ({"update_id": "5"}, "no-update-id"),
        ({"update_id": True}, "no-update-id"),
        ({"update_id": 5, "message": "text"}, "not-an-object"),
        ({"update_id": 5, "message": {"text": "x"}}, "not-an-object"),
        ({"update_id": 5, "message": {"chat": {"type": "private"}, "text": "x"}}, "no-chat"),
        (
            {"update_id": 5, "message": {"chat": {"type": "private", "id": 4}, "text": "x"}},
            "no-message-id",
        ),
        (
            {"update_id": 5, "message": {**message(), "voice": {"file_id": 5}}},
            "no-file-id",
        ),
        ({"update_id": 5, "callback_query": {"from": {"id": 5}}}, "no-query-id"),
        ({"update_id": 5, "callback_query": {"from": {"id": "5"}}}, "no-sender"),
        ({"update_id": 5, "my_chat_member": {"chat": PRIVATE}}, "not-an-object"),
    ],
)
def test_what_is_no_update_is_named_by_a_code(raw: object, code: str) -> None:
    with pytest.raises(MalformedUpdateError, match=code):
        parse(raw, me=ME, at=AT)


def test_kinds_that_we_do_not_use_are_ignored() -> None:
    assert parse({"update_id": 5, "poll": {}}, me=ME, at=AT) is None


KNOWN = (
    *("update_id", "message", "callback_query", "edited_message", "my_chat_member"),
    *("channel_post", "chat", "from", "id", "type", "text", "photo", "voice", "file_id", "data"),
    *("message_id", "new_chat_member", "old_chat_member", "status", "caption", "is_bot"),
    *("message_auto_delete_timer_changed", "reply_to_message", "language_code"),
)
NAMES = st.sampled_from(KNOWN)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)


@given(JSON)
def test_whatever_comes_is_read_ignored_or_malformed(raw: object) -> None:
    # A malformed update is an answer; any other exception is a bug.
    with suppress(MalformedUpdateError):
        inbound = parse(raw, me=ME, at=AT)
        assert inbound is None or int(inbound.address)
