"""Which word is meant by one that is a slip of the keyboard away."""

from __future__ import annotations

from typing import Iterable, List, Optional

#: From this length on, two slips are still the same word.
_LONG = 8
#: Shorter words are too near to others.
_SHORTEST = 4


def nearest(word: str, known: Iterable[str], shortest: int = _SHORTEST) -> Optional[str]:
    """The one known word that differs by a slip or two; None: there is none, or there are several.

    A slip is a letter left out, doubled, exchanged, or swapped with its neighbour. A word of less letters
    than ``shortest`` is none.
    """
    most = 2 if len(word) >= _LONG else 1
    if len(word) < shortest:
        return None
    near = [(slips(word, other, most), other) for other in known if other != word]
    best = min((count for count, _ in near), default=most + 1)
    found = [other for count, other in near if count == best]
    return found[0] if best <= most and len(found) == 1 else None


def slips(word: str, other: str, most: int = 2) -> int:
    """How many slips lie between two words, up to ``most``; more are ``most + 1``.

    The restricted Damerau-Levenshtein distance.
    """
    if abs(len(word) - len(other)) > most or len(set(word) ^ set(other)) > 2 * most:
        return most + 1
    before: List[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], most + 1)
