from __future__ import annotations

import json
from hashlib import sha256
from importlib.resources import files

import pytest

from bot.proofs.botapi.errors import RefusedCall
from bot.proofs.botapi.schema import Schema, Upload, load


@pytest.fixture
def schema() -> Schema:
    return load()


def refused(schema: Schema, method: str, **fields: object) -> str:
    with pytest.raises(RefusedCall) as caught:
        schema.read_call(method, fields, {})
    assert caught.value.violation
    return caught.value.description


def test_the_snapshot_is_the_one_that_the_readme_names() -> None:
    folder = files("bot.proofs.botapi")
    readme = folder.joinpath("README.md").read_text(encoding="utf-8")
    assert "160fd99507e1c7c77e92dc90f5993d724735b51c" in readme
    digest = sha256(folder.joinpath("schema.json").read_bytes()).hexdigest()
    assert digest == "a96b7fc1161c68acefcc87b7f774163d522c7356f736044c7c7eaad970808505"
    assert "MIT License" in folder.joinpath("LICENSE").read_text(encoding="utf-8")


def test_a_form_and_a_json_body_read_the_same(schema: Schema) -> None:
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    as_json = {"chat_id": 5, "text": "hi", "protect_content": True, "reply_markup": markup}
    as_form = {
        "chat_id": "5",
        "text": "hi",
        "protect_content": "true",
        "reply_markup": json.dumps(markup),
    }
    assert schema.read_call("sendMessage", as_json, {}) == as_json
    assert schema.read_call("sendMessage", as_form, {}) == as_json


def test_an_unknown_field_is_named(schema: Schema) -> None:
    assert "'txet'" in refused(schema, "sendMessage", chat_id=5, text="hi", txet="hi")


def test_a_missing_field_is_named(schema: Schema) -> None:
    assert "'text'" in refused(schema, "sendMessage", chat_id=5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chat_id", "five"),
        ("chat_id", True),
        ("text", 5),
        ("protect_content", "perhaps"),
        ("message_thread_id", "1.5"),
        ("reply_markup", "{not json"),
        ("reply_markup", {"inline_keyboard": [[{"callback_data": "no text"}]]}),
        ("reply_markup", {"inline_keyboard": [[{"text": "x", "colour": "red"}]]}),
        ("reply_markup", {"inline_keyboard": {"text": "no list"}}),
        ("entities", [{"type": "bold", "offset": "0", "length": 1}]),
    ],
)
def test_a_wrong_type_is_refused(schema: Schema, field: str, value: object) -> None:
    fields = {"chat_id": 5, "text": "hi", field: value}
    assert field in refused(schema, "sendMessage", **fields)


def test_a_name_newer_than_the_snapshot_passes_because_it_is_listed(schema: Schema) -> None:
    fields = {"chat_id": 5, "text": "hi", "receiver_user_id": 6}
    assert schema.read_call("sendMessage", fields, {}) == {"chat_id": 5, "text": "hi"}
    assert schema.knows("editEphemeralMessageText")


def test_a_file_comes_as_upload_or_as_id(schema: Schema) -> None:
    upload = Upload(name="a.txt", media_type="text/plain", content=b"x")
    read = schema.read_call("sendDocument", {"chat_id": "5"}, {"document": upload})
    assert read["document"] is upload
    assert schema.read_call("sendDocument", {"chat_id": 5, "document": "id"}, {})


def test_answers_are_held_to_the_schema_at_any_depth(schema: Schema) -> None:
    message = {"message_id": 1, "date": 2, "chat": {"id": 3, "type": "private"}, "text": "hi"}
    assert schema.faults_in_answer("sendMessage", message) == []
    wrong = {**message, "chat": {"id": 3, "type": "private", "frist_name": "typo"}}
    assert schema.faults_in_answer("sendMessage", wrong) == [
        "sendMessage.chat: Chat has no field 'frist_name'"
    ]
    assert schema.faults_in_answer("sendMessage", {"message_id": 1})
