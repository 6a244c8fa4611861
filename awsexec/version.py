"""The version of awsexec."""

__version__ = "0.2.0"
