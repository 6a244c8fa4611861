"""What `make demo` shows and `make picture` draws: real runs against an AWS on loopback."""
