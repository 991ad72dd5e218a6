"""Where flows/, locales/ and knowledge/ are: beside the package, or inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

from bot.domain.errors import ContentError

PACKAGE = Path(__file__).resolve().parents[1]


def content_root(given: Path | None = None) -> Path:
    """Return the folder that holds flows/, locales/ and knowledge/.

    Raises:
        ContentError: There is none.
    """
    candidates = [given] if given else [PACKAGE.parent, PACKAGE / "_content"]
    for candidate in candidates:
        if all((candidate / part).is_dir() for part in ("flows", "locales", "knowledge")):
            return candidate
    looked = ", ".join(str(candidate) for candidate in candidates)
    raise ContentError(f"No folder with flows/, locales/ and knowledge/ found in {looked}.")
