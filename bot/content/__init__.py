"""flows/, locales/ and knowledge/ made into one Library, with every problem named by file and line."""
