"""The command line: the table of options, and all that is made of it."""
