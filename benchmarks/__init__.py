"""The speed claims of this package, runnable with one command."""
