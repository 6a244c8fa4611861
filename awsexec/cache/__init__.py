"""The file cache of what AWS gave: writing it, sharing it, and clearing it away.

What an entry is and how it is read stands in `awsexec.fastpath`, which every run needs.
"""
