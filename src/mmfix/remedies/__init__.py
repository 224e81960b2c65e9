"""Cures, solved for the whole setup at once: offered only if the predicted outcome is OK."""

from __future__ import annotations

from mmfix.remedies.memory import save_memory
from mmfix.remedies.right_name import (
    keep_both,
    right_arguments,
    right_name,
    set_users,
    this_era,
    without_base,
)
from mmfix.remedies.right_type import import_of, right_module, right_type, type_by_hand
from mmfix.remedies.solve import (
    drop_key,
    enable_static_graph,
    filter_empty,
    give_argument,
    in_training_script,
    move_find_unused,
    move_value,
    read_key,
    solve,
    solve_sure,
    write_find_unused,
)

__all__ = [
    "drop_key",
    "enable_static_graph",
    "filter_empty",
    "give_argument",
    "import_of",
    "in_training_script",
    "keep_both",
    "move_find_unused",
    "move_value",
    "read_key",
    "right_arguments",
    "right_module",
    "right_name",
    "right_type",
    "save_memory",
    "set_users",
    "solve",
    "solve_sure",
    "this_era",
    "type_by_hand",
    "without_base",
    "write_find_unused",
]
