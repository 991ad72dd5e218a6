"""What people type instead of pressing is read in their language, also inside a sentence."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from bot.content import marks
from bot.content.library import Library, open_library
from bot.content.lists import read_yes_no
from bot.content.place import content_root
from bot.domain.ids import LanguageTag
from bot.domain.words import Words
from bot.flow.model import AskStep, Text

if TYPE_CHECKING:
    from pathlib import Path

    from bot.flow.inputs import Reader

TODAY = date(2026, 11, 26)
FRUIT = tuple((name, Text(source=name.title(), context="")) for name in ("apple", "pear", "plum"))


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library()


@pytest.fixture(scope="module")
def reader(library: Library) -> Reader:
    return library.reader(LanguageTag("en"), TODAY)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("we are in Uganda since May and they follow us", "UG"),
        ("vivimos en Guatemala, cerca de la frontera", "GT"),
        ("je suis en Côte d'Ivoire avec ma famille", "CI"),
        ("نحن في أوغندا منذ شهر", "UG"),
        ("اعتقلوه بالأردن أمس", "JO"),
        ("это случилось в Уганде", "UG"),
        ("мы сейчас в Южном Судане", "SS"),
        ("estamos em Moçambique agora", "MZ"),
        ("我在肯尼亚被跟踪", "KE"),
        ("niko nchini Kenya sasa", "KE"),
        ("ما در افغانستان هستیم", "AF"),
        ("ми зараз у Кенії", "KE"),
        ("şu an Kenya'da yaşıyoruz", "KE"),
        ("Türkiye'den yazıyorum size", "TR"),
        ("हम भारत में हैं", "IN"),
        ("kami ada di Filipina sekarang", "PH"),
        ("ကျွန်တော်တို့ ထိုင်းမှာ ရောက်နေတယ်", "TH"),
        ("እኛ በኢትዮጵያ ነን", "ET"),
        ("they hold him in Equatorial Guinea", "GQ"),
        ("the Democratic Republic of the Congo, near the lake", "CD"),
        ("HELP WE ARE IN MEXICO!!", "MX"),
    ],
)
def test_a_country_is_found_inside_a_sentence(reader: Reader, text: str, country: str) -> None:
    assert reader.countries(Words(text)) == (country,)


@pytest.mark.parametrize(
    "text",
    [
        "please help us now", "I cannot say where", "ils ont arrêté Maurice hier",
        "нам нужна помощь от суда", "no lo sé", "我不想说", "لا أعرف", "🆘", "",
    ],
)  # fmt: skip
def test_what_names_no_country_is_none(reader: Reader, text: str) -> None:
    assert reader.countries(Words(text)) == ()


def test_several_countries_are_all_told_and_a_misspelt_name_is_still_read(reader: Reader) -> None:
    assert set(reader.countries(Words("I fled from Sudan to Uganda"))) == {"SD", "UG"}
    assert set(reader.countries(Words("somewhere in Congo"))) == {"CD", "CG"}
    assert reader.countries(Words("Ugandda")) == ("UG",)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("they came yesterday at noon", date(2026, 11, 25)),
        ("it was the day before yesterday", date(2026, 11, 24)),
        ("two weeks ago in the night", date(2026, 11, 12)),
        ("on 3 May they took him", date(2026, 5, 3)),
        ("December 2nd", date(2025, 12, 2)),
        ("pasó hace tres días", date(2026, 11, 23)),
        ("el 3 de mayo de 2025 vinieron", date(2025, 5, 3)),
        ("c'était avant-hier soir", date(2026, 11, 24)),
        ("il y a deux mois", date(2026, 9, 27)),
        ("حدث ذلك قبل يومين", date(2026, 11, 24)),
        ("قبل ثلاثة أيام", date(2026, 11, 23)),
        ("это было вчера вечером", date(2026, 11, 25)),
        ("пять дней назад", date(2026, 11, 21)),
        ("3 мая", date(2026, 5, 3)),
        ("foi há duas semanas", date(2026, 11, 12)),
        ("前天他们来了", date(2026, 11, 24)),
        ("三天前", date(2026, 11, 23)),
        ("5月3日", date(2026, 5, 3)),
        ("siku mbili zilizopita", date(2026, 11, 24)),
        ("دیروز آمدند", date(2026, 11, 25)),
        ("два тижні тому", date(2026, 11, 12)),
        ("üç gün önce geldiler", date(2026, 11, 23)),
        ("दो दिन पहले", date(2026, 11, 24)),
        ("tiga hari yang lalu", date(2026, 11, 23)),
        ("မနေ့က လာတယ်", date(2026, 11, 25)),
        ("ትናንት መጡ", date(2026, 11, 25)),
        ("2026-05-03", date(2026, 5, 3)),
        ("on 3.5.2026, I think", date(2026, 5, 3)),
    ],
)  # fmt: skip
def test_a_day_is_found_inside_a_sentence(reader: Reader, text: str, day: date) -> None:
    assert reader.day(Words(text)) == day


@pytest.mark.parametrize(
    "text",
    ["yesterday, or two weeks ago", "31.2.2026", "soon", "in May", "99999", "", "٣٣/٣٣/٢٠٢٦"],
)
def test_a_day_that_is_unclear_is_none(reader: Reader, text: str) -> None:
    assert reader.day(Words(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "2", "two", "second", "the second", "number 2", "2.", "option two", "dos", "la segunda",
        "deux", "le deuxième", "اثنان", "٢", "два", "второй", "dois", "二", "第二个", "mbili", "دو",
        "друга", "iki", "दो", "dua", "နှစ်", "ሁለት", "pear", "peer?", "PEAR",
    ],
)  # fmt: skip
def test_a_choice_is_read_by_number_word_or_near_spelling(reader: Reader, text: str) -> None:
    wanted = ("pear",) if text != "peer?" else ()
    assert reader.option(Words(text), FRUIT) == wanted


@pytest.mark.parametrize("text", ["nine", "0", "-1", "two of them came", "seventeen", "⑨"])
def test_a_number_without_a_choice_is_none(reader: Reader, text: str) -> None:
    assert reader.option(Words(text), FRUIT) == ()


def test_a_label_that_is_a_number_is_that_label(reader: Reader) -> None:
    labels = tuple((name, Text(source=name, context="")) for name in ("three", "two", "one"))
    assert reader.option(Words("two"), labels) == ("two",)
    assert reader.option(Words("one"), labels) == ("one",)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("the police", "Police"),
        ("Police", "The police"),
        ("une police", "La police"),
        ("l'armée", "Armée"),
        ("la policía", "Policía"),
        ("os soldados", "Soldados"),
        ("شرطة", "الشرطة"),
        ("la police !", "Police"),
    ],
)
def test_an_article_changes_nothing_about_a_name(reader: Reader, text: str, label: str) -> None:
    labels = (
        ("theirs", Text(source=label, context="")),
        ("other", Text(source="Pear", context="")),
    )
    assert reader.option(Words(text), labels) == ("theirs",)
    assert reader.nothing_but(Words(text), labels)


@pytest.mark.parametrize("text", ["the", "la", "a", "ال", "the police are here", "los"])
def test_an_article_alone_or_more_than_a_name_is_no_name(reader: Reader, text: str) -> None:
    labels = (("theirs", Text(source="Police", context="")),)
    assert reader.option(Words(text), labels) == ()
    assert not reader.nothing_but(Words(text), labels)


def test_yes_and_no_press_the_buttons_that_mean_them_in_every_language(library: Library) -> None:
    file = marks.load(content_root() / "flows/yes_no.yaml", root=content_root())[0]
    assert file is not None
    lists = file.data["yes_no"]
    asked = [
        [(option.id, option.label) for option in step.options]
        for flow in library.flows.values()
        for step in flow.steps.values()
        if isinstance(step, AskStep) and {"yes", "no"} <= {option.id for option in step.options}
    ]
    assert len(asked) > 10
    wrong = [
        (tag, word, [id_ for id_, _ in labels])
        for tag in library.offered
        for labels in asked
        for meaning in ("yes", "no")
        for word in lists[meaning].get(tag, [])
        if library.reader(tag, TODAY).option(Words(word), labels) != (meaning,)
    ]
    assert wrong == []
    assert all(set(library.offered) <= set(words) for words in lists.values())


def labelled(*labels: str) -> tuple[tuple[str, Text], ...]:
    return tuple((f"o{number}", Text(source=one, context="")) for number, one in enumerate(labels))


@pytest.mark.parametrize(
    ("text", "labels", "meant"),
    [
        ("yes", ("Yes, once", "Never"), ("o0",)),
        ("YES!! yes", ("Yes", "No"), ("o0",)),
        ("no", ("Now", "No more tests"), ()),
        ("no", ("No, it goes on", "No, it is over", "Yes"), ("o0", "o1")),
        ("ok", ("Yes, now", "No, not now"), ()),
        ("no one helps me", ("Yes, now", "No, not now"), ()),
        ("non", ("Yes, now", "No, not now"), ("o1",)),
    ],
)
def test_yes_and_no_are_read_up_to_the_comma_of_a_label(
    reader: Reader, text: str, labels: tuple[str, ...], meant: tuple[str, ...]
) -> None:
    assert reader.option(Words(text), labelled(*labels)) == meant


def test_no_word_is_both_an_answer_and_a_universal_word(library: Library) -> None:
    assert not set(library.yes_no) & set(library.words)
    assert set(library.yes_no.values()) == {"yes", "no"}


def test_a_word_that_means_yes_and_no_is_told(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    text = '"yes": {en: [sure]}\n"no": {xx: [sure]}\nmaybe: {en: [perhaps]}\n'
    (tmp_path / "flows/yes_no.yaml").write_text(text, encoding="utf-8")
    _, problems = read_yes_no(tmp_path)
    assert [problem.message for problem in problems] == [
        "'sure' (xx) means both yes and no",
        "'maybe' is neither yes nor no",
    ]
