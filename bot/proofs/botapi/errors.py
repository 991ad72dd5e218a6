"""What the server answers when it does not do as asked."""

from __future__ import annotations

from typing import Any


class RefusedCall(Exception):  # noqa: N818 -- it is an answer, not a failure of this program
    """A Bot API error: its code, its text and its parameters.

    Args:
        code: HTTP status and `error_code`.
        description: Telegram's own text.
        parameters: `retry_after` or `migrate_to_chat_id`.
        violation: The caller broke the Bot API's contract; the world keeps a list of these.
    """

    def __init__(
        self,
        code: int,
        description: str,
        *,
        parameters: dict[str, Any] | None = None,
        violation: bool = False,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters
        self.violation = violation

    def body(self) -> dict[str, Any]:
        """Return the JSON object that stands in the answer."""
        body: dict[str, Any] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(text: str) -> RefusedCall:
    """A 400 that a well-made call may meet."""
    return RefusedCall(400, f"Bad Request: {text}")


def violation(text: str) -> RefusedCall:
    """A 400 that no well-made call meets."""
    return RefusedCall(400, f"Bad Request: {text}", violation=True)


def forbidden(text: str) -> RefusedCall:
    """A 403: this chat does not take messages from the bot."""
    return RefusedCall(403, f"Forbidden: {text}")


def conflict(text: str) -> RefusedCall:
    """A 409: two ways of getting updates at once."""
    return RefusedCall(409, f"Conflict: {text}")


def too_many_requests(seconds: int) -> RefusedCall:
    """A 429 with the time to wait."""
    return RefusedCall(
        429,
        f"Too Many Requests: retry after {seconds}",
        parameters={"retry_after": seconds},
    )
