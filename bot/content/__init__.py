"""flows/, locales/ and knowledge/ made into one Library; problems have file and line."""
