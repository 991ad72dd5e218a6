"""The check-in simulator: random lives, outages, crashes and clock changes."""
