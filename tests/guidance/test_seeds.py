"""Everything that the papers name is reachable in the product, for the people it is meant for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from bot.content.library import open_library
from bot.domain.ids import FlowId, LanguageTag
from bot.flow.model import AskStep
from bot.guidance.lookups import lookups
from bot.guidance.situation import situation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.content.library import Library
    from bot.flow.inputs import Item, Lookup
    from bot.flow.model import Text

TODAY: Final = date(2026, 11, 25)
SEEDS: Final[list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "seeds.yaml").read_text(encoding="utf-8")
)
SHELF: Final = {
    "strategy": "strategies",
    "story": "stories",
    "guide": "guides",
    "note": "notes",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return open_library(cache=tmp_path_factory.mktemp("catalogues"))


@pytest.fixture(scope="module")
def asked(library: Library) -> Mapping[str, Lookup]:
    return lookups(library, LanguageTag("en"), TODAY)


def words(text: Text) -> str:
    found = text.source
    for name, value in text.values:
        inner = words(value) if hasattr(value, "source") else str(value)
        found = found.replace(f"{{{name}}}", inner)
    return found


def said(items: tuple[Item, ...]) -> str:
    return "\n".join(words(line) for item in items for line in item.lines)


def card(asked: Mapping[str, Lookup], kind: str, id_: str, who: str) -> tuple[Item, ...]:
    """Return the card as it comes when somebody chooses it from the list that is offered."""
    role = {"role": "coordinator"} if who == "c" else {}
    if kind in SHELF:
        listed = {item.id for item in asked[SHELF[kind]](role)}
        if id_ not in listed:
            return ()
    return asked[kind]({kind: id_, **role})


@pytest.mark.parametrize("seed", SEEDS, ids=[one["what"] for one in SEEDS])
def test_it_is_reachable(
    seed: dict[str, Any], library: Library, asked: Mapping[str, Lookup]
) -> None:
    knowledge = library.knowledge
    shown = ""
    for place in seed["at"]:
        kind, id_ = place.split("/")
        match kind:
            case "mechanism" | "resource" | "strategy" | "story" | "guide":
                found = card(asked, kind, id_, "d")
                assert found, place
                shown += said(found)
            case "note":
                mine = card(asked, kind, id_, "c")
                assert mine, place
                open_to_all = knowledge.notes[id_].shown_to == "everyone"
                assert bool(card(asked, kind, id_, "d")) == open_to_all, place
                assert open_to_all or "c" in seed["who"], place
                shown += said(mine)
            case "threat":
                assert id_ in knowledge.terms["threat_types"]
                assert any(id_ in entry.threats_covered for entry in knowledge.mechanisms.values())
            case "group":
                assert id_ in knowledge.terms["defender_groups"]
                assert any(id_ in entry.defender_groups for entry in knowledge.mechanisms.values())
            case "perpetrator":
                assert id_ in knowledge.terms["perpetrator_types"]
                assert situation({"perpetrators": (id_,)}, knowledge).perpetrators == (id_,)
            case "term":
                vocabulary, term = id_.split(".")
                assert term in knowledge.terms[vocabulary]
            case "code":
                assert any(id_ in table for table in knowledge.codes.values())
            case "flow":
                assert FlowId(id_) in library.flows
            case _:
                pytest.fail(f"{place} is no place")
    for number in seed.get("says", ()):
        assert number in shown, number


def test_every_story_and_every_note_is_walked(library: Library) -> None:
    walked = {place for seed in SEEDS for place in seed["at"]}
    knowledge = library.knowledge
    assert {f"story/{id_}" for id_ in knowledge.stories} - walked == set()
    assert {f"note/{id_}" for id_ in knowledge.notes} - walked == set()
    assert {f"strategy/{id_}" for id_ in knowledge.strategies} - walked == set()


def test_defenders_and_coordinators_each_have_their_share() -> None:
    assert {"d", "c", "dc"} == {seed["who"] for seed in SEEDS}
    assert len(SEEDS) >= 120


def test_stories_are_found_by_way_by_place_and_by_how_they_went(
    asked: Mapping[str, Lookup], library: Library
) -> None:
    stories = library.knowledge.stories

    def ids(**answers: str) -> list[str]:
        return [item.id for item in asked["stories"](answers)]

    for item in asked["story_ways"]({}):
        found = ids(story_by="way", story_way=item.id)
        assert found
        assert all(item.id in stories[id_].strategies for id_ in found)
    egypt = ids(story_by="place", story_country="EG")
    assert set(egypt[:2]) == {"egypt-press-release-2015", "finland-on-egypt-2021"}
    assert "fifteen-defenders-2015" in egypt
    assert "mongolia-law-2021" not in egypt
    failed = ids(story_by="failed")
    assert stories[failed[0]].outcome == "failed"
    assert "general-assembly-2015" not in failed
    assert set(ids(story_by="all")) == set(stories)
    assert ids(story_by="place", story_country="XX")


def test_notes_of_coordinators_are_offered_to_nobody_else(
    asked: Mapping[str, Lookup], library: Library
) -> None:
    theirs = {one.id for one in library.knowledge.notes.values() if one.shown_to == "coordinator"}
    assert theirs
    for role in ({}, {"role": "defender"}, {"role": ""}):
        offered = {item.id for item in asked["notes"](role)}
        assert not theirs & offered
        for id_ in theirs:
            assert asked["note"]({"note": id_, **role}) == ()
        assert "calendar" not in {item.id for item in asked["note_kinds"](role)}
    coordinator = {"role": "coordinator"}
    assert theirs <= {item.id for item in asked["notes"](coordinator)}
    assert "calendar" in {item.id for item in asked["note_kinds"](coordinator)}


def test_lists_fit_one_choice(asked: Mapping[str, Lookup], library: Library) -> None:
    """A question offers a bounded number of buttons; no kind of note may outgrow it."""
    for kind in asked["note_kinds"]({"role": "coordinator"}):
        assert len(asked["notes"]({"role": "coordinator", "note_kind": kind.id})) <= 30
    assert len(asked["stories"]({})) <= 30
    step = library.flows[FlowId("learn")].steps
    assert any(isinstance(one, AskStep) and one.options_from == "stories" for one in step.values())


def test_no_card_names_an_expert_whose_term_nobody_has_checked(
    asked: Mapping[str, Lookup], library: Library
) -> None:
    names = ("Lawlor", "Forst", "Reid", "Katzarova")
    for id_, entry in library.knowledge.mechanisms.items():
        if entry.checked_on is None or entry.reviewer is None:
            assert not any(name in said(asked["mechanism"]({"mechanism": id_})) for name in names)
