"""From a chain to credentials: the source, the MFA code, and the calls to AWS STS."""
