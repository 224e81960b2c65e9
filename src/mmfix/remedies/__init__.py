"""Cures, solved for the whole setup at once: offered only if the predicted outcome is OK."""

from __future__ import annotations

from mmfix.remedies.solve import drop_key, enable_static_graph, move_find_unused, move_value, solve

__all__ = ["drop_key", "enable_static_graph", "move_find_unused", "move_value", "solve"]
