"""Run a command with the temporary credentials of an AWS role."""

__version__ = "0.1.0"
