"""The conversation engine: pure, synchronous, deterministic and total."""
