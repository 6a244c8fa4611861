"""Times as people write and read them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A time left, as the prompt of a subshell shows it: 1h02m, 42m, <1m, expired."""
    if seconds <= 0:
        return "expired"
    if seconds < 60:
        return "<1m"
    minutes = int(seconds) // 60
    return f"{minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{minutes}m"
