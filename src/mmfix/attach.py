"""``with mmfix.explaining(cfg): runner.train()``: an error leaves with its diagnosis attached."""

from __future__ import annotations

import sys
import traceback
from contextlib import contextmanager
from typing import Any, Iterator

from mmfix.printable import line
from mmfix.wording import say


@contextmanager
def explaining(config: Any = None) -> Iterator[None]:
    """Explain an exception that leaves the block, and let it go on as it is.

    The diagnosis becomes a note of the exception (PEP 678), which Python 3.11 and later print below the
    traceback; before that it goes to standard error. The exception itself is never hidden or replaced.

    Args:
        config: What is trained: a path, a ``Config`` or a dict; None: what the error says alone.
    """
    try:
        yield
    except Exception as error:
        _attach(error, config)
        raise


def _attach(error: BaseException, config: Any) -> None:
    try:
        from mmfix.api import explain

        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        diagnosis = explain(text, config)
        if not diagnosis.known:
            return
        note = say("mmfix explains: {diagnosis}", diagnosis=diagnosis).rstrip()
    except Exception as failure:
        note = line(
            say("mmfix could not explain this error: {kind}: {why}", kind=type(failure).__name__, why=failure)
        )
    if sys.version_info >= (3, 11):
        error.add_note(note)
        return
    error.__notes__ = [*getattr(error, "__notes__", ()), note]  # type: ignore[attr-defined]
    print(note, file=sys.stderr)
