"""The coordinator's local application: ciphertext comes in, words are read here and nowhere else."""
