"""A config file -> a resolved tree in which every value knows the place that set it.

Nothing here runs a config, and nothing here imports mmengine, torch, numpy or libcst.

Where to look: ``reader`` (start here), ``source`` (bytes to syntax tree), ``classic``, ``lazy`` and
``data`` (one file each kind), ``merge`` (inheritance), ``interpreter`` (Python without running it),
``document`` (the result), ``family`` (which files belong together), ``memory`` (configs without a file).
"""

from __future__ import annotations
