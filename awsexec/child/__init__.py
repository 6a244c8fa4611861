"""COMMAND or a shell: what starts it, and becomes it."""
