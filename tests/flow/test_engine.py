from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.ids import FlowId, StepId
from bot.flow.effects import ClearChat, CloseMatter, KeepWords, Say, SetTimer
from bot.flow.inputs import Chose, Gave, Item, TimedOut, Understood, Universal
from bot.flow.model import AskKind, FinishStep, Option, Timeout
from tests.flow.shelf import Chat, ask, branch, call, end, flow, say, show, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.words import Words

HOUR = timedelta(hours=1)
REPORT = flow(
    "report",
    ask("safe", "threat", "yes", "no"),
    ask("threat", "route", "arrest", "smear"),
    branch("route", "where", held="threat is arrest"),
    ask("held", "where", "days", "weeks"),
    ask("where", "need", kind=AskKind.COUNTRY, skip=text("skip")),
    ask("need", "end", "money", "lawyer", kind=AskKind.CHOICES),
    end(),
    sensitive=True,
)


def test_a_flow_is_walked_to_its_end_and_closes_with_coded_answers() -> None:
    chat = Chat(REPORT).start("report").presses("yes").says("Smear").says("Uganda")
    chat.presses("money").presses("lawyer").presses("+done")
    closed = next(e for e in chat.effects if isinstance(e, CloseMatter))
    assert closed.answers == {
        "safe": "yes",
        "threat": "smear",
        "where": "UG",
        "need": ("money", "lawyer"),
    }
    assert any(isinstance(e, ClearChat) for e in chat.effects)
    assert chat.at == "idle"


def test_an_answer_that_cannot_be_read_is_asked_again_and_then_a_person_is_offered() -> None:
    chat = Chat(REPORT).start("report").says("x").says("y").says("z")
    assert chat.hears[0] == "invalid_person"
    assert Universal.PERSON in chat.said[0].words
    assert chat.at == "safe"


def test_sos_interrupts_and_the_answers_below_stay_intact() -> None:
    chat = Chat(REPORT).start("report").presses("yes").uses(Universal.SOS)
    assert chat.session.frames[-1].flow == "sos"
    chat.presses("yes")
    assert chat.hears == ["resume_question"]
    chat.presses("resume")
    assert chat.at == "threat"
    assert chat.answers == {"safe": "yes"}


def test_leaving_the_interrupted_matter_forgets_it() -> None:
    chat = Chat(REPORT).start("report").presses("yes").uses(Universal.SOS).presses("yes")
    chat.presses("leave")
    assert chat.at == "idle"
    assert any(isinstance(e, ClearChat) for e in chat.effects)


def test_correcting_an_answer_asks_again_only_what_depends_on_it() -> None:
    chat = Chat(REPORT).start("report").presses("yes").presses("arrest").presses("days")
    chat.says("Uganda")
    assert chat.at == "need"
    chat.uses(Universal.CORRECT).says("the threat").presses("smear")
    assert chat.at == "need"
    chat.presses("money").presses("+done")
    closed = next(e for e in chat.effects if isinstance(e, CloseMatter))
    assert closed.answers == {"safe": "yes", "threat": "smear", "where": "UG", "need": ("money",)}


def test_a_correction_that_opens_a_new_path_asks_what_is_new_on_it() -> None:
    chat = Chat(REPORT).start("report").presses("yes").presses("smear").says("Uganda")
    chat.uses(Universal.CORRECT).says("the threat").presses("arrest")
    assert chat.at == "held"
    chat.presses("weeks")
    assert chat.at == "need"
    assert chat.answers["where"] == "UG"


def test_a_declared_dependent_is_asked_again_after_a_correction() -> None:
    found = {"bodies": lambda answers: (Item(id=f"in-{answers['where']}", title=text("t")),)}
    advice = flow(
        "advice",
        ask("where", "cards", "UG", "KE"),
        show("cards", "bodies", "pick"),
        ask("pick", "last", options_from="bodies"),
        ask("last", "end", "a"),
        end(),
    )
    chat = Chat(advice, lookups=found).start("advice").presses("UG").presses("in-UG")
    chat.uses(Universal.CORRECT).says("the where").presses("KE")
    assert chat.at == "pick"
    assert chat.answers["where"] == "KE"
    chat.presses("in-KE")
    assert chat.at == "last"


def test_back_returns_through_called_flows_and_forgets_the_answer() -> None:
    outer = flow(
        "outer",
        ask("first", "inner", "a"),
        call("inner", "inside", "last"),
        ask("last", "end", "z"),
        end(),
    )
    inside = flow("inside", ask("deep", "end", "b"), end())
    chat = Chat(outer, inside).start("outer").presses("a").presses("b")
    assert chat.at == "last"
    chat.uses(Universal.BACK)
    assert chat.at == "deep"
    chat.uses(Universal.BACK)
    assert chat.at == "first"
    assert chat.answers == {}


