"""Whether flows fit together: one function a check, each problem with file, line and remedy.

Knows what the house offers (lookups, acts, facts) by name only; what those do is other rooms' work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.content.marks import Place, Problem
from bot.flow.conditions import names, tests
from bot.flow.inputs import Universal
from bot.flow.model import (
    AskKind,
    AskStep,
    BranchStep,
    CallStep,
    DoStep,
    FinishStep,
    Flow,
    ShowStep,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.content.library import Library
    from bot.domain.ids import FlowId, StepId

LOOKUPS = frozenset(
    {
        "hotlines", "resources", "resource", "mechanisms", "mechanism", "mechanisms_excluded",
        "guides", "guide", "strategies", "strategy", "safety_steps", "languages", "story_ways",
        "stories", "story", "note_kinds", "notes", "note",
        "letter_bodies", "letter_languages", "letter_plan", "support_languages", "support_plan",
        "follow_ups",
        "zones",
        "found",
    }
)  # fmt: skip
"""Questions to the Library that flows may use; bot.guidance.lookups answers them."""

ACTS = frozenset(
    {
        "set-language",
        "forget-me",
        "save-preference",
        "clear-chat",
        "set-duty",
        "begin-report",
        "send-report",
        "show-answers",
        "withdraw-report",
        "write-letter",
        "plan-follow-up",
        "follow-up-again",
        "follow-up-done",
        "revoke-consent",
        "share-report",
        "raise-report",
        "check-in-arm",
        "check-in-answer",
        "check-in-pin",
        "check-in-link",
        "check-in-set",
        "check-in-board",
        "check-in-drill",
        "check-in-quicker",
        "canary-invite",
        "canary-arm",
        "alert-begin",
        "alert-board",
        "alert-submit",
        "alert-text",
        "contact-accept",
        "contact-decline",
        "contact-leave",
        "take-alerts",
        "stop-alerts",
        "answer-roll-call",
    }
)
"""Acts that flows may have done; bot.services.acts and the engine do them."""

FACTS = frozenset(
    {
        "channel",
        "on_duty",
        "demo",
        "language",
        "greeted",
        "country",
        "role",
        "duty",
        "intake",
        "report",
        "receipt",
        "case_state",
        "case_answer",
        "only_us",
        "our_signal",
        "our_web",
        "our_phone",
        "follow_up_kind",
        "checkin",
        "checkin_pin",
        "checkin_safe",
        "checkin_contacts",
        "checkin_duty",
        "contact_of",
        "contact_invited",
        "canary_invited",
        "alert_role",
        "alert_ready",
    }
)
"""What conditions may ask beside answers."""

NEEDED_FLOWS = ("start", "sos", "danger", "help", "person", "language", "forget")
"""Flows that universal words and the emergency layer open."""

NEEDED_PHRASES = (
    "resume_question", "resume_yes", "resume_no", "correct_question", "nothing_to_correct",
    "nothing_before", "stale_button", "said_too_long", "invalid_person", "done_button",
    "more_button", "chosen_mark", "stopped", "country_which", "guess_question", "kept_answer",
    "slow_down", "file_refused", "file_not_here", "location_refused", "contact_refused",
    "sticker_seen", "edited_seen", "group_refused", "forwarded_note", "auto_delete_thanks",
    "auto_delete_off", "cleared", "uncertain_repeat", "flow_moved", "error_sorry", "yes", "no",
    "page_waiting", "page_taken", "nudge", "receipt_shown", "copy_button",
    "private_sealed", "private_dropped", "page_yours", "page_over", "page_button", "page_case",
    "urgency_hours", "urgency_days", "urgency_weeks", "urgency_months",
    *(f"{word.value}_button" for word in Universal),
)  # fmt: skip

FORBIDDEN_ANSWERS = re.compile(
    r"(^|_)(name|surname|phone|number|address|passport|id_card|identity|birth|email|password)(_|$)"
)
MAX_TEXT, MAX_LABEL, LONG_LABEL = 4_096, 64, 40
MAX_OPTIONS = 30
MAX_DATA_BYTES = 64
_DATA_OVERHEAD = 11
"""Bytes of `a.TURN.` at the largest turn that is read back."""
TRUTH_STEP = "channel_truth"
"""Or a step whose id begins so: what is true differs from channel to channel."""


def check_flows(library: Library) -> Iterator[Problem]:
    """Run every check of flows."""
    for flow in library.flows.values():
        at = _At(library, flow)
        for check in FLOW_CHECKS:
            yield from check(library, flow, at)
    for whole in LIBRARY_CHECKS:
        yield from whole(library)


class _At:
    """Finds places in a flow's file."""

    def __init__(self, library: Library, flow: Flow) -> None:
        self._document = library.documents[flow.id]

    def __call__(self, *loc: str | int) -> Place:
        return self._document.place(*loc)

    def problem(
        self, step: StepId | str, rule: str, message: str, remedy: str, *loc: str | int,
        severity: str = "error",
    ) -> Problem:  # fmt: skip
        place = self("steps", step, *loc) if step else self(*loc)
        return Problem(place=place, rule=rule, message=message, remedy=remedy, severity=severity)


