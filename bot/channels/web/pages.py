"""The pages: what stands on them and in which language, made from templates.

Sentences are in the templates, translated by the catalogues; nothing here decides what is said in
the conversation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.channels.web.markup import to_html
from bot.domain.languages import SOURCE, best_match, is_right_to_left
from bot.domain.messages import Keyboard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.channels.web.mailbox import Shown
    from bot.domain.ids import LanguageTag
    from bot.domain.messages import Button

HERE = Path(__file__).parent
_SAFE_LINKS = ("https://", "http://", "tel:", "mailto:")
_WEIGHTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one page shows to one visitor."""

    language: LanguageTag
    token: str
    nonce: str
    messages: Sequence[Shown] = ()
    open: bool = False
    """The conversation was begun; no welcome is needed although nothing stands here yet."""
    banner: str | None = None
    notice: str = ""
    """A code of the notices in the template, or nothing."""
    draft: str = ""
    """Words that were not taken, given back to the page that sent them."""
    chosen: str = ""
    """The language picked on the welcome page."""


class Pages:
    """Makes HTML.

    Args:
        translate: Gives a sentence of the interface in a language.
        languages: Languages offered, each with the name that its speakers give it.
        neutral: Where "leave quickly" leads; empty for an empty page.
        takes_files: Whether a file can be handed over.
    """

    def __init__(
        self,
        *,
        translate: Callable[[LanguageTag, str], str],
        languages: Callable[[], Sequence[tuple[LanguageTag, str]]],
        neutral: str,
        takes_files: bool,
    ) -> None:
        self._translate = translate
        self._languages = languages
        self._neutral = neutral
        self._takes_files = takes_files
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # An address of its own for each version, because browsers may keep scripts regardless.
        self._version = _digest(
            b"".join(path.read_bytes() for path in sorted((HERE / "static").iterdir()))
        )

    def language(self, chosen: LanguageTag | None, asked: str, accepted: str | None) -> LanguageTag:
        """Return the page's language: the person's, else what they asked or their browser does."""
        offered = [tag for tag, _ in self._languages()]
        wanted = (chosen, asked, *_accepted(accepted or ""))
        found = (best_match(tag, offered) for tag in wanted)
        return next((tag for tag in found if tag), SOURCE)

    def chat(self, view: View) -> str:
        """Return the whole page."""
        return self._render(
            "chat.html",
            view.language,
            view=view,
            items=[self._item(shown, view) for shown in view.messages],
            languages=[(tag, name, _direction(tag)) for tag, name in self._languages()],
            neutral=self._neutral,
            takes_files=self._takes_files,
            version=self._version,
            banner_text=self._translate(view.language, view.banner) if view.banner else "",
        )

    def message(self, shown: Shown, view: View) -> str:
        """Return one message, to be put into a page that is open."""
        return self._item(shown, view)

    def words(self, language: LanguageTag, *, told: str, done: bool) -> str:
        """Return the page on which PIN and words are chosen."""
        return self._render("words.html", language, told=told, done=done, version=self._version)

    def again(self) -> str:
        """Return a page that opens the chat from here, as our own visitor."""
        return self._templates.get_template("again.html").render()

    def blank(self) -> str:
        """Return a page with nothing on it."""
        return self._templates.get_template("blank.html").render()

    def _item(self, shown: Shown, view: View) -> Markup:
        message = shown.message
        rows = [[button for button in row if _works(button)] for row in message.buttons]
        body = self._render(
            "message.html",
            view.language,
            view=view,
            ref=shown.ref,
            message=message,
            direction=_direction(message.language),
            text=to_html(message.text),
            rows=[row for row in rows if row],
            reply=message.keyboard is Keyboard.REPLY,
        )
        mark = _digest(
            repr((message.text, message.buttons, message.language, view.language)).encode()
        )
        return Markup(body.replace("data-mark", f'data-mark="{mark}"', 1))  # noqa: S704 - ours

    def _render(self, template: str, language: LanguageTag, **values: object) -> str:
        return self._templates.get_template(template).render(
            _=lambda source: self._translate(language, source),
            language=language,
            page_direction=_direction(language),
            **values,
        )


def _accepted(header: str) -> list[str]:
    """Return the tags of an Accept-Language header, the dearest first."""
    found: list[tuple[float, str]] = []
    for item in header.split(",")[:_WEIGHTS]:
        tag, _, weight = item.strip().partition(";q=")
        try:
            found.append((-float(weight or 1), tag))
        except ValueError:
            continue
    return [tag for _, tag in sorted(found, key=lambda pair: pair[0])]


def _works(button: Button) -> bool:
    return bool(button.data or button.copy or (button.url or "").startswith(_SAFE_LINKS))


def _direction(language: str) -> str:
    return "rtl" if is_right_to_left(language) else "ltr"


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=6).hexdigest()
