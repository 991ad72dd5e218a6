"""`vigil` and `python -m bot`: one line per failure for the operator, never a traceback."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    from bot.cli import app
    from bot.domain.errors import BotError

    try:
        app()
    except BotError as error:
        print(f"vigil: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
