"""Who may do what with which case: every operation, every role, every standing, by a table.

The table is written by hand, so that a change of a rule must be made twice, on purpose.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pytest

from bot.contract.registry import OPERATIONS
from bot.contract.shapes import Number, Size, Text, hints
from bot.domain.cases import State
from bot.domain.coordinators import Role
from tests.api.desk_house import PEOPLE, Standing

if TYPE_CHECKING:
    from tests.api.desk_house import DeskHouse

# o: one's own case, w: one that waits, x: somebody else's, c: one's own that is closed,
# d: somebody else's that is closed. +: not about a case. -: never.
TABLE = """
session.me          +      +      +
session.end         +      +      +
duty.set            +      +      -
cases.queue         +      +      -
cases.open          oc     oc     -
cases.item          oc     oc     -
cases.add           o      o      -
cases.answer        o      o      -
cases.take          ow     owx    -
cases.release       o      owx    -
cases.assign        -      owx    -
cases.hand-over     o      o      -
cases.urgency       o      o      -
cases.retention     oc     oc     -
cases.close         o      o      -
cases.reopen        oc     owxcd  -
exports.case        oc     oc     -
exports.list        +      +      -
exports.ask         +      +      -
exports.approve     +      +      -
exports.use         +      +      -
coordinators.list   +      +      +
keys.show           +      +      +
keys.put            -      +      +
keys.wrapped        -      +      -
keys.rewrap         -      +      -
audit.list          -      +      +
house.card          +      +      +
follow-ups.list     +      +      -
notebook.list       +      +      -
notebook.put        +      +      -
notebook.remove     +      +      -
checkins.board      +      +      -
checkins.take       +      +      -
checkins.confirm    +      +      -
checkins.pause      +      +      -
checkins.approve    +      +      -
checkins.stand-down +      +      -
checkins.open       +      +      -
checkins.item       +      +      -
checkins.note       +      +      -
checkins.tighten    +      +      -
"""
ROLES = {"robin": 0, "heron": 1, "kite": 2}
# Alerts and their drills are open to all who answer; that two people let one go is the service's.
VERBS = (
    "list write show discard submit return approve pause resume abort recall correct picture board"
    " export"
)
RULES = {
    **{
        f"{kind}.{verb}": ["+", "+", "-"] for kind in ("alerts", "drills") for verb in VERBS.split()
    },
    "alerts.vocabulary": ["+", "+", "-"],
    **{name: columns for name, *columns in (line.split() for line in TABLE.strip().splitlines())},
}
STANDINGS = {
    "o": lambda who: Standing(assigned_to=who, closed=False),
    "w": lambda who: Standing(assigned_to=None, closed=False),
    "x": lambda who: Standing(assigned_to="c-wren", closed=False),
    "c": lambda who: Standing(assigned_to=who, closed=True),
    "d": lambda who: Standing(assigned_to="c-wren", closed=True),
}


def example(kind: Any) -> Any:
    """Return a value that fits a declared type."""
    base, bound = (
        (typing.get_args(kind)[0], kind.__metadata__[0])
        if hasattr(kind, "__metadata__")
        else (kind, None)
    )
    if typing.get_origin(base) is tuple:
        least = max(bound.least if isinstance(bound, Size) else 0, 1)
        return tuple(example(typing.get_args(base)[0]) for _ in range(least))
    if typing.get_args(base) and type(None) in typing.get_args(base):
        return None
    if base is str:
        return fitting(bound)
    if base is bool:
        return True
    if base is int:
        return bound.least if isinstance(bound, Number) else 0
    if base is bytes:
        return b"x" * max(bound.least if isinstance(bound, Size) else 1, 1)
    if base is datetime:
        return datetime(2031, 1, 1, tzinfo=UTC)
    if isinstance(base, type) and issubclass(base, StrEnum):
        return next(iter(base))
    return base(**{one.name: example(hints(base)[one.name]) for one in dataclasses.fields(base)})


def fitting(bound: Text | None) -> str:
    shortest = bound.shortest if bound else 0
    for text in ("en", "a" * shortest, "age1" + "q" * 58, "09:00", "T1", "UG", ""):
        if bound is None or (
            shortest <= len(text) <= bound.longest
            and (not bound.pattern or re.fullmatch(bound.pattern, text))
        ):
            return text
    raise AssertionError(bound)


def test_the_table_names_every_operation_there_is() -> None:
    assert set(RULES) == {name for name, one in OPERATIONS.items() if not one.public}


@pytest.fixture
async def watched(make_house: Any) -> Any:
    """A house whose acts only say that they were reached."""
    reached: list[tuple[str, str]] = []

    def watch(name: str) -> Any:
        def act(_tx: Any, who: Any, _asked: Any) -> Any:
            reached.append((name, who.id))
            answer = OPERATIONS[name].answer
            return None if answer is None else b"" if answer is bytes else example(answer)

        return act

    acts = {name: watch(name) for name, one in OPERATIONS.items() if not one.public}
    from bot.services.floods import Floods  # noqa: PLC0415

    house = await make_house(acts=acts, options={"floods": Floods(burst=100_000)})
    tokens = {name: await house.token(name) for name in PEOPLE}
    return house, tokens, reached


def requested(name: str, case: str) -> Any:
    request = OPERATIONS[name].request
    fields = {one.name: example(hints(request)[one.name]) for one in dataclasses.fields(request)}
    return request(**(fields | ({"case": case} if "case" in fields else {})))


@pytest.mark.parametrize("name", RULES)
async def test_every_role_may_do_what_the_table_says_and_no_more(watched: Any, name: str) -> None:
    house, tokens, reached = watched
    about_a_case = OPERATIONS[name].about_a_case
    for who, column in ROLES.items():
        allowed = RULES[name][column]
        for letter, standing in (STANDINGS if about_a_case else {"+": None}).items():
            if standing:
                house.standings["case-1"] = standing(house.ids[who])
            reached.clear()
            response = await house.ask(tokens[who], name, requested(name, "case-1"))
            expected = letter in allowed
            assert bool(reached) == expected, (who, letter, response.text)
            if expected:
                assert response.status_code in {200, 204}
                assert reached == [(name, house.ids[who])]
            else:
                assert response.status_code == refusal(allowed, letter, about_a_case=about_a_case)


def refusal(allowed: str, letter: str, *, about_a_case: bool) -> int:
    if allowed == "-" or not about_a_case:
        return 403
    # What is not theirs looks as if it were not there; of what is theirs they learn why not.
    theirs = letter == "c" or (letter == "d" and "x" in allowed)
    return 409 if theirs else 404


@pytest.mark.parametrize("name", RULES)
async def test_nobody_who_is_not_signed_in_reaches_anything(watched: Any, name: str) -> None:
    house, _tokens, reached = watched
    house.standings["case-1"] = Standing(assigned_to=None, closed=False)
    for token in ("", "x", "a.b.c.d.e"):
        response = await house.ask(token, name, requested(name, "case-1"))
        assert response.status_code == 401
        assert response.json()["code"] == "not-signed-in"
    assert not reached


@pytest.mark.parametrize("name", [n for n in RULES if OPERATIONS[n].about_a_case])
async def test_a_case_that_is_not_there_looks_like_one_that_is_not_theirs(
    watched: Any, name: str
) -> None:
    house, tokens, reached = watched
    house.standings["case-1"] = Standing(assigned_to="c-wren", closed=False)
    theirs = await house.ask(tokens["robin"], name, requested(name, "case-1"))
    nowhere = await house.ask(tokens["robin"], name, requested(name, "case-2"))
    assert (theirs.status_code, theirs.text) == (nowhere.status_code, nowhere.text)
    assert not reached


async def test_two_roles_add_up(watched: Any) -> None:
    desk, tokens, _reached = watched
    desk.standings["case-1"] = Standing(assigned_to="c-robin", closed=False)
    both = desk.coordinator("robin", {Role.COORDINATOR, Role.OPERATOR})
    await desk.store.write(lambda tx: tx.coordinators.put(both))
    for name in ("cases.open", "audit.list"):
        response = await desk.ask(tokens["robin"], name, requested(name, "case-1"))
        assert response.status_code == 200


async def test_every_operation_has_its_service(house: DeskHouse) -> None:
    # The others are added where the program is put together.
    own = {one for one in RULES if not one.startswith(("alerts.", "drills.", "checkins."))}
    assert set(house.house.acts()) == own
    assert set(house.alert_acts()) == {
        one for one in RULES if one.startswith(("alerts.", "drills."))
    }
    assert set(house.house.public()) == {name for name, one in OPERATIONS.items() if one.public}


@pytest.mark.parametrize("name", [n for n in RULES if OPERATIONS[n].about_a_case])
async def test_the_real_services_agree_with_the_table(make_house: Any, name: str) -> None:
    """The same table, with real cases: the allowed gets through, the rest leaves no trace."""
    from bot.services.floods import Floods  # noqa: PLC0415

    house = await make_house(options={"floods": Floods(burst=100_000)})
    for who, column in ROLES.items():
        token, allowed = await house.token(who), RULES[name][column]
        for letter, standing in STANDINGS.items():
            wanted = standing(house.ids[who])
            state = State.CLOSED if wanted.closed else State.TAKEN
            state = state if wanted.assigned_to or wanted.closed else State.WAITING
            case = await house.case(assigned_to=wanted.assigned_to, state=state)
            before = await house.store.read(lambda tx, case=case: tx.cases.get(case))
            request = requested(name, case)
            fields = {one.name for one in dataclasses.fields(request)}
            if name in {"cases.add", "cases.answer", "cases.urgency"}:
                request = dataclasses.replace(request, sequence=1)
            if name == "cases.add":
                request = dataclasses.replace(request, kind="note")
            if "to" in fields:
                request = dataclasses.replace(request, to="c-wren")
            response = await house.ask(token, name, request)
            if letter in allowed:
                assert response.status_code == 200 or (
                    (name, response.json()["code"]) in UNDERSTOOD
                ), (who, letter, response.text)
            else:
                assert response.status_code == refusal(allowed, letter, about_a_case=True)
                after = await house.store.read(lambda tx, case=case: tx.cases.get(case))
                assert after == before
                entries = await house.store.read(
                    lambda tx, case=case: tx.audit.entries(subject=case)
                )
                assert not [one for one in entries if one.actor == house.ids[who]]


UNDERSTOOD = {("cases.reopen", "refused"), ("cases.take", "changed-meanwhile")}
"""Allowed, and refused because there is nothing to do: it is open, or taken already."""
