"""A user's own keys in the system's keyring: the keyring, its index, and their rotation."""
