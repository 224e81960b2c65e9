"""What shows in the log and in memory that a patch has worked."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.names import type_name
from mmfix.training.era import MMCV1, era
from mmfix.wording import say

#: Both frameworks log every tenth iteration unless the config says otherwise.
_EVERY = 10
_SAME = say("`memory` and `time` are what they were")
#: By the name of the cure: what a line of progress shows of it. The others may do anything to both.
_SIGNS = {
    "checkpoint-off": say("`memory` is higher than before (10-15 % seen), `time` lower"),
    "checkpoint-on": say("`memory` is lower than before, `time` higher"),
    "non-reentrant": _SAME,
    "static-graph": say("`memory` and `time` are what they were, and so is the loss"),
    "find-unused": say(
        "`memory` is what it was, `time` 1-2 % higher; if torch warns that it did not find any unused "
        "parameters, the key is not needed"
    ),
    "find-unused-off": say("`memory` is what it was, `time` 1-2 % lower"),
    "smaller-batch": say("`memory` is lower than before (nearly half of the activations)"),
    "mixed-precision": say("`memory` and `time` are lower than before"),
    "fewer-stages": say(
        "`memory` and `time` are what they were; loading old weights names the dropped stage among the "
        "unexpected keys"
    ),
}


def what_to_look_for(document: ConfigDocument, cures: Iterable[str]) -> str:
    """One line on how the next run shows that it got past the first iterations, and where memory shows.

    Args:
        document: The config, for the form and the interval of its lines of progress.
        cures: The names of the cures that it got; without any the line is empty.
    """
    names = tuple(dict.fromkeys(cures))
    if not names:
        return ""
    return f"({', '.join(names)}) {first_iterations(document, list(_signs(names)))}"


def first_iterations(document: ConfigDocument, signs: Sequence[str] = ()) -> str:
    """How a log shows that a run got past its first iterations, and where memory shows.

    Args:
        document: The config.
        signs: What the line of progress shows of the cures that it got.
    """
    line, every = _progress(document)
    told = "; ".join(signs or [say("`memory` is the place to look")])
    if not every:
        return say(
            "the log's first `{line}`, written every few iterations: the first iterations have passed. In it "
            "(on a GPU, the peak in MB) {signs}",
            line=line,
            signs=told,
        )
    return say(
        "the log's first `{line}`, written every {count} iterations: the first iterations have passed. In it "
        "(on a GPU, the peak in MB) {signs}",
        line=line,
        count=every,
        signs=told,
    )


def _signs(names: Tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name in _SIGNS:
            yield (
                say("with {cure} {signs}", cure=name, signs=_SIGNS[name]) if len(names) > 1 else _SIGNS[name]
            )


def _progress(document: ConfigDocument) -> Tuple[str, int]:
    """A line of progress up to its first number, and after how many iterations one comes; 0: not known.

    ``mmengine/runner/log_processor.py: get_log_after_iter`` and ``mmengine/hooks/logger_hook.py``;
    ``mmcv 1.7.2 mmcv/runner/hooks/logger/text.py: _log_info``.
    """
    if era(document) == MMCV1:
        hooks = document.get(("log_config", "hooks"), ())
        hooks = hooks if isinstance(hooks, (list, tuple)) else ()
        texts = [hook for hook in hooks if type_name(_get(hook, "type")) == "TextLoggerHook"]
        by_epoch = all(_get(hook, "by_epoch") is not False for hook in texts)
        return _shown("", by_epoch, document.get(("log_config", "interval"), _EVERY))
    by_epoch = document.get(("log_processor", "by_epoch"), True) is not False
    return _shown("(train)", by_epoch, document.get(("default_hooks", "logger", "interval"), _EVERY))


def _shown(mode: str, by_epoch: bool, interval: Any) -> Tuple[str, int]:
    every = interval if type(interval) is int and interval > 0 else 0
    number = every or "..."
    return (f"Epoch{mode} [1][{number}/...]" if by_epoch else f"Iter{mode} [{number}/...]"), every


def _get(hook: Any, key: str) -> Any:
    return hook.get(key) if isinstance(hook, dict) else None
