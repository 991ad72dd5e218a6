"""The registry is whole: what it says can be served, described and denied."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import pytest

from bot.contract.openapi import describe, in_body, in_path, in_query
from bot.contract.operations import PROBLEMS, Operation, Reach, Role
from bot.contract.registry import OPERATIONS
from bot.contract.session import NONCE_BYTES, answer_challenge, prove, write_challenge
from bot.contract.shapes import ShapeError

ALL = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda one: one.name)


@ALL
def test_every_operation_says_who_may(operation: Operation) -> None:
    assert operation.public == (not operation.allowed)
    assert operation.public <= operation.name.startswith("session.")
    assert not operation.problems & set(PROBLEMS)


@ALL
def test_an_operation_about_a_case_names_it_and_shuts_operators_out(operation: Operation) -> None:
    named = "case" in {one.name for one in fields(operation.request)}
    assert named == operation.about_a_case
    if operation.about_a_case:
        assert Role.OPERATOR not in operation.allowed
        assert Reach.NO_CASE not in operation.allowed.values()
        assert "case" in in_path(operation)


@ALL
def test_every_field_has_one_place(operation: Operation) -> None:
    places = [*in_path(operation), *in_query(operation), *in_body(operation)]
    assert sorted(places) == sorted(one.name for one in fields(operation.request))
    # Whatever stands in an address may stand in somebody's log.
    assert "words" not in (*in_path(operation), *in_query(operation))


def test_no_two_operations_share_an_address() -> None:
    seen = Counter((one.method, one.path) for one in OPERATIONS.values())
    assert set(seen.values()) == {1}


def test_the_description_names_every_operation_and_every_part_it_refers_to() -> None:
    document = describe(OPERATIONS)
    listed = {act["operationId"] for path in document["paths"].values() for act in path.values()}
    assert listed == set(OPERATIONS)
    parts = document["components"]["schemas"]
    assert all(parts.values())
    assert set(_references(document)) <= {f"#/components/schemas/{name}" for name in parts}


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for one in value.values() for found in _references(one)]
    if isinstance(value, list):
        return [found for one in value for found in _references(one)]
    return []


def test_a_challenge_is_answered_for_its_own_server_only() -> None:
    nonce = b"n" * NONCE_BYTES
    opened = write_challenge("vigil.example:443", nonce)
    assert answer_challenge(opened, "vigil.example:443", "ticket") == prove(nonce, "ticket")
    with pytest.raises(ShapeError):
        answer_challenge(opened, "evil.example:443", "ticket")


def test_a_case_key_called_a_challenge_is_not_answered() -> None:
    for opened in (b"k" * 32, b"", write_challenge("vigil.example:443", b"short")):
        with pytest.raises(ShapeError):
            answer_challenge(opened, "vigil.example:443", "ticket")
