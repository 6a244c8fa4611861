"""From the arguments to what a run will do; nothing of it is done here."""
