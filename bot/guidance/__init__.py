"""Which mechanism can act, who can protect, what a letter says: pure functions over the Library."""
