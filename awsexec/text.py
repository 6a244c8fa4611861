"""Text from outside, as a person may see it: escaped, without secrets, short."""

# what a person sees in place of a secret
HIDDEN = "******"
# characters of what another machine said, in a message
REMOTE_LONGEST = 300

_MARKUP = (
    "<!doctype",
    "<html",
    "<head",
    "<body",
    "<title",
    "<h1",
    "<p>",
    "<div",
    "<br",
)


def printable(text: str) -> str:
    """Return `text` with an escape like ``\\x1b`` for what is not a visible character.

    That is what `str.isprintable` refuses: the control characters C0, DEL and C1, line
    and paragraph separators, lone surrogates, and format characters. A terminal acts on
    some of them, and others change the order of their neighbours (UAX #9). What writes for
    people calls this: `message`, `output.show_lines`, `output.table`, `terminal`.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def message(text: object) -> str:
    """Return the line on stderr that says `text`, escaped, with URLs' passwords hidden."""
    words = " ".join(without_userinfo(str(text)).splitlines())
    return f"awsexec: {printable(words)}\n"


def remote(text: object) -> str:
    """Return what another machine said, for a message: on one line, short, and no HTML."""
    words = " ".join(line.strip() for line in str(text).strip().splitlines())
    lower = words.lower()
    if any(tag in lower for tag in _MARKUP):
        return "a web page"
    if len(words) > REMOTE_LONGEST:
        words = words[: REMOTE_LONGEST - 1] + "…"
    return words


def without_userinfo(text: str) -> str:
    """Return `text` with the user and password of each URL in it as ``******``.

    RFC 3986, 3.2.1. A password that had to be percent-encoded and was not, since it has a
    blank or one of ``/?#@``, is hidden too.
    """
    if "@" not in text or "://" not in text:
        return text
    first, *pieces = text.split("://")
    return "://".join([first, *map(_without_user, pieces)])


def _without_user(rest: str) -> str:
    """Return `rest`, which follows a URL's ``://``, without the user and the password."""
    word = rest.split(maxsplit=1)[0] if rest[:1].strip() else ""
    authority = word
    for end in "/?#":
        authority = authority.partition(end)[0]
    port = authority.rpartition(":")[2].strip("'\"),;.]")
    if "@" not in authority and (":" not in authority or not port or port.isdigit()):
        return rest
    # the URL goes on to the end of the word, or its password has a blank
    at = (word if "@" in word else rest).rfind("@")
    return HIDDEN + rest[at:] if at >= 0 else rest
