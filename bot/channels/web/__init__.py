"""The web chat: the conversation in one small page that keeps nothing in the browser.

Starlette and Jinja2 come with `door` and `pages`; commands that do not serve need not load them.
"""

from __future__ import annotations

from bot.domain.ids import ChannelName

NAME = ChannelName("web")
