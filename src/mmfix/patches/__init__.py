"""Overrides -> text -> verified -> atomically written; and undo."""

from mmfix.patches.plan import (
    before_block,
    block_overrides,
    is_unconfirmed,
    plan,
    plan_copy,
    plan_overlay,
    undo,
)
from mmfix.patches.seal import is_untouched
from mmfix.patches.verify import NoLoaderError, Verifier, reread
from mmfix.patches.write import write_atomically

__all__ = [
    "NoLoaderError",
    "Verifier",
    "before_block",
    "block_overrides",
    "is_unconfirmed",
    "is_untouched",
    "plan",
    "plan_copy",
    "plan_overlay",
    "reread",
    "undo",
    "write_atomically",
]
