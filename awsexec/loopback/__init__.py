"""The HTTP server on loopback, and the user's browser that visits it."""
