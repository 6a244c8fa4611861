"""COMMAND: the environment it gets, and becoming it."""
