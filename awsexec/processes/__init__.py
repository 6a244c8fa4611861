"""Other processes: which runs in which, and going on beside COMMAND."""
