"""AWS's SDK for Python, botocore: no other folder imports it.

What awsexec uses of botocore that is not its public API stands in `internals`, each item
with what it is for. The tests of this seam run against the oldest and the newest release
that setup.cfg allows (``make seam``).
"""
