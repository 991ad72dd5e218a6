"""A fake Bot API server over real HTTP, strict about what Telegram is strict about.

It decides what Telegram would answer; it knows nothing of our own code, so that a mistake of ours
cannot excuse itself.
"""
