"""The user's AWS files: from the config file and the credentials file to a profile.

`files` reads one file, `profile` merges what both say of a name, and `config` keeps both
with what tells whether they changed. Nothing here prompts or opens a connection.
"""
