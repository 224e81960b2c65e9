"""Overrides -> text -> verified -> atomically written; and undo."""

from mmfix.patches.plan import plan, plan_copy, plan_overlay, undo
from mmfix.patches.verify import Verifier
from mmfix.patches.write import write_atomically

__all__ = ["Verifier", "plan", "plan_copy", "plan_overlay", "undo", "write_atomically"]
