"""In which language somebody is answered: chosen, else heard from them, else their app's.

What is heard counts from a few words on and a clear margin, or when it is in another script than
the one that they are answered in. A choice of their own is changed by a cry for help alone: whoever
writes one reads the answer in the language in which it was written. Knows tags, keeps no words.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.languages import LATIN, SOURCE, best_match, script
from bot.domain.people import HEARD
from bot.flow.inputs import Pressed, Said, Universal

if TYPE_CHECKING:
    from bot.content.library import Library
    from bot.domain.ids import LanguageTag
    from bot.domain.people import Person
    from bot.flow.inputs import Input, Understood


def language_of(library: Library, person: Person) -> LanguageTag:
    """Return the language to answer in."""
    offered = library.offered
    return (
        best_match(person.language, offered)
        or best_match(person.preference(HEARD), offered)
        or best_match(person.language_hint, offered)
        or SOURCE
    )


def listened(
    library: Library,
    person: Person,
    said: Input | None,
    meant: Understood | None,
    *,
    telling: bool = False,
) -> Person:
    """Return the person with the language that they were just heard to write in.

    Args:
        library: The languages that there are.
        person: Who wrote.
        said: What came, as the engine takes it.
        meant: What its words seem to mean.
        telling: Words were asked for, which may be for others to read; only a cry counts then.
    """
    heard, cry = _heard(library, language_of(library, person), said, meant)
    if heard is None or ((person.language is not None or telling) and not cry):
        return person
    kept = {name: value for name, value in person.preferences if name != HEARD}
    return replace(
        person,
        preferences=tuple(sorted({**kept, HEARD: heard}.items())),
        language=None if person.language is None else heard,
    )


def _heard(
    library: Library, present: LanguageTag, said: Input | None, meant: Understood | None
) -> tuple[LanguageTag | None, bool]:
    """Return another language than the present one that somebody clearly writes, and how urgent."""
    if isinstance(said, Pressed) and said.words is not None:
        found, clear, cry = library.tongue(said.words), True, said.word is Universal.SOS
    elif meant is None or meant.language is None or not isinstance(said, Said):
        return None, False
    elif library.is_country(said.words):
        # A name says where, not which language somebody speaks.
        return None, False
    else:
        found, cry = best_match(meant.language, library.offered), meant.urgent
        own = script(meant.language)
        clear = meant.clear or (own != LATIN and own != script(present))
    if found is None or not clear or found == present or found not in library.offered:
        return None, cry
    return found, cry
