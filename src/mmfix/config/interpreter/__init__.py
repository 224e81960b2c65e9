"""A small Python interpreter for config files: it computes values and blames, and runs nothing.

``core`` holds ``evaluate`` and its table of handlers; ``access``, ``calls``, ``comprehensions``,
``containers``, ``exceptions``, ``functions``, ``matching`` and ``operators`` enter theirs; ``statements``
runs a file's statements. ``loss`` and ``poison`` say what is unknown once code was not followed.
"""

from __future__ import annotations

from mmfix.config.interpreter import (
    access,
    calls,
    comprehensions,
    containers,
    contexts,
    exceptions,
    functions,
    matching,
    operators,
)

__all__ = [
    "access",
    "calls",
    "comprehensions",
    "containers",
    "contexts",
    "exceptions",
    "functions",
    "matching",
    "operators",
]
