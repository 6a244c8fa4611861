"""The actions: one a file, each called with the parsed arguments."""
