"""The desk's API takes what is declared, refuses the rest in one form, and tells nothing."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
import structlog
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from bot.api.desk import LARGEST_BODY
from bot.contract.operations import Nothing
from bot.contract.people import PutKeys
from bot.contract.registry import OPERATIONS
from bot.domain.errors import ConflictError, RefusedError
from bot.services.cases import NoSuchCaseError
from bot.vault.identity import new_root
from tests.api.whole_house import whole_house
from tests.fixtures.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.desk_house import DeskHouse
    from tests.api.whole_house import WholeHouse


async def test_what_was_not_declared_is_refused_in_one_form(house: DeskHouse) -> None:
    token = {"Authorization": f"Bearer {await house.token('robin')}"}
    asked = [
        ("GET", "/nothing", {}, 404, "not-found"),
        ("GET", "/../health", {}, 404, "not-found"),
        ("PATCH", "/session", {}, 405, "wrong-method"),
        ("GET", "/session?x=1", {}, 422, "wrong"),
        ("GET", "/cases?closed=maybe", {}, 422, "wrong"),
        ("GET", "/cases?closed=true&closed=false", {}, 422, "wrong"),
        ("GET", f"/cases/{'x' * 65}", {}, 422, "wrong"),
        ("GET", "/cases/a%00b", {}, 422, "wrong"),
        ("GET", "/cases/a/items/-1", {}, 422, "wrong"),
        ("PUT", "/duty", {"content": b"{"}, 415, "not-json"),
        ("PUT", "/duty", {"json": []}, 422, "wrong"),
        ("PUT", "/duty", {"json": {}}, 422, "wrong"),
        ("PUT", "/duty", {"json": {"on_duty": 1}}, 422, "wrong"),
        ("PUT", "/duty", {"json": {"on_duty": True, "roles": ["lead"]}}, 422, "wrong"),
        ("POST", "/cases/a/take", {"json": {"case": "b"}}, 422, "wrong"),
        ("PUT", "/keys", {"json": {"signed_list": "x" * LARGEST_BODY}}, 413, "too-large"),
    ]
    for method, path, options, status, code in asked:
        response = await house.http.request(method, path, headers=token, **options)
        assert (response.status_code, response.json()["code"]) == (status, code), (method, path)
        assert response.headers["cache-control"] == "no-store"


async def test_json_of_odd_kinds_is_refused(house: DeskHouse) -> None:
    headers = {
        "Authorization": f"Bearer {await house.token('robin')}", "Content-Type": "application/json"
    }  # fmt: skip
    for body in (b"{", b"\xff", b"[" * 50_000, b'{"on_duty":NaN}', b'{"on_duty":"\\ud800"}'):
        response = await house.http.put("/duty", content=body, headers=headers)
        assert response.status_code == 422
    page = await house.http.put(
        "/duty", content=b'{"on_duty":true}', headers=headers | {"Content-Type": "text/plain"}
    )
    assert page.status_code == 415


async def test_no_body_no_token_and_no_case_reaches_the_log(house: DeskHouse) -> None:
    token = await house.token("heron")
    with structlog.testing.capture_logs() as logs:
        headers = {"Authorization": f"Bearer {token}"}
        await house.http.post(
            "/cases/canary-case/answer", json={"words": "canary"}, headers=headers
        )
        await house.http.put("/keys", json={"signed_list": "canary"}, headers=headers)
        await house.http.get("/cases/canary-case", headers=headers)
        await house.http.get("/cases?canary=1", headers=headers)
    written = json.dumps(logs)
    assert logs
    assert "canary" not in written
    assert token not in written


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ConflictError("locked"), 409, "changed-meanwhile"),
        (RefusedError("not-approved"), 409, "not-approved"),
        (RefusedError("Some sentence about canary"), 409, "refused"),
        (ValueError("canary"), 500, "broken"),
        (NoSuchCaseError("canary"), 404, "not-found"),
    ],
)
async def test_what_goes_wrong_inside_is_a_code_and_never_a_sentence(
    make_house: Any, error: Exception, status: int, code: str
) -> None:
    def act(*_: Any) -> Any:
        raise error

    house = await make_house(acts={"exports.use": act})
    token = await house.token("robin")
    from bot.contract.exports import NameExport  # noqa: PLC0415

    response = await house.ask(token, "exports.use", NameExport(export="x"))
    assert (response.status_code, response.json()) == (status, {"code": code, "field": ""})


async def test_a_signed_list_is_put_in_place_and_another_is_refused(house: DeskHouse) -> None:
    token = await house.token("heron")
    before = (await house.ask(token, "keys.show", Nothing())).json()
    assert (before["version"], before["live"], before["demo"]) == (1, 4, False)
    stranger, _ = new_root()
    for bad in ("{}", "nonsense", house.signed(2, root=stranger)):
        response = await house.ask(token, "keys.put", PutKeys(signed_list=bad))
        assert (response.status_code, response.json()["code"]) == (409, "list-refused")
    good = await house.ask(token, "keys.put", PutKeys(signed_list=house.signed(3, "robin", "wren")))
    assert (good.json()["version"], good.json()["live"]) == (3, 2)
    older = await house.ask(token, "keys.put", PutKeys(signed_list=house.signed(2)))
    assert older.json()["code"] == "list-refused"
    people = (await house.ask(token, "coordinators.list", Nothing())).json()["coordinators"]
    assert {one["alias"]: one["live"] for one in people} == {
        "Robin": True, "Wren": True, "Heron": False, "Kite": False
    }  # fmt: skip


async def test_the_description_is_there_for_whoever_builds_a_desk(house: DeskHouse) -> None:
    document = (await house.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert {one["operationId"] for path in document["paths"].values() for one in path.values()} == (
        set(OPERATIONS)
    )


async def test_nothing_that_can_be_sent_breaks_the_server(tmp_path: Path) -> None:
    """Every operation as it is wired: what fits its description, what does not, as every role."""
    async with whole_house(tmp_path) as house:
        with serving(house.api.app()) as address:
            answers = await asyncio.to_thread(_fuzz, address, house)
    # Else every id was a guess, and only the door was asked.
    assert {"cases", "check-ins", "alerts", "notebook"} <= {path for path, done in answers if done}


def _fuzz(address: str, house: WholeHouse) -> set[tuple[str, bool]]:
    """Send it; return the first part of every address and whether it was ever done."""
    schema = schemathesis.openapi.from_url(OPENAPI_AT.format(address))
    seen, answers, turn = set(), set(), count()
    for result in schema.get_all_operations():
        operation = result.ok()
        seen.add(operation.definition.raw["operationId"])

        # Drills are served by what serves alerts.
        examples = 4 if "/drills" in operation.path else 24

        @settings(
            max_examples=examples, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @schemathesis_given(operation)
        def check(case: Any) -> None:
            number = next(turn)
            if number % 3:
                # What is there is asked for more often than what is not.
                known = case.path_parameters or {}
                case.path_parameters = {
                    **known,
                    **{k: v for k, v in house.there.items() if k in known},
                }
            headers = {"Authorization": f"Bearer {house.token(number)}"}
            response = case.call(base_url=address, headers=headers)
            case.validate_response(response, checks=[not_a_server_error])
            answers.add((case.operation.path.split("/")[1], response.status_code in {200, 204}))

        check()
    assert seen == set(OPERATIONS)
    return answers


OPENAPI_AT = "{}/openapi.json"


def schemathesis_given(operation: Any) -> Any:
    from hypothesis import given  # noqa: PLC0415
    from hypothesis import strategies as st  # noqa: PLC0415
    from schemathesis import GenerationMode  # noqa: PLC0415

    return given(
        case=st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
    )
