"""Settings: environment variables over `vigil.toml` over defaults, read once at start.

A wrong value is one sentence for the operator, never a traceback. Secrets never show in `repr`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic import field_validator as check
from pydantic_settings import BaseSettings, SettingsConfigDict, TomlConfigSettingsSource

from bot.domain.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TOKEN = re.compile(r"^\d{3,20}:[A-Za-z0-9_-]{20,80}$")
_SECRET = re.compile(r"^[A-Za-z0-9_-]{16,256}$")
FREE_RATE = 30
MAX_CHAT_TTL = timedelta(hours=47)
"""A bot may delete a message for 48 hours; one hour is kept for our own outages."""


def _duration(value: Any) -> Any:
    if isinstance(value, str):
        found = re.fullmatch(r"(\d+)([smhd])", value.strip())
        if found:
            return timedelta(**{_UNITS[found[2]]: int(found[1])})
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]


def _tokens(value: SecretStr | None) -> list[str]:
    found = value.get_secret_value() if value is not None else ""
    return [token.strip() for token in found.split(",") if token.strip()]


class Settings(BaseSettings):
    """Every setting, as `VIGIL_<NAME>` in the environment or `<name>` in vigil.toml."""

    model_config = SettingsConfigDict(
        env_prefix="VIGIL_", extra="ignore", hide_input_in_errors=True, validate_default=True
    )

    home: Path = Field(
        default=Path.home() / ".local" / "share" / "vigil",
        description="Folder for the database, caches and, by default, the key file.",
    )
    telegram_token: SecretStr | None = Field(
        default=None, description="Token from @BotFather. Without it the web chat serves alone."
    )
    telegram_more_tokens: SecretStr | None = Field(
        default=None,
        description="Tokens of further bots, with commas between; each sends at a pace of its own.",
    )
    telegram_api: str = Field(
        default="https://api.telegram.org", description="Base URL of the Bot API server."
    )
    webhook_url: str | None = Field(
        default=None, description="Public https address of the webhook; unset means long polling."
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="Secret that Telegram sends with each update; needed for a webhook.",
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL; default is SQLite inside VIGIL_HOME."
    )
    shred_url: str | None = Field(
        default=None,
        description="PostgreSQL database for the shred keys of several machines; never backed up.",
    )
    key_file: Path | None = Field(
        default=None, description="The application key, outside the database and its backups."
    )
    listen: str = Field(
        default="127.0.0.1:8080", description="Address and port of web chat, webhook and API."
    )
    web_url: str | None = Field(
        default=None,
        description="Public address of the web chat (https or onion), for links that work once.",
    )
    signal: str | None = Field(
        default=None,
        max_length=200,
        description="Where your team can be reached on Signal: shown to whoever prefers that.",
    )
    phone: str | None = Field(
        default=None,
        max_length=200,
        description="Number of your team: shown to whoever prefers to call.",
    )
    nlu: str = Field(default="embedded", description="`embedded`, or the URL of a Rasa server.")
    heartbeat_url: str | None = Field(
        default=None, description="Fetched every minute while the timers run; an outside watchdog."
    )
    retention_days: int = Field(default=90, ge=1, le=365, description="How long a case is kept.")
    draft_ttl: Duration = Field(
        default=timedelta(hours=2), description="How long words for a letter are kept: 30m, 2h."
    )
    chat_ttl: Duration = Field(
        default=timedelta(hours=24),
        description="When ordinary messages leave the chat; at most 47h.",
    )
    alert_rate: float = Field(
        default=30.0,
        ge=1,
        le=1000,
        description="Messages of an alert a second and bot. Telegram's free limit is 30.",
    )
    alert_paid: bool = Field(
        default=False,
        description="1 pays Telegram for alerts faster than 30 a second (in Stars, by the bot).",
    )
    alert_alone: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="An alert to at most so many people needs no second person, unless it is red.",
    )
    content: Path | None = Field(
        default=None, description="Folder with flows/, locales/ and knowledge/; default is ours."
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field(
        default="auto", description="json, plain, or auto: plain on a terminal."
    )
    demo: bool = Field(
        default=False,
        description="1 allows a demo coordinator while a Telegram token is set. Never in earnest.",
    )

    @check("telegram_token")
    @classmethod
    def _token_looks_like_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value():
            return None
        if value is not None and not _TOKEN.match(value.get_secret_value()):
            message = "is not a bot token (digits, a colon, then letters)"
            raise ValueError(message)
        return value

    @check("telegram_more_tokens")
    @classmethod
    def _more_tokens_look_like_some(cls, value: SecretStr | None) -> SecretStr | None:
        tokens = _tokens(value)
        if not all(_TOKEN.match(token) for token in tokens):
            message = "is not a list of bot tokens with commas between"
            raise ValueError(message)
        return value if tokens else None

    @check("webhook_secret")
    @classmethod
    def _secret_is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _SECRET.match(value.get_secret_value()):
            message = "needs 16 to 256 characters out of A-Z a-z 0-9 _ -"
            raise ValueError(message)
        return value

    @check("telegram_api", "webhook_url", "heartbeat_url", "web_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value and (
            urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc
        ):
            message = "is not an address that begins with http:// or https://"
            raise ValueError(message)
        return value.rstrip("/") if value else None

    @check("nlu")
    @classmethod
    def _is_engine(cls, value: str) -> str:
        if value != "embedded" and urlsplit(value).scheme not in {"http", "https"}:
            message = "is neither `embedded` nor the address of a Rasa server"
            raise ValueError(message)
        return value

    @check("chat_ttl")
    @classmethod
    def _within_deletion(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=5) <= value <= MAX_CHAT_TTL:
            message = "must lie between 5m and 47h: Telegram lets a bot delete for 48 hours only"
            raise ValueError(message)
        return value

    @check("draft_ttl")
    @classmethod
    def _drafts_are_short(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=5) <= value <= timedelta(hours=24):
            message = "must lie between 5m and 24h"
            raise ValueError(message)
        return value

    @check("listen")
    @classmethod
    def _is_listen(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - ports end there
            message = "must be an address and a port such as 127.0.0.1:8080"
            raise ValueError(message)
        return value

    @property
    def telegram_tokens(self) -> tuple[str, ...]:
        """The tokens of all bots, the first one's first."""
        return (*_tokens(self.telegram_token), *_tokens(self.telegram_more_tokens))

    @property
    def database(self) -> str:
        """The database URL with its default filled in."""
        return self.database_url or f"sqlite:///{self.home / 'vigil.db'}"

    @property
    def key_path(self) -> Path:
        """Where the application key lies."""
        return self.key_file or self.home / "keys" / "application.key"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment over vigil.toml in the working folder; no .env files."""
        del dotenv_settings, file_secret_settings
        toml = TomlConfigSettingsSource(settings_cls, toml_file="vigil.toml")
        return init_settings, env_settings, toml


def load(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: One sentence that names the setting and what it should be.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "vigil.toml"
        name = name.removeprefix("VIGIL_").upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"VIGIL_{name} {reason}.") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"vigil.toml cannot be read: {type(error).__name__}.") from None
    if settings.webhook_url and settings.webhook_secret is None:
        raise SettingsError("VIGIL_WEBHOOK_URL is set, so VIGIL_WEBHOOK_SECRET must be set too.")
    if settings.webhook_url and settings.telegram_token is None:
        raise SettingsError("VIGIL_WEBHOOK_URL is set, so VIGIL_TELEGRAM_TOKEN must be set too.")
    if settings.shred_url and settings.shred_url == settings.database_url:
        raise SettingsError(
            "VIGIL_SHRED_URL must not be VIGIL_DATABASE_URL: what lies in one backup is never gone."
        )
    bots = [token.partition(":")[0] for token in settings.telegram_tokens]
    if settings.telegram_more_tokens is not None and settings.telegram_token is None:
        raise SettingsError(
            "VIGIL_TELEGRAM_MORE_TOKENS is set, so VIGIL_TELEGRAM_TOKEN must be set too."
        )
    if len(set(bots)) < len(bots):
        raise SettingsError("VIGIL_TELEGRAM_MORE_TOKENS names a bot twice.")
    if settings.alert_rate > FREE_RATE and not settings.alert_paid:
        raise SettingsError(
            "VIGIL_ALERT_RATE is above 30: Telegram takes that from paid broadcasts only, "
            "so VIGIL_ALERT_PAID must be 1."
        )
    return settings
