"""From the user's AWS config files to the chain a profile stands for.

`files` reads the two files, `profile` merges what they say of one name, and
`chain` works out which credentials and roles that comes to. Nothing in here
prompts or opens a connection.
"""
