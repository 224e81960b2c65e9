"""Overrides -> text -> verified -> atomically written; and undo."""

from mmfix.patches.earlier import TakenOut, before_block, block_overrides, is_unconfirmed, take_out, undo
from mmfix.patches.inplace import Elsewhere
from mmfix.patches.plan import Planned, plan, plan_copy, plan_overlay, planned, set_in_one_file
from mmfix.patches.records import Record
from mmfix.patches.seal import is_untouched
from mmfix.patches.verify import NoLoaderError, Verifier, changes_with, reread
from mmfix.patches.write import write_atomically

__all__ = [
    "Elsewhere",
    "NoLoaderError",
    "Planned",
    "Record",
    "TakenOut",
    "Verifier",
    "before_block",
    "block_overrides",
    "changes_with",
    "is_unconfirmed",
    "is_untouched",
    "plan",
    "plan_copy",
    "plan_overlay",
    "planned",
    "reread",
    "set_in_one_file",
    "take_out",
    "undo",
    "write_atomically",
]
