"""How near a word is to another one: to tell a slip from a word that was meant."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# how a name counts of which the word is a part: behind all slips
_PART = 99


def distance(word: str, other: str, limit: int) -> int:
    """Return how many slips lead from `word` to `other`; `limit` + 1 for more than that.

    A slip is one character too many, too few or wrong, or two that changed places.
    """
    if abs(len(word) - len(other)) > limit:
        return limit + 1
    # what both begin and end with costs no slip, and names often share much
    start, end = 0, 0
    shorter = min(len(word), len(other))
    while start < shorter and word[start] == other[start]:
        start += 1
    while end < shorter - start and word[-1 - end] == other[-1 - end]:
        end += 1
    word, other = word[start : len(word) - end], other[start : len(other) - end]
    before: list[int] = []
    row = list(range(len(other) + 1))
    for number, character in enumerate(word, start=1):
        before_that, before, row = before, row, [number]
        for position, wanted in enumerate(other):
            slips = min(
                before[position] + (character != wanted),
                before[position + 1] + 1,
                row[position] + 1,
            )
            if (
                number > 1
                and position > 0
                and character == other[position - 1]
                and word[number - 2] == wanted
            ):
                slips = min(slips, before_that[position - 1] + 1)
            row.append(slips)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def nearest(word: str, names: Iterable[str], most: int = 3) -> list[str]:
    """Return the `names` that may be meant by `word`, the likeliest first, `most` at most.

    They are those that differ in capitals, those a few slips away, and those of which it
    is a part. Capitals do not count as slips.
    """
    word = word.casefold()
    limit = min(len(word) // 3, 4)
    letters = set(word)
    found: list[tuple[int, int, str]] = []
    for name in names:
        other = name.casefold()
        if len(found) > most:
            # no more slips than the last of the best
            found = sorted(found)[:most]
            limit = min(limit, found[-1][0])
        slips = _PART
        # counting slips is slow, and there may be thousands of names
        if len(letters.difference(other)) <= limit:
            slips = distance(word, other, limit)
        if slips <= limit:
            found.append((slips, len(other), name))
        elif len(word) > 1 and word in other:
            found.append((_PART, len(other), name))
    return [name for _, _, name in sorted(found)[:most]]
