"""What others answer, and what they leave in files: whether it can be used."""

from __future__ import annotations

# What reading it fails of where it is something else than was expected: lists for
# objects, numbers beyond all bounds, arrays that are nested too deeply.
MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def unsendable(value: object) -> str | None:
    """Why `value`, a part of credentials, cannot go into a request; None if it can.

    A header holds printable ASCII on one line. The answer is a phrase to follow the
    value's name, and has nothing of the value, which may be a secret.
    """
    if not isinstance(value, str):
        return "is no text"
    if not value:
        return "is empty"
    if "\n" in value or "\r" in value:
        return "has a line break in it"
    if not (value.isascii() and value.isprintable()):
        return "has something else in it than printable ASCII"
    return None
