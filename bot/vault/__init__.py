"""Keys, sealing and shredding."""

from bot.domain.errors import VaultError

__all__ = ["VaultError"]
