"""What the program does, one verb a module; owns the ports that adapters fill."""
