"""What shows in the log and in memory that a patch has worked."""

from __future__ import annotations

from typing import Iterable, Iterator

_GOES_ON = "the log goes on past the second iteration"
#: By the name of the cure; what is not in it changes neither speed nor memory.
_SIGNS = {
    "checkpoint-off": f"{_GOES_ON}; `memory` in it is higher than before (10-15 % seen), `time` lower",
    "non-reentrant": f"{_GOES_ON}; `memory` and `time` in it are what they were",
    "find-unused": f"{_GOES_ON}; `time` in it is 1-2 % higher. If torch warns that it did not find any "
    "unused parameters, the key is not needed",
    "find-unused-off": f"{_GOES_ON}; `time` in it is 1-2 % lower",
    "static-graph": f"{_GOES_ON}; `memory` and `time` in it are what they were, and so is the loss",
    "fewer-stages": f"{_GOES_ON}; loading old weights names the dropped stage among the unexpected keys",
}


def what_to_look_for(cures: Iterable[str]) -> Iterator[str]:
    """One line for each cure that was applied, by name."""
    for name in dict.fromkeys(cures):
        yield f"({name}) {_SIGNS.get(name, _GOES_ON)}"
