"""Logs by allow-list: an event name and known fields go through, everything else is dropped.

Messages of exceptions are left out, because a library may quote what it was given; their type and
the places in our code stay. A bot token is removed wherever it stands.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.errors import BotError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,80}")

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "logger", "code", "flow", "channel", "kind", "count",
        "seconds", "address", "url", "worker", "lane", "state", "reason", "error", "where",
        "rule", "file", "line", "language", "name", "version", "attempts", "problems", "warnings",
        "role", "job", "database", "port", "setting", "coordinators", "size", "urgency",
    }
)  # fmt: skip
"""Fields that may be logged. `address` and `url` are where we listen, never a person's."""

_QUIET = (
    "httpx",
    "httpcore",
    "aiogram",
    "aiohttp",
    "apscheduler",
    "asyncio",
    "uvicorn",
    "telegram",
)


def allow_listed(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop unknown fields, shorten errors to their type and place, remove tokens."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    kept = {name: value for name, value in event.items() if name in ALLOWED}
    if isinstance(error, BaseException):
        kept["error"] = describe(error)
        kept["where"] = places(error)
    return {
        name: TOKEN.sub("[token]", value) if isinstance(value, str) else value
        for name, value in kept.items()
        if isinstance(value, (str, int, float, bool, list, type(None)))
    }


def describe(error: BaseException) -> str:
    """Return what may be said of an error: its type, and the sentence if it is ours."""
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, BotError) else name


def places(error: BaseException) -> list[str]:
    """Return file, line and function of each frame, without source text or values."""
    return [
        f"{frame.filename.rsplit('site-packages/', maxsplit=1)[-1]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ][-12:]


class _Foreign(logging.Handler):
    """Takes what other libraries log: level, logger and place, never their text."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno, "library", logger=record.name,
            where=[f"{record.pathname.rsplit('site-packages/', maxsplit=1)[-1]}:{record.lineno}"],
            **({"exc_info": error} if error else {}),
        )  # fmt: skip


def configure(level: str = "INFO", style: str = "auto") -> None:
    """Send our events to stderr as JSON or plain lines, and silence what libraries say."""
    plain = style == "plain" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if plain
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_listed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level.upper()),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Foreign()]
    root.setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught


def _uncaught(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
    structlog.get_logger().critical("stopped-by-a-bug", exc_info=error)
