"""Servers on loopback that stand in for AWS and for what is on the way to it."""
