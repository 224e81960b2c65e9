"""Overrides -> text -> verified -> atomically written; and undo."""

from mmfix.patch.plan import plan, plan_copy, plan_overlay, undo
from mmfix.patch.verify import Verifier
from mmfix.patch.write import write_atomically

__all__ = ["Verifier", "plan", "plan_copy", "plan_overlay", "undo", "write_atomically"]
