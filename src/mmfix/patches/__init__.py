"""Overrides -> text -> verified -> atomically written; and undo."""

from mmfix.patches.plan import before_block, plan, plan_copy, plan_overlay, undo
from mmfix.patches.seal import is_untouched
from mmfix.patches.verify import Verifier
from mmfix.patches.write import write_atomically

__all__ = [
    "Verifier",
    "before_block",
    "is_untouched",
    "plan",
    "plan_copy",
    "plan_overlay",
    "undo",
    "write_atomically",
]
