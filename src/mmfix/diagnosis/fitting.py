"""How well what was suspected of a config fits the parameters that a log lists.

A run has shown a suspicion only if names or indices of its parameters are in the log, or at least as many as
it is about. The parameters of a module stand together in DDP's order (``named_parameters()``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, NamedTuple, Sequence, Tuple

from mmfix.config.keypath import format_key
from mmfix.diagnosis.shape import blocks_of, shape_of
from mmfix.diagnosis.types import Listed
from mmfix.results.diagnosis import Parameter
from mmfix.training.types import ModelFact
from mmfix.wording import mark, say

#: The log shows it; it may be it, or a part of it; the log cannot tell; it is something else.
SHOWN, MAYBE, OPEN, OTHER = range(4)
_KINDS = ("unused", "late-freeze")
_MOST = 3


class Fit(NamedTuple):
    """How well a suspicion fits.

    Attributes:
        rank: One of the four constants above.
        line: Why, for people.
    """

    rank: int
    line: str


@dataclass(frozen=True)
class Lists:
    """The parameters that a log lists.

    Attributes:
        indices: Of each rank that lists all of them.
        names: As far as the message or the model's order gives them.
        complete: They are all of a list.
        some: There is a list at all.
    """

    indices: Tuple[Tuple[int, ...], ...] = ()
    names: Tuple[str, ...] = ()
    complete: bool = False
    some: bool = False


NO_LISTS = Lists()


def lists_of(listed: Sequence[Listed], parameters: Sequence[Parameter]) -> Lists:
    """What the ranks have listed, with the names that are known of it."""
    whole = [item.indices for item in listed if item.indices and not item.cut]
    names = tuple(item.name for item in parameters if item.name is not None)
    # torch prints all names, but only 100 indices
    complete = bool(names) and len(names) == len(parameters)
    cut = any(item.cut and not item.names for item in listed)
    return Lists(tuple(dict.fromkeys(whole)), names, complete and not cut, bool(listed))


def fits(facts: Iterable[ModelFact], lists: Lists) -> Dict[ModelFact, Fit]:
    """How well each suspicion about unused or frozen parameters fits what a log lists."""
    about = [fact for fact in facts if fact.kind in _KINDS]
    shown = _by_number(about, lists)
    return {fact: _fit(fact, lists, shown) for fact in about}


_NOT_ALL = mark("{part}: the log does not list all parameters, so it does not show that it was this")
_NONE = mark("{part}: the log lists no parameters, so it does not show that it was this")
_UNSURE = mark(
    "{part}: how many parameters that is, is not certain; the log lists {count}, and does not show that it "
    "was this"
)
_LOOKS_LIKE_IT = mark(
    "{part}: how many parameters that is, is not certain; the log lists {count}, and does not show that it "
    "was this, though its list looks like it (a run from 0 on)"
)
_AS_MANY = mark("{part}: {parameters}, as many as the log lists")
_TOGETHER = mark("{part}: {parameters}, together as many as the log lists")


def _fit(fact: ModelFact, lists: Lists, shown: Sequence[ModelFact]) -> Fit:
    who = _who(fact)
    if lists.names and fact.modules:
        found = [name for name in lists.names if is_within(name, fact.modules)]
        if torn_freeze(fact, lists):
            some = say(
                "{part}: the log's list has {count} of these {parameters}, and a freeze leaves out all of "
                "them",
                part=who,
                count=len(found),
                parameters=_count(len(fact.modules)),
            )
            return Fit(OTHER, some)
        if found:
            return Fit(
                SHOWN,
                say("{part}: the log's list has {parameters} of it", part=who, parameters=_count(len(found))),
            )
        if lists.complete:
            return Fit(OTHER, say("{part}: none of its parameters is in the log's list", part=who))
    if not lists.indices:
        template = _NOT_ALL if lists.some else _NONE
        return Fit(OPEN, say(template, part=who))
    listed = say(" or ").join(str(number) for number in sorted({len(indices) for indices in lists.indices}))
    if not fact.count:
        late = fact.kind == shape_of(lists.indices[0]).name
        rank, template = (MAYBE, _LOOKS_LIKE_IT) if late else (OPEN, _UNSURE)
        return Fit(rank, say(template, part=who, count=listed))
    count = _count(fact.count)
    if fact in shown:
        alone = any(fact.count == len(indices) for indices in lists.indices)
        template = _AS_MANY if alone else _TOGETHER
        return Fit(SHOWN, say(template, part=who, parameters=count))
    if all(fact.count > len(indices) for indices in lists.indices):
        return Fit(
            OTHER,
            say(
                "{part}: {parameters}, and the log lists {count}: this run has not shown it",
                part=who,
                parameters=count,
                count=listed,
            ),
        )
    if not any(_stand(fact, indices) for indices in lists.indices):
        return Fit(
            OTHER,
            say(
                "{part}: {parameters} that stand together, and the log's indices do not",
                part=who,
                parameters=count,
            ),
        )
    if any(fact.count == len(indices) for indices in lists.indices):
        return Fit(
            MAYBE,
            say(
                "{part}: {parameters}, as many as the log lists, but so is something else",
                part=who,
                parameters=count,
            ),
        )
    return Fit(
        MAYBE,
        say(
            "{part}: {parameters}, and the log lists {count}: something else is unused, too",
            part=who,
            parameters=count,
            count=listed,
        ),
    )


def torn_freeze(fact: ModelFact, lists: Lists) -> int:
    """How many parameters of a late freeze a whole list has, where it lacks others of it; else 0.

    What is frozen after the wrap gets a gradient in no step, so a list has all of it.
    """
    if fact.kind != "late-freeze" or not lists.complete:
        return 0
    found = len(set(fact.modules).intersection(lists.names))
    return found if found < len(fact.modules) else 0


def _by_number(facts: Sequence[ModelFact], lists: Lists) -> Tuple[ModelFact, ...]:
    """The one suspicion about as many parameters as a rank lists, or all those that hold in every step."""
    found: List[ModelFact] = []
    for indices in lists.indices:
        same = [fact for fact in facts if fact.count == len(indices) and _stand(fact, indices)]
        always = [fact for fact in facts if not fact.varies]
        parts = sum(len(fact.modules) for fact in always)
        if len(same) == 1:
            found += same
        elif (
            len(always) > 1
            and all(fact.count and fact.modules for fact in always)
            and sum(fact.count for fact in always) == len(indices)
            and len(blocks_of(indices)) <= parts
        ):
            found += always
    return tuple(found)


def _stand(fact: ModelFact, indices: Sequence[int]) -> bool:
    """Whether indices may be those of the parts: each part's stand together."""
    if fact.count == len(indices):
        return len(blocks_of(indices)) <= max(1, len(fact.modules))
    longest = max(last - first + 1 for first, last in blocks_of(indices))
    return len(fact.modules) != 1 or fact.count <= longest


def is_within(name: str, modules: Iterable[str]) -> bool:
    """Whether a parameter is one of those, or in one of those modules."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _who(fact: ModelFact) -> str:
    if fact.kind == "late-freeze":
        return say("what {key} freezes", key=format_key(fact.key))
    names = ", ".join(fact.modules[:_MOST]) or format_key(fact.key)
    return (
        say("{names} and {count} more", names=names, count=len(fact.modules) - _MOST)
        if len(fact.modules) > _MOST
        else names
    )


def _count(number: int) -> str:
    return say("1 parameter") if number == 1 else say("{count} parameters", count=number)
