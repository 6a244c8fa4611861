"""Times as people and programs write and read them."""

from __future__ import annotations

import time

YEAR_10000 = 253_402_300_800
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# more days than any session lives for
_MOST_DAYS = 7


def seconds(text: str) -> int:
    """Return the seconds that a text like 900, 15m, 8h or 1h30m means.

    Raises `ValueError`, whose text can follow the place in a message.
    """
    # int() refuses thousands of digits
    found = _seconds(text) if len(text) <= 20 else _MOST_DAYS * 86400 + 1
    if found > _MOST_DAYS * 86400:
        raise ValueError(f"the time is too long; use at most {_MOST_DAYS}d")
    return found


def _seconds(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    total, digits = 0, ""
    for character in text:
        if character.isascii() and character.isdigit():
            digits += character
        elif digits and character in _UNITS:
            total += int(digits) * _UNITS[character]
            digits = ""
        else:
            raise ValueError("write a time as seconds, or like 15m, 8h, 1h30m")
    if digits or not text:
        raise ValueError("write a time as seconds, or like 15m, 8h, 1h30m")
    return total


def in_units(seconds: float) -> str:
    """Return a length of time as `seconds` reads it back: 45s, 15m, 1h30m."""
    total = round(seconds)
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def about(seconds: float) -> str:
    """Return a length of time that was measured, to the minute if it is a long one."""
    return in_units(round(seconds / 60) * 60 if seconds > 600 else seconds)


def duration(seconds: float) -> str:
    """Return a time left as the prompt of a subshell shows it: 1h02m, 42m, <1m, expired."""
    if seconds <= 0:
        return "expired"
    if seconds < 60:
        return "<1m"
    minutes = int(seconds) // 60
    return f"{minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{minutes}m"


def left(seconds: float) -> str:
    """Return a time left as messages show it: 1h02m left, 42m left, <1m left, expired."""
    return f"{duration(seconds)} left" if seconds > 0 else duration(seconds)


def iso8601(seconds: int) -> str:
    """Return seconds since the epoch as ISO 8601 in UTC.

    Raises `ValueError` for a year that does not have four digits.
    """
    if not 0 <= seconds < YEAR_10000:
        raise ValueError("the time is out of range")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def from_iso8601(text: str) -> int | None:
    """Return seconds since the epoch for ISO 8601 with a time zone, None for other text."""
    from datetime import datetime

    try:
        # Python 3.10 does not know the Z
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    # without a zone it would be read in this machine's
    return int(found.timestamp()) if found.tzinfo is not None else None


def as_tools_write(text: str, *, is_local: bool = False) -> int | None:
    """Return seconds since the epoch for a time as other tools write it, None for others.

    That is ISO 8601 in more spellings than `from_iso8601` reads, or the seconds or
    milliseconds themselves. A time without a zone is UTC, or of this machine's zone if it
    `is_local`.
    """
    if text.isascii() and text.isdigit():
        return int(text[:10]) if len(text) in (10, 13) else None
    from datetime import datetime, timezone

    day, _, rest = text.removesuffix(" UTC").replace("T", " ").partition(" ")
    clock, zone = rest, ""
    for mark in "Z+-":
        if mark in rest:
            clock, _, offset = rest.partition(mark)
            digits = offset.replace(":", "")
            zone = f"{mark}{digits[:2]}:{digits[2:]}" if mark != "Z" else "+00:00"
    try:
        # Python 3.10 reads fractions of three or six digits alone
        clock = clock.partition(".")[0].strip()
        found = datetime.fromisoformat(f"{day} {clock}{zone}")
        if found.tzinfo is None and not is_local:
            found = found.replace(tzinfo=timezone.utc)
        return int(found.timestamp())
    except (ValueError, OverflowError, OSError):
        return None
