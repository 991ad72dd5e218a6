"""Fake Bot API server, drills, simulator and benchmarks; imported by their commands alone."""
