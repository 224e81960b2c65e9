"""What a list of indices looks like, where nothing gives them names."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence, Tuple

from mmfix.wording import mark, say

#: A frozen stem and stages are at least this many parameters.
_STEM = 8
#: What is registered late (a norm layer of each frozen stage) is a small part.
_LATE = 0.25


class Shape(NamedTuple):
    """A reading of a list of indices.

    Attributes:
        name: ``late-freeze``, ``end``, ``blocks``.
        blocks: Runs of consecutive indices, first and last of each.
        text: One clause for a message.
    """

    name: str
    blocks: Tuple[Tuple[int, int], ...]
    text: str


def shape_of(indices: Sequence[int], total: int = 0) -> Shape:
    """What ascending indices look like; ``total`` is how many parameters there are, 0 when that is not known.

    Seen in public logs: a run from 0 with a few late ones is a backbone that freezes its first stages after
    DDP has wrapped it (mmdetection#8208: ``0 ... 32 325 326``); a run at the very end is a head that had no
    positive samples.
    """
    blocks = blocks_of(indices)
    told = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in blocks[:6])
    told += ", ..." if len(blocks) > 6 else ""
    first, last = blocks[0]
    rest = sum(end - begin + 1 for begin, end in blocks[1:])
    run = last - first + 1
    if first == 0 and run >= _STEM and rest <= run * _LATE:
        if rest:
            template = mark(
                "a run from 0 on, and {count} late ones ({indices}), possibly a backbone that freezes its "
                "first stages (frozen_stages) only after DDP has wrapped it"
            )
        else:
            template = mark(
                "a run from 0 on ({indices}), possibly a backbone that freezes its first stages "
                "(frozen_stages) only after DDP has wrapped it"
            )
        return Shape("late-freeze", blocks, say(template, count=rest, indices=told))
    if total and blocks[-1][1] == total - 1 and len(blocks) == 1:
        return Shape(
            "end",
            blocks,
            say(
                "a run at the very end ({indices}), possibly a last head that had no positive samples "
                "in a batch",
                indices=told,
            ),
        )
    if len(blocks) == 1:
        return Shape(
            "blocks", blocks, say("one run ({indices}), possibly one part of the model", indices=told)
        )
    return Shape(
        "blocks",
        blocks,
        say(
            "{count} separate runs ({indices}), possibly parts that are made and not used",
            count=len(blocks),
            indices=told,
        ),
    )


def blocks_of(indices: Sequence[int]) -> Tuple[Tuple[int, int], ...]:
    """Runs of consecutive indices, first and last of each."""
    found: List[Tuple[int, int]] = []
    for index in indices:
        if found and found[-1][1] == index - 1:
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return tuple(found)
