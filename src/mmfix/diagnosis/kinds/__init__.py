"""Every error that mmfix can explain, one file each; a file's docstring says what it is and where from."""

from __future__ import annotations

from typing import Tuple

from mmfix.diagnosis.kinds import (
    checkpoint_input_without_grad,
    collective_timeout,
    custom_import_failed,
    duplicate_base_key,
    find_unused_for_nothing,
    incomplete_loop,
    inplace_buffer,
    leftover_argument,
    leftover_delete,
    loss_keys_differ,
    marked_ready_twice,
    missing_argument,
    no_type,
    one_value_per_channel,
    out_of_memory,
    process_group_argument,
    reducer_assert,
    static_graph_changed,
    static_graph_no_sync,
    sync_batchnorm_without_ddp,
    type_and_by_epoch,
    type_not_registered,
    unused_parameters,
    use_reentrant_not_passed,
    workers_options,
)
from mmfix.diagnosis.types import Kind

KINDS: Tuple[Kind, ...] = (
    unused_parameters.KIND,
    marked_ready_twice.KIND,
    reducer_assert.KIND,
    static_graph_no_sync.KIND,
    static_graph_changed.KIND,
    checkpoint_input_without_grad.KIND,
    use_reentrant_not_passed.KIND,
    loss_keys_differ.KIND,
    find_unused_for_nothing.KIND,
    sync_batchnorm_without_ddp.KIND,
    one_value_per_channel.KIND,
    inplace_buffer.KIND,
    collective_timeout.KIND,
    out_of_memory.KIND,
    type_not_registered.KIND,
    leftover_delete.KIND,
    leftover_argument.KIND,
    missing_argument.KIND,
    no_type.KIND,
    custom_import_failed.KIND,
    duplicate_base_key.KIND,
    incomplete_loop.KIND,
    type_and_by_epoch.KIND,
    workers_options.KIND,
    process_group_argument.KIND,
)
