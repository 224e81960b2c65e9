"""Importing this module makes non-reentrant gradient checkpointing torch's default.

For a config::

    custom_imports = dict(imports=["mmfix.nonreentrant_checkpoint"], allow_failed_imports=False)

From Python call :func:`mmfix.nonreentrant.use_nonreentrant_checkpoint` instead.
"""

from __future__ import annotations

from mmfix.nonreentrant import use_nonreentrant_checkpoint

use_nonreentrant_checkpoint()