def test_a_called_flow_shares_answers_and_gives_its_outcome() -> None:
    outer = flow(
        "outer",
        ask("first", "inner", "a"),
        call("inner", "inside", "route"),
        branch("route", "bad", good="inside.outcome is fine"),
        say("good", "hold"),
        say("bad", "hold"),
        ask("hold", "end", "x"),
        end(),
    )
    inside = flow("inside", ask("deep", "end", "b"), end(outcome="fine"))
    chat = Chat(outer, inside).start("outer").presses("a").presses("b")
    assert chat.hears == ["[good]", "hold?"]
    assert chat.answers["deep"] == "b"


def test_a_button_of_an_earlier_question_changes_nothing() -> None:
    chat = Chat(REPORT).start("report")
    old = chat.session.turn
    chat.presses("yes").take(Chose(option="no", turn=old))
    assert chat.hears[0] == "stale_button"
    assert chat.answers == {"safe": "yes"}


def test_a_cry_for_help_as_an_answer_is_kept_and_heard() -> None:
    words = flow("tell", ask("story", "more", kind=AskKind.WORDS), ask("more", "end", "a"), end())
    chat = (
        Chat(words)
        .start("tell")
        .says("they are at the door", understand=lambda _: Understood(urgent=True))
    )
    assert any(isinstance(e, KeepWords) and e.name == "story" for e in chat.effects)
    assert chat.session.frames[-1].flow == "danger"
    chat.presses("no").presses("resume")
    assert chat.at == "more"


def test_a_cry_for_help_where_a_choice_was_asked_interrupts() -> None:
    chat = (
        Chat(REPORT)
        .start("report")
        .says("they took him", understand=lambda _: Understood(urgent=True))
    )
    assert [frame.flow for frame in chat.session.frames] == ["report", "danger"]
    chat.presses("no").presses("resume")
    assert chat.at == "safe"


def test_whoever_says_that_there_is_no_danger_is_not_left_without_a_way_on() -> None:
    chat = Chat().says("they took him", understand=lambda _: Understood(urgent=True))
    chat.presses("no")
    assert chat.session.top is None
    last = [effect for effect in chat.effects if isinstance(effect, Say)][-1]
    assert last.words == (Universal.MENU, Universal.SOS)


@pytest.mark.parametrize("words", ["SMEAR", "money"])
def test_the_name_of_an_option_of_another_question_is_no_cry_for_help(words: str) -> None:
    chat = Chat(REPORT).start("report").presses("yes").presses("smear")
    chat.says(words, understand=lambda _: Understood(urgent=True))
    assert chat.at == "where"
    assert chat.hears == ["where was not understood", "where?"]


@pytest.mark.parametrize("words", ["smear and arrest", "they smear me now", "danger"])
def test_more_than_a_name_or_what_is_marked_as_danger_is_a_cry_for_help(words: str) -> None:
    alarming = Option(id="danger", label=text("danger"), style="danger")
    first = replace(ask("first", "second", "calm"), options=(alarming,))
    chat = Chat(flow("long", first, ask("second", "third", "smear"), ask("third", "end"), end()))
    chat.start("long").presses("danger").presses("smear")
    chat.says(words, understand=lambda _: Understood(urgent=True))
    assert chat.session.frames[-1].flow == "danger"


def alarming(*intents: tuple[str, float]) -> Callable[[Words], Understood]:
    return lambda _: Understood(urgent=True, intents=intents)


SERVES = {
    "report_threat": FlowId("report"),
    "emergency_now": FlowId("danger"),
    "talk_to_human": FlowId("person"),
    "greet": FlowId("start"),
}
WISH = alarming(("emergency_now", 0.7), ("report_threat", 0.2), ("greet", 0.05))
SURE_WISH = alarming(("report_threat", 0.7), ("emergency_now", 0.2), ("talk_to_human", 0.1))


def test_what_was_wished_beside_the_danger_is_offered_when_there_is_none() -> None:
    chat = Chat(REPORT, intent_flows=SERVES).says("they threaten me, I report it", understand=WISH)
    assert chat.session.frames[-1].flow == "danger"
    chat.presses("no")
    assert chat.hears == ["guess_question"]
    assert [flow_id for flow_id, _ in chat.said[-1].flows] == ["report"]
    assert Universal.MENU in chat.said[-1].words


