"""Assets, one file per tier: a factory and a list."""