def targets(step: Step) -> list[tuple[StepId, tuple[str | int, ...]]]:
    """Return every step that a step can lead to, with where in the file it says so."""
    match step:
        case AskStep():
            found: list[tuple[StepId, tuple[str | int, ...]]] = []
            for number, option in enumerate(step.options):
                if option.goto:
                    found.append((option.goto, ("options", number, "goto")))
            always = step.options and all(option.goto for option in step.options)
            if not always or step.skip is not None:
                found.append((step.goto, ("goto",)))
            if step.skip_goto:
                found.append((step.skip_goto, ("skip_to",)))
            if step.timeout:
                found.append((step.timeout.goto, ("silence", "goto")))
            return found
        case BranchStep():
            found = [
                (goto, ("branch", number, "goto")) for number, (_, goto) in enumerate(step.cases)
            ]
            return [*found, (step.otherwise, ("else",))]
        case FinishStep():
            return []
        case _:
            return [(step.goto, ("goto",))]


def _named(step: Step) -> list[tuple[StepId, tuple[str | int, ...]]]:
    """Return every step that a step names, also where every option leads elsewhere."""
    found = targets(step)
    if isinstance(step, AskStep) and step.goto and ("goto",) not in {loc for _, loc in found}:
        found.append((step.goto, ("goto",)))
    return found