def test_a_wish_is_offered_to_whoever_wrote_it_in_the_menu() -> None:
    chat = Chat(REPORT, intent_flows=SERVES).start("start").says("…", understand=WISH)
    assert [frame.flow for frame in chat.session.frames] == ["danger"]
    chat.presses("no")
    assert [flow_id for flow_id, _ in chat.said[-1].flows] == ["report"]


def test_a_sure_wish_is_followed_when_there_is_no_danger() -> None:
    chat = Chat(REPORT, intent_flows=SERVES).says("…", understand=SURE_WISH).presses("no")
    assert [frame.flow for frame in chat.session.frames] == ["report"]
    assert chat.hears == ["safe?"]
    assert chat.answers == {}


def test_a_question_that_sounded_like_danger_is_answered_when_there_is_none() -> None:
    which = branch("which", "end", cards="found is known")
    answers = flow("ask", which, show("cards", "entries", "more"), ask("more", "end", "a"), end())
    sounding = alarming(("digital_security", 0.6), ("emergency_now", 0.3))
    shown = {
        "entries": lambda answers: tuple(Item(id=id_, title=text(id_)) for id_ in answers["found"])
    }
    chat = Chat(answers, intent_flows={**SERVES, "digital_security": FlowId("ask")}, lookups=shown)
    chat.says("they read my phone", understand=sounding, search=lambda _: ("locked-phone",))
    assert chat.session.frames[-1].flow == "danger"
    chat.presses("no")
    assert chat.hears == ["locked-phone", "more?"]


def test_whoever_says_that_there_is_danger_is_offered_nothing_else() -> None:
    chat = Chat(REPORT, intent_flows=SERVES).says("…", understand=SURE_WISH).presses("yes")
    assert chat.session.frames[-1].flow == "sos"
    chat.presses("yes")
    assert all("guess_question" not in line for line in chat.hears)


def test_a_wish_does_not_come_before_the_matter_that_waits() -> None:
    chat = Chat(REPORT, intent_flows=SERVES).start("report").presses("yes")
    chat.says("…", understand=alarming(("talk_to_human", 0.6), ("emergency_now", 0.3)))
    chat.presses("no")
    assert chat.hears == ["resume_question"]


def test_without_a_likely_wish_the_menu_is_offered_as_before() -> None:
    only = alarming(("emergency_now", 0.6), ("greet", 0.3), ("report_threat", 0.05))
    chat = Chat(REPORT, intent_flows=SERVES).says("…", understand=only).presses("no")
    last = [effect for effect in chat.effects if isinstance(effect, Say)][-1]
    assert last.words == (Universal.MENU, Universal.SOS)
    assert last.flows == ()


def test_inside_an_emergency_a_cry_does_not_start_it_again() -> None:
    chat = Chat().start("sos").says("help them", understand=lambda _: Understood(urgent=True))
    assert [frame.flow for frame in chat.session.frames] == ["sos"]


def test_silence_goes_where_the_question_says_and_a_late_timer_does_nothing() -> None:
    quiet = flow(
        "quiet",
        ask("here", "end", "yes", silence="gone"),
        say("gone", "again"),
        ask("again", "end", "yes"),
        end(),
    )
    chat = Chat(quiet).start("quiet")
    assert any(isinstance(e, SetTimer) for e in chat.effects)
    old = chat.session.turn
    chat.take(TimedOut(turn=old))
    assert chat.at == "again"
    before = chat.session
    chat.take(TimedOut(turn=old))
    assert chat.session == before
    assert chat.effects == ()


def test_several_countries_are_offered_and_one_is_chosen() -> None:
    chat = Chat(REPORT).start("report").presses("yes").presses("smear").says("Guinea")
    assert [choice.option for choice in chat.said[-1].choices] == ["GN", "GQ", "PG"]
    chat.presses("GQ")
    assert chat.answers["where"] == "GQ"


def test_a_file_that_was_not_asked_for_is_not_kept() -> None:
    chat = Chat(REPORT).start("report").take(Gave(kind="photo", ref="r"))
    assert chat.hears[0] == "file_not_here"
    assert chat.at == "safe"


def test_a_clear_wish_from_nowhere_opens_its_flow() -> None:
    chat = Chat(REPORT, intent_flows={"report_threat": FlowId("report")})
    chat.says("x", understand=lambda _: Understood(intents=(("report_threat", 0.6),)))
    assert chat.session.frames[-1].flow == "report"


