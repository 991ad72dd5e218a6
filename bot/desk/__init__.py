"""The coordinator's local application: words of a case are read here and nowhere else."""
