"""Letters: every body has one, in three languages, with blanks where a person would stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.content.entries import Knowledge, load_knowledge
from bot.content.letters import LANGUAGES, Letters, load_letters
from bot.domain.ids import LanguageTag
from bot.domain.words import Words
from bot.guidance.facts import Facts
from bot.guidance.letters import (
    MANDATES,
    Kind,
    Letter,
    Wish,
    accepted,
    choose_language,
    draft,
    template_for,
    write_letter,
)

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 5, 4)
ARREST = Facts(
    threats=("arbitrary-arrest-detention",),
    country="KE",
    ongoing="ongoing",
    days_ago=1,
    who="other",
    perpetrators=("police",),
    detained=True,
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge(ROOT)[0]


@pytest.fixture(scope="module")
def letters() -> Letters:
    found, problems = load_letters(ROOT)
    assert found is not None
    assert problems == []
    return found


def written(
    letters: Letters, knowledge: Knowledge, body: str, facts: Facts = ARREST, language: str = "en",
    words: str | None = None, words_language: str | None = None,
) -> Letter:  # fmt: skip
    wish = Wish(
        body=body,
        facts=facts,
        language=LanguageTag(language),
        today=TODAY,
        words=Words(words) if words is not None else None,
        words_language=LanguageTag(words_language) if words_language else None,
    )
    letter = write_letter(letters, knowledge, wish)
    assert letter is not None
    return letter


def lines(letter: Letter) -> list[str]:
    return [
        "".join(f"<{run.text}>" if run.blank else run.text for run in block.runs)
        for block in letter.blocks
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_body_has_a_letter_that_is_whole_in_every_language(
    letters: Letters, knowledge: Knowledge, language: str
) -> None:
    full = Facts(
        threats=tuple(knowledge.terms["threat_types"]),
        groups=tuple(knowledge.terms["defender_groups"]),
        perpetrators=tuple(knowledge.terms["perpetrator_types"]),
        country="MX", company_home_country="FR", ongoing="imminent", days_ago=3, collective=12,
        needs=("relocation",), who="organisation", visibility="mixed", detained=True,
        domestic_remedies="exhausted", reported_nationally=True, organisation=True,
    )  # fmt: skip
    for body in [*knowledge.mechanisms, *knowledge.resources]:
        for facts in (Facts(), ARREST, full):
            letter = written(letters, knowledge, body, facts, language)
            text = "\n".join(lines(letter))
            assert not set("{}") & set(text), body
            assert "[[" not in text
            assert "]]" not in text
            blanks = [run for block in letter.blocks for run in block.runs if run.blank]
            assert len(blanks) >= 5, body
            kinds = [block.kind for block in letter.blocks]
            assert kinds.index(Kind.PAGE) < kinds.index(Kind.TITLE), "what to do before comes first"
            assert kinds.count(Kind.TITLE) == 1
            for kind, following in zip(kinds, [*kinds[1:], None], strict=True):
                if kind is Kind.HEADING:
                    assert following not in {Kind.HEADING, None}, f"{body}: an empty section"


def test_a_letter_about_danger_now_is_an_urgent_appeal_and_one_about_the_past_is_not(
    letters: Letters, knowledge: Knowledge
) -> None:
    past = Facts(threats=("arbitrary-arrest-detention",), ongoing="past")
    for body in ("un-sr-hrd", "un-sr-torture", "un-sp-country-mandates"):
        now = template_for(letters, knowledge, body, ARREST)
        then = template_for(letters, knowledge, body, past)
        assert now is not None
        assert then is not None
        assert (now.id, then.id) == ("un-urgent-appeal", "un-allegation-letter")
    always = template_for(letters, knowledge, "un-sr-hrd-urgent-appeal", past)
    assert always is not None
    assert always.id == "un-urgent-appeal"


def test_several_mandates_stand_in_one_letter_and_the_one_for_defenders_is_among_them(
    letters: Letters, knowledge: Knowledge
) -> None:
    facts = Facts(
        threats=("arbitrary-arrest-detention", "torture-ill-treatment", "land-eviction"),
        groups=("indigenous", "lawyer", "land-environment", "whrd"),
        ongoing="ongoing",
    )
    letter = written(letters, knowledge, "un-sr-torture", facts)
    to = next(line for line in lines(letter) if line.startswith("To: "))
    named = to.split(": ", 2)[2].split("; ")
    assert named[0].startswith("Special Rapporteur on torture"), "the chosen one comes first"
    assert "Special Rapporteur on the situation of human rights defenders" in named
    assert len(named) == len(set(named)) == MANDATES


def test_what_nobody_answered_is_a_blank_and_what_was_answered_is_not(
    letters: Letters, knowledge: Knowledge
) -> None:
    known = lines(written(letters, knowledge, "un-wgeid", ARREST))
    unknown = lines(written(letters, knowledge, "un-wgeid", Facts()))
    assert "Country: Kenya" in known
    assert "Country: <country>" in unknown
    assert any(line.endswith("3 May 2026 <confirm the date, add the time>") for line in known)
    assert "Date of arrest, abduction or disappearance *: <date, and time if known>" in unknown


@pytest.mark.parametrize("body", ["un-sr-hrd-urgent-appeal", "un-wgad", "reg-achpr-sr-hrd"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_names_and_identity_are_always_blanks(
    letters: Letters, knowledge: Knowledge, body: str, language: str
) -> None:
    letter = written(letters, knowledge, body, ARREST, language)
    labels = ("name", "nom", "nombre", "apellidos", "birth", "naissance", "nacimiento")
    fields = [block for block in letter.blocks if block.kind is Kind.FIELD]
    asking = [one for one in fields if any(word in one.runs[0].text.lower() for word in labels)]
    assert len(asking) >= 3
    for block in asking:
        assert all(run.blank for run in block.runs[1:]), block.runs[0].text


def test_own_words_stand_as_written_with_their_language_and_mean_nothing_else(
    letters: Letters, knowledge: Knowledge
) -> None:
    told = "جاؤوا عند الفجر.\n\nThey *shouted* {country} [[name]]."
    letter = written(letters, knowledge, "un-wgad", words=told, words_language="ar")
    own = [block for block in letter.blocks if block.kind is Kind.WORDS]
    assert ["".join(run.text for run in block.runs) for block in own] == [
        "جاؤوا عند الفجر.", "They *shouted* {country} [[name]].",
    ]  # fmt: skip
    assert {block.language for block in own} == {"ar"}
    assert not any(run.blank for block in own for run in block.runs)
    assert "In the person's own words, as written (language: Arabic)" in lines(letter)
    assert told not in repr(letter)
    assert "الفجر" not in repr(letter)


def test_without_own_words_their_place_is_marked(letters: Letters, knowledge: Knowledge) -> None:
    letter = written(letters, knowledge, "un-wgad")
    assert not any(block.kind is Kind.WORDS for block in letter.blocks)
    assert sum("in your own words" in line for line in lines(letter)) == 1


def test_only_confirmed_addresses_are_shown(letters: Letters, knowledge: Knowledge) -> None:
    seen = "\n".join(lines(written(letters, knowledge, "reg-iachr-precautionary")))
    assert "1889 F Street" in seen
    assert "cidhdenuncias" not in seen
    hidden = lines(written(letters, knowledge, "reg-coe-commissioner"))
    assert any(line.startswith("No confirmed address") for line in hidden)
    assert not any("commissioner@" in line for line in hidden)
    old = "\n".join(lines(written(letters, knowledge, "un-csw-communications")))
    assert "swmena.net" in old
    assert "older source" in old


def test_quiet_or_public_is_said_as_it_was_chosen(letters: Letters, knowledge: Knowledge) -> None:
    def with_(visibility: str | None) -> str:
        facts = Facts(threats=("death-threat",), ongoing="ongoing", visibility=visibility)
        return "\n".join(lines(written(letters, knowledge, "nat-embassy", facts)))

    assert "an authority of this country" not in with_("quiet"), "an embassy is none"
    assert "handled quietly" in with_("quiet")
    assert "speak about it in public" not in with_("quiet")
    assert "may be raised in public; please tell us" in with_("public")
    assert "May the case be raised in public" in with_(None)


@pytest.mark.parametrize(
    ("languages", "wished", "got", "accepts"),
    [
        (["English", "French", "Spanish"], "fr", "fr", True),
        (["English", "French", "Spanish"], "fr-CA", "fr", True),
        (["English", "French"], "es", "en", True),
        (["French"], "ar", "fr", True),
        (["Spanish", "English"], "ru", "es", True),
        (["any language"], "es", "es", True),
        (["national languages"], "ru", "en", True),
        (["Portuguese"], "es", "es", False),
        (["Portuguese"], "zz", "en", False),
        ([], "fr", "fr", False),
    ],
)
def test_the_language_is_the_wished_one_where_the_body_accepts_it(
    languages: list[str], wished: str, got: str, *, accepts: bool
) -> None:
    tongue = choose_language(languages, wished)
    assert (tongue.language, tongue.accepted) == (got, accepts)
    assert (tongue.language in accepted(languages)) is accepts


def test_a_body_that_accepts_none_of_our_languages_is_named_with_its_own(
    letters: Letters, knowledge: Knowledge
) -> None:
    letter = written(letters, knowledge, "nat-brazil-ppddh", language="es")
    assert "portugués" in lines(letter)[1]


def test_the_adviser_adds_its_time_limit_and_its_mandates(
    letters: Letters, knowledge: Knowledge
) -> None:
    made = draft(
        letters, knowledge, body="un-sr-hrd-urgent-appeal", facts=ARREST, wished="es", today=TODAY
    )
    assert made is not None
    assert made.tongue.wished
    assert made.letter.language == "es"
    assert "Grupo de Trabajo sobre la Detención Arbitraria" in "\n".join(lines(made.letter))
    nobody = draft(letters, knowledge, body="un-moon", facts=ARREST, wished="es", today=TODAY)
    assert nobody is None


def test_unknown_threats_of_a_case_do_no_harm(letters: Letters, knowledge: Knowledge) -> None:
    facts = Facts(threats=("no-such-threat",), groups=("nobody",), days_ago=-4)
    text = "\n".join(lines(written(letters, knowledge, "un-sr-hrd", facts)))
    assert "<what happened, in one line>" in text
    assert "no-such-threat" not in text
