"""`vigil` and `python -m bot`: one line per failure for the operator, never a traceback."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> None:
    """Run the command line."""
    from bot.cli import app
    from bot.domain.errors import BotError

    try:
        app()
    except BotError as error:
        _refuse(error)
    except ExceptionGroup as group:
        # What runs side by side fails in groups: an address that is taken is still no bug.
        ours, bugs = group.split(BotError)
        if ours is None or bugs is not None:
            raise
        _refuse(_first(ours))
    except KeyboardInterrupt:
        sys.exit(130)


def _refuse(error: BaseException) -> NoReturn:
    print(f"vigil: {error}", file=sys.stderr)
    sys.exit(2)


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


if __name__ == "__main__":
    main()
