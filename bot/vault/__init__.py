"""Keys, sealing and shredding."""
