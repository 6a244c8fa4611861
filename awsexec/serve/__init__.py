"""--serve: COMMAND gets an endpoint that renews its credentials, in place of keys."""