def test_an_unclear_wish_is_offered_as_buttons() -> None:
    chat = Chat(REPORT, intent_flows={"report_threat": FlowId("report"), "p": FlowId("person")})
    chat.says("x", understand=lambda _: Understood(intents=(("report_threat", 0.2), ("p", 0.16))))
    assert [flow_id for flow_id, _ in chat.said[-1].flows] == ["report", "person"]


def test_a_wish_inside_a_flow_is_offered_and_the_question_stays() -> None:
    chat = Chat(REPORT, intent_flows={"p": FlowId("person")}).start("report")
    chat.says("x", understand=lambda _: Understood(intents=(("p", 0.9),)))
    assert chat.said[0].flows[0][0] == "person"
    assert chat.at == "safe"


def test_an_edited_flow_leaves_the_waiting_person_where_they_are() -> None:
    chat = Chat(REPORT).start("report").presses("yes")
    edited = flow("report", ask("other", "end", "a"), end(), digest="h2")
    chat.shelf.old[(REPORT.id, REPORT.hash)] = REPORT
    chat.shelf.flows[REPORT.id] = edited
    chat.presses("smear")
    assert chat.at == "where"


def test_a_migration_map_moves_the_waiting_person_on() -> None:
    chat = Chat(REPORT).start("report").presses("yes")
    edited = flow(
        "report", ask("kind", "end", "a"), end(), digest="h2", moves={"h1": {"threat": "kind"}}
    )
    chat.shelf.flows[REPORT.id] = edited
    chat.presses("a")
    assert chat.at == "idle"


def test_a_lost_definition_starts_the_flow_again_with_its_answers() -> None:
    chat = Chat(REPORT).start("report").presses("yes")
    chat.shelf.flows[REPORT.id] = flow(
        "report", ask("safe", "new", "yes"), ask("new", "end", "a"), end(), digest="h2"
    )
    chat.says("anything")
    assert chat.session.frames[-1].hash == "h2"
    assert chat.at == "new"


def test_a_loop_without_input_ends_with_an_apology() -> None:
    loop = flow("loop", say("a", "b"), say("b", "a"), end())
    chat = Chat(loop).start("loop")
    assert chat.at == "idle"
    assert "error_sorry" in chat.hears


def test_stop_leaves_one_matter_and_offers_the_one_below() -> None:
    chat = Chat(REPORT).start("report").presses("yes").start("language").uses(Universal.STOP)
    assert "stopped" in chat.hears
    assert "resume_question" in chat.hears
    chat.presses("resume")
    assert chat.at == "threat"


def test_leaving_a_question_open_can_be_typed() -> None:
    chat = Chat(REPORT).start("report").presses("yes").presses("smear").says("skip")
    assert chat.at == "need"
    assert chat.answers["where"] == ""


QUIET = flow(
    "quiet",
    ask("safe", "threat", "yes", "no", gotos={"no": "unsafe"}),
    ask("threat", "end", "arrest", "smear", timeout=Timeout(after=HOUR, goto=StepId("later"))),
    FinishStep(id=StepId("unsafe"), outcome="unsafe", text=text("Later."), everything=True),
    FinishStep(id=StepId("later"), outcome="later", text=text("I wait."), keeps_place=True),
    end(),
)


def test_silence_can_keep_the_place_until_they_come_back() -> None:
    chat = Chat(QUIET).start("quiet").presses("yes")
    chat.take(TimedOut(turn=chat.session.turn))
    assert chat.hears == ["I wait."]
    chat.says("hello again")
    assert chat.hears == ["resume_question"]
    chat.presses("resume")
    assert chat.at == "threat"
    assert chat.answers == {"safe": "yes"}


def test_a_button_of_before_the_silence_still_answers() -> None:
    chat = Chat(QUIET).start("quiet").presses("yes")
    chat.take(TimedOut(turn=chat.session.turn)).presses("smear")
    assert chat.at == "idle"
    closed = next(e for e in chat.effects if isinstance(e, CloseMatter))
    assert closed.answers == {"safe": "yes", "threat": "smear"}


def test_a_second_silence_says_nothing_more() -> None:
    chat = Chat(QUIET).start("quiet").presses("yes")
    chat.take(TimedOut(turn=chat.session.turn)).take(TimedOut(turn=chat.session.turn))
    assert chat.hears == []


def test_a_flow_can_end_everything_and_leave_the_screen_as_it_is() -> None:
    caller = flow("caller", ask("go", "sub", "yes"), call("sub", "quiet", "menu"), end("menu"))
    chat = Chat(QUIET, caller).start("caller").presses("yes").presses("no")
    assert chat.hears == ["Later."]
    assert chat.session.frames == ()
