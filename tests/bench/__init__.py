"""How long awsexec takes, beside Python's start and other programs.

``make bench`` prints the table. Nothing in here is a test.
"""
