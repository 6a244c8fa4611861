"""How long awsexec takes, beside the interpreter's start and what else there is.

``make bench`` prints the table; nothing in here is a test.
"""
