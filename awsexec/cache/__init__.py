"""The file cache of credentials: writing entries, locks, and deleting old entries.

The format of an entry, and reading one, are in `awsexec.fastpath`, which every run needs.
"""
