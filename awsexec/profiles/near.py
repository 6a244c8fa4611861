"""How near a word is to another one: to tell a slip from a word that was meant."""

from __future__ import annotations


def distance(word: str, other: str, limit: int) -> int:
    """Return how many slips lead from `word` to `other`; `limit` + 1 for more than that.

    A slip is one character too many, too few or wrong, or two that changed places.
    """
    if abs(len(word) - len(other)) > limit:
        return limit + 1
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
