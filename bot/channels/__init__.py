"""The messaging surfaces. A further one is one folder here and no change elsewhere."""