def dangling(_library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """A step leads to one that is not there."""
    if flow.start not in flow.steps:
        yield at.problem("", "dangling", f"start: there is no step {flow.start!r}",
                         "Name a step of this flow.", "start")  # fmt: skip
    for step in flow.steps.values():
        for goto, loc in _named(step):
            if goto not in flow.steps:
                what = f"leads to {goto!r}, which is not there" if goto else "leads nowhere"
                yield at.problem(step.id, "dangling", f"{step.id} {what}",
                                 "Name a step of this flow, or end with finish.", *loc)  # fmt: skip


def unreachable(_library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """Nothing leads to a step."""
    seen = _reach(flow, flow.start)
    for step in flow.steps.values():
        if step.id not in seen:
            yield at.problem(step.id, "unreachable", f"nothing leads to {step.id}",
                             "Lead to it or take it out.")  # fmt: skip


def endless(_library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """Steps lead round in a circle without ever asking anything."""
    for step in flow.steps.values():
        if not isinstance(step, (AskStep, FinishStep)) and _returns_silently(flow, step):
            yield at.problem(step.id, "endless", f"{step.id} returns to itself unasked",
                             "Ask something on the way, or finish.")  # fmt: skip


def no_end(_library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """From a step no way leads to an end."""
    for step in flow.steps.values():
        if not any(isinstance(flow.steps.get(one), FinishStep) for one in _reach(flow, step.id)):
            yield at.problem(step.id, "no-end", f"no way leads from {step.id} to a finish",
                             "Lead to a finish step.")  # fmt: skip


def place_kept_without_silence(_library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """A step that keeps a place for the silent is reached by somebody who answers."""
    for step in flow.steps.values():
        for goto, loc in targets(step):
            end = flow.steps.get(goto)
            keeps = isinstance(end, FinishStep) and end.keeps_place
            if keeps and loc != ("silence", "goto"):
                remedy = "Lead to another finish, or take keep_place out."
                yield at.problem(step.id, "keep-place", f"{goto} is for silence only", remedy, *loc)


def unknown_names(library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """A flow, lookup or act is named that does not exist."""
    for step in flow.steps.values():
        match step:
            case CallStep() if step.flow not in library.flows:
                yield at.problem(step.id, "unknown-flow", f"there is no flow {step.flow!r}",
                                 "Name a file of flows/.", "call")  # fmt: skip
            case ShowStep() if step.lookup not in LOOKUPS:
                yield at.problem(step.id, "unknown-lookup", f"there is no lookup {step.lookup!r}",
                                 f"Use one of {', '.join(sorted(LOOKUPS))}.", "show")  # fmt: skip
            case AskStep() if step.options_from and step.options_from not in LOOKUPS:
                yield at.problem(step.id, "unknown-lookup",
                                 f"there is no lookup {step.options_from!r}",
                                 f"Use one of {', '.join(sorted(LOOKUPS))}.", "from")  # fmt: skip
            case DoStep() if step.act not in ACTS:
                yield at.problem(step.id, "unknown-act", f"there is no act {step.act!r}",
                                 f"Use one of {', '.join(sorted(ACTS))}.", "do")  # fmt: skip
            case _:
                pass


def conditions(library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """A condition asks for an answer that nothing gives, or for a code that it cannot have."""
    given = _answers(library)
    for step in flow.steps.values():
        if not isinstance(step, BranchStep):
            continue
        for number, (condition, _) in enumerate(step.cases):
            loc = ("branch", number, "if")
            for name in sorted(names(condition)):
                outcome = name.removesuffix(".outcome")
                if name not in given and name not in FACTS and outcome not in library.flows:
                    yield at.problem(step.id, "condition-name", f"nothing gives {name!r}",
                                     "Name an answer that some question saves.", *loc)  # fmt: skip
            for test in tests(condition):
                possible = given.get(test.name)
                if possible is None or test.operator not in {"is", "is-not", "in", "has"}:
                    continue
                for value in set(test.values) - possible:
                    yield at.problem(step.id, "condition-code",
                                     f"{test.name} is never {value!r}",
                                     f"It can be {', '.join(sorted(possible))}.", *loc)  # fmt: skip


def questions(_library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """A question asks for what must never be asked, or before the truth about the channel."""
    truth = _reach(flow, flow.start, stop=TRUTH_STEP)
    for step in flow.steps.values():
        if not isinstance(step, AskStep):
            continue
        if FORBIDDEN_ANSWERS.search(step.save):
            yield at.problem(step.id, "forbidden-question",
                             f"{step.save!r} looks like something that identifies a person",
                             "Ask for a code, or leave a blank for the person's own device.",
                             "save")  # fmt: skip
        telling = step.kind in {AskKind.WORDS, AskKind.FILE}
        if telling and step.id in truth:
            yield at.problem(step.id, "before-truth",
                             f"{step.id} asks for words before the channel truth",
                             f"Lead through a step {TRUTH_STEP!r} first.")  # fmt: skip


def sizes(_library: Library, flow: Flow, at: _At) -> Iterator[Problem]:
    """Too many buttons, or a button too long for a small phone."""
    for step in flow.steps.values():
        if not isinstance(step, AskStep):
            continue
        if len(step.options) > MAX_OPTIONS:
            yield at.problem(step.id, "too-many-options",
                             f"{len(step.options)} options are more than a phone shows",
                             "Split the question.", "options")  # fmt: skip
        for number, option in enumerate(step.options):
            size = _DATA_OVERHEAD + len(option.id.encode())
            if size > MAX_DATA_BYTES:
                yield at.problem(step.id, "data-too-long", f"{option.id!r} is too long to press",
                                 "Shorten the id.", "options", number, "id")  # fmt: skip
            if len(option.label.source) > LONG_LABEL:
                yield at.problem(step.id, "label-long",
                                 f"{option.label.source!r} is cut off on small phones",
                                 f"Use at most {LONG_LABEL} letters.", "options", number, "label",
                                 severity="warning")  # fmt: skip


def needed_parts(library: Library) -> Iterator[Problem]:
    """A flow, phrase or word is missing that the house itself uses."""
    for name in NEEDED_FLOWS:
        if name not in library.flows:
            yield Problem(place=Place(file=f"flows/{name}.yaml"), rule="needed-flow",
                          message=f"the flow {name!r} is missing", remedy="Write it.")  # fmt: skip
    for name in NEEDED_PHRASES:
        if name not in library.phrases:
            yield Problem(place=Place(file="flows/phrases.yaml"), rule="needed-phrase",
                          message=f"there is no phrase {name!r}", remedy="Write it.")  # fmt: skip
    for intent, flow in library.intents.items():
        if flow not in library.flows:
            yield Problem(place=Place(file="flows/intents.yaml"), rule="unknown-flow",
                          message=f"{intent} leads to {flow!r}, which is not there",
                          remedy="Name a file of flows/.")  # fmt: skip


def way_to_a_person(library: Library) -> Iterator[Problem]:
    """From the menu one must be able to reach a person without knowing a word."""
    if "start" not in library.flows or "person" not in library.flows:
        return
    seen: set[FlowId] = set()
    waiting = [flow.id for flow in library.flows.values() if flow.id == "start"]
    while waiting:
        id_ = waiting.pop()
        seen.add(id_)
        calls = (step for step in library.flows[id_].steps.values() if isinstance(step, CallStep))
        waiting += [one.flow for one in calls if one.flow in library.flows and one.flow not in seen]
    if not any(one == "person" for one in seen):
        yield Problem(place=Place(file="flows/start.yaml"), rule="no-person",
                      message="no way leads from the menu to a person",
                      remedy="Call the flow person from the menu.")  # fmt: skip


def words_for_all(library: Library) -> Iterator[Problem]:
    """A universal word has no word, or an option's label is one."""
    known = set(library.words.values())
    for word in Universal:
        if word not in known:
            yield Problem(place=Place(file="flows/words.yaml"), rule="word-missing",
                          message=f"nobody can type {word.value!r}",
                          remedy="List words for it in each language.")  # fmt: skip


FLOW_CHECKS = (
    dangling, unreachable, endless, no_end, place_kept_without_silence, unknown_names, conditions,
    questions, sizes,
)  # fmt: skip
LIBRARY_CHECKS = (needed_parts, way_to_a_person, words_for_all)


def _answers(library: Library) -> dict[str, set[str] | None]:
    """Return every answer that some question saves, and its possible codes where they are known."""
    found: dict[str, set[str] | None] = {}
    for flow in library.flows.values():
        for step in flow.steps.values():
            if not isinstance(step, AskStep):
                continue
            codes: set[str] | None = {option.id for option in step.options}
            if step.kind is AskKind.CONFIRM and not codes:
                codes = {"yes", "no"}
            if step.options_from or step.kind not in {
                AskKind.CHOICE, AskKind.CHOICES, AskKind.CONFIRM,
            }:  # fmt: skip
                codes = None
            before = found.get(step.save, set())
            found[step.save] = None if codes is None or before is None else before | codes
    return found


def _reach(flow: Flow, start: StepId, stop: str = "") -> set[StepId]:
    seen: set[StepId] = set()
    waiting = [start]
    while waiting:
        id_ = waiting.pop()
        step = flow.steps.get(id_)
        if step is None or id_ in seen or (stop and id_.startswith(stop)):
            continue
        seen.add(id_)
        waiting += [goto for goto, _ in targets(step)]
    return seen


def _returns_silently(flow: Flow, origin: Step) -> bool:
    seen: set[StepId] = set()
    waiting = [goto for goto, _ in targets(origin)]
    while waiting:
        id_ = waiting.pop()
        if id_ == origin.id:
            return True
        step = flow.steps.get(id_)
        if step is None or id_ in seen or isinstance(step, (AskStep, CallStep)):
            continue
        seen.add(id_)
        waiting += [goto for goto, _ in targets(step)]
    return False
