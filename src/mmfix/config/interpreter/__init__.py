"""A small Python interpreter for config files: it computes values and blames, and runs nothing.

``core`` holds ``evaluate`` and its table of handlers; ``access``, ``calls``, ``comprehensions``,
``containers``, ``functions`` and ``operators`` enter theirs; ``statements`` runs a file's statements.
"""

from __future__ import annotations

from mmfix.config.interpreter import access, calls, comprehensions, containers, functions, operators

__all__ = ["access", "calls", "comprehensions", "containers", "functions", "operators"]
